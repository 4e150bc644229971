"""Who decides what a scripted model says: the script where a line matches, else good answers.

Used alike by the server and by the model in process, so that both fail in the same ways.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from services.llm.base import Message, Work
from services.llm.blocks import parse_blocks
from services.llm.estimate import prompt_tokens_of, tokens_of
from services.llm.scripted.calls import CallLog
from services.llm.scripted.from_schema import answer_from_schema
from services.llm.scripted.script import Fault, Line, Playback, Script
from services.llm.scripted.spoiling import REFUSAL, spoiled, written

Answer = Callable[[Work, Mapping[str, JsonValue], Mapping[str, JsonValue]], JsonValue]
"""Builds a good answer from the work, the blocks that the prompt showed, and the schema."""

SampleAnswer = Callable[[str, Mapping[str, JsonValue], Mapping[str, JsonValue]], JsonValue]
"""What an agent gives: the same for one agent, from the name of the rung."""

STATUSES: Final[Mapping[Fault, int]] = {
    Fault.HTTP_500: 500,
    Fault.HTTP_503_RETRY_AFTER: 503,
    Fault.HTTP_429_RETRY_AFTER: 429,
    Fault.HTTP_429_QUOTA: 429,
    Fault.HTTP_401: 401,
    Fault.HTTP_404_MODEL: 404,
    Fault.HTTP_400_CONTEXT: 400,
    Fault.RESET: 0,
    Fault.HANG: 0,
}
"""The HTTP status of each fault that is not 200; 0 where nothing is answered."""

_SPEECHLESS: Final = {*STATUSES, Fault.HTML}
_WAITS: Final = frozenset({Fault.HTTP_503_RETRY_AFTER, Fault.HTTP_429_RETRY_AFTER})
_DEFAULT_MS: Final = {Fault.SLOW: 500} | dict.fromkeys(_WAITS, 1_000)

FETCHING: Final = "background"
"""The name under which a script speaks of asking again for a background response."""

NO_CALL: Final = -1
"""The number of what is not in the log, because it is not paid."""

_FINISHES: Final = {Fault.TRUNCATED: "length", Fault.CONTENT_FILTER: "content_filter"}


@dataclass(frozen=True)
class Response:
    """What is said to one call, before it is put on a wire."""

    call: int
    """Its number in the log."""

    text: str
    refusal: str
    finish: str
    """As the protocol has it: `stop`, `length` or `content_filter`."""

    fault: Fault | None
    delay_seconds: float
    """Before the first byte."""

    retry_after_ms: int
    input_tokens: int
    output_tokens: int


class Respondent:
    """Answers calls by a script and keeps the log of them."""

    def __init__(self, answer: Answer = answer_from_schema, script: Script | None = None) -> None:
        self._answer = answer
        self._playback = Playback(script or Script())
        self.log = CallLog()

    @property
    def script(self) -> Script:
        """The script in use."""
        return self._playback.script

    def perform(self, script: Script) -> None:
        """Use another script from now on; its lines are all unused."""
        self._playback = Playback(script)

    def respond(
        self, work: Work, messages: Sequence[Message], schema: Mapping[str, JsonValue]
    ) -> Response:
        """Decide what is said to a call, and log it."""
        line = self._playback.next_line(work)
        return self._respond(line, work, messages, self._text(line, work, messages, schema))

    def respond_silently(self, work: Work, messages: Sequence[Message]) -> Response:
        """Decide whether a call that wants no text fails, and log it."""
        return self._respond(self._playback.next_line(work), work, messages, "")

    def respond_to_fetch(self) -> Response | None:
        """Decide how asking again for a background response fails; None when it does not."""
        line = self._playback.next_line_for(FETCHING)
        return self._response(NO_CALL, line, "", (0, 0)) if line else None

    def _respond(
        self, line: Line | None, work: Work, messages: Sequence[Message], text: str
    ) -> Response:
        fault = line.fault if line else None
        tokens = prompt_tokens_of(messages), tokens_of(text)
        status = STATUSES.get(fault, 200) if fault else 200
        call = self.log.open(work.label(), status, fault, *tokens)
        return self._response(call, line, text, tokens)

    def _response(
        self, call: int, line: Line | None, text: str, tokens: tuple[int, int]
    ) -> Response:
        fault = line.fault if line else None
        return Response(
            call=call,
            text=text,
            refusal=REFUSAL if fault is Fault.REFUSAL else "",
            finish=_FINISHES.get(fault, "stop") if fault else "stop",
            fault=fault,
            delay_seconds=0 if fault in _WAITS else _milliseconds(line) / 1000,
            retry_after_ms=_milliseconds(line),
            input_tokens=tokens[0],
            output_tokens=tokens[1],
        )

    def _text(
        self,
        line: Line | None,
        work: Work,
        messages: Sequence[Message],
        schema: Mapping[str, JsonValue],
    ) -> str:
        if line and not line.fault:
            return written(line.reply)
        if line and line.fault in _SPEECHLESS:
            return ""
        answer = self._answer(work, _shown(messages), schema)
        return spoiled(line.fault if line else None, answer, schema)


def _milliseconds(line: Line | None) -> int:
    if line is None:
        return 0
    default = _DEFAULT_MS.get(line.fault, 0) if line.fault else 0
    return default if line.after_ms is None else line.after_ms


def _shown(messages: Sequence[Message]) -> dict[str, JsonValue]:
    """Collect the blocks of all user messages; a later message wins."""
    blocks: dict[str, JsonValue] = {}
    for message in messages:
        if message.role == "user":
            blocks |= parse_blocks(message.content)
    return blocks


def answer_by_agent(samples: Mapping[str, SampleAnswer]) -> Answer:
    """Let each agent say what a good answer of its own is; unknown agents answer by the schema."""

    def answer(
        work: Work, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]
    ) -> JsonValue:
        sample = samples.get(work.agent.partition("@")[0])
        if sample is None:
            return answer_from_schema(work, blocks, schema)
        return sample(work.rung, blocks, schema)

    return answer
