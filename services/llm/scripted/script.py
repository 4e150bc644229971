"""A script: which calls are answered otherwise than well, and how. Plain data, from a file or code.

lines:
  - {agent: section_writer, item: s2, fault: http_503_retry_after, times: 2}
  - {agent: reviewer, visit: 1, reply: {verdict: revise, comments: []}}
"""

from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, JsonValue, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from contracts.base import Part
from services.errors import InputInvalidError, Problem, StorageError
from services.llm.base import Work


class Fault(StrEnum):
    """Every way in which a model endpoint is known to fail."""

    HTTP_500 = "http_500"
    HTTP_503_RETRY_AFTER = "http_503_retry_after"
    HTTP_429_RETRY_AFTER = "http_429_retry_after"
    HTTP_429_QUOTA = "http_429_quota"
    HTTP_401 = "http_401"
    HTTP_404_MODEL = "http_404_model"
    HTTP_400_CONTEXT = "http_400_context"
    RESET = "reset"
    """The connection is dropped before any byte."""

    CUT_STREAM = "cut_stream"
    """The connection is dropped half-way through the text. As with `stall`, a background response
    is completed all the same."""

    STALL = "stall"
    """Half the text is sent, then nothing more. A background response is completed all the same."""

    SLOW = "slow"
    """A good answer, late."""

    HANG = "hang"
    """Nothing is sent until the client leaves; a background response is never completed."""

    EMPTY = "empty"
    BLANK = "blank"
    TRUNCATED = "truncated"
    """Half the JSON, and the endpoint says that the length limit was reached."""

    HALF_JSON = "half_json"
    """Half the JSON, and the endpoint says that it is all."""

    NOT_JSON = "not_json"
    HTML = "html"
    """A web page with status 200 instead of the protocol."""

    WRONG_SCHEMA = "wrong_schema"
    EXTRA_FIELD = "extra_field"
    UNKNOWN_ID = "unknown_id"
    """An identifier that the schema's enum does not list."""

    REFUSAL = "refusal"
    CONTENT_FILTER = "content_filter"
    OVERSIZE = "oversize"
    """3 MB of text."""

    NO_USAGE = "no_usage"
    """A good answer without token counts."""

    WRONG_MODEL_NAME = "wrong_model_name"
    """A good answer that another model is said to have given."""


class Line(Part):
    """What is done about the calls that match: all parts of the work that it names."""

    agent: str = "*"
    """An agent's name, `embedding` for the embeddings endpoint, or `*` for any. `background` stands
    for asking again for a background response, which `*` leaves alone."""

    rung: str | None = None
    visit: int | None = None
    item: str | None = None
    exchange: int | None = None
    times: int | None = Field(default=1, ge=1)
    """How many calls it serves; None for all."""

    reply: JsonValue = None
    """The answer: a string is sent as it is, anything else as JSON."""

    fault: Fault | None = None
    after_ms: int | None = Field(default=None, ge=0)
    """Milliseconds: how long the client is told to wait by the faults that say so, else how long
    the first byte is held back."""

    @model_validator(mode="after")
    def _either_reply_or_fault(self) -> Self:
        if ("reply" in self.model_fields_set) == (self.fault is not None):
            raise ValueError("a line has either a reply or a fault")
        return self

    def matches(self, work: Work) -> bool:
        """Tell whether it is about this piece of work."""
        wanted = (self.rung, self.visit, self.item, self.exchange)
        given = (work.rung, work.visit, work.item, work.exchange)
        named = self.agent in {"*", work.agent}
        return named and all(want in {None, have} for want, have in zip(wanted, given, strict=True))


class Script(Part):
    """Lines in order of precedence."""

    lines: tuple[Line, ...] = ()


class Playback:
    """A script in use: counts how often each line has served."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._served: Counter[int] = Counter()

    def next_line(self, work: Work) -> Line | None:
        """Take the first line that matches and is not used up, None when there is none."""
        return self._take(lambda line: line.matches(work))

    def next_line_for(self, agent: str) -> Line | None:
        """Take the first line that names this agent and is not used up, None if there is none."""
        return self._take(lambda line: line.agent == agent)

    def _take(self, wanted: Callable[[Line], bool]) -> Line | None:
        for number, line in enumerate(self.script.lines):
            if wanted(line) and (line.times is None or self._served[number] < line.times):
                self._served[number] += 1
                return line
        return None


def read_script(data: object) -> Script:
    """Read a script from parsed YAML or JSON.

    Raises:
        InputInvalidError: it is no script; each place is named.
    """
    try:
        return Script.model_validate(data, strict=False, extra="forbid")
    except ValidationError as error:
        problems = tuple(
            Problem("/" + "/".join(str(part) for part in found["loc"]), found["msg"])
            for found in error.errors(include_url=False, include_input=False)
        )
        places = "; ".join(f"{problem.pointer}: {problem.message}" for problem in problems)
        raise InputInvalidError(f"this is no script: {places}", problems) from error


def load_script(path: Path) -> Script:
    """Read a script from a YAML or JSON file.

    Raises:
        StorageError: the file cannot be read.
        InputInvalidError: it holds no script.
    """
    try:
        data = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StorageError(f"script {path} cannot be read: {error.strerror}") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise InputInvalidError(f"script {path} is neither YAML nor JSON") from error
    return read_script(data)
