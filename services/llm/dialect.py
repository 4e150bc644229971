"""Which optional parameters a model takes: endpoints differ, and say so only by refusing.

What was refused once is left out from then on, so a model costs one refused request a parameter
in the life of a process.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeVar

from openai import APIStatusError
from pydantic import JsonValue

from services.llm.base import ModelRequest
from services.llm.plain_schema import plain_schema
from services.llm.translation import Complaint, complaint_of

Answer = TypeVar("Answer")
Parameters = Mapping[str, object]

_REFUSING_STATUSES: Final = frozenset({400, 422})
_REFUSING_CODES: Final = frozenset(
    {"unsupported_parameter", "unsupported_value", "unknown_parameter"}
)
_REFUSING_WORDS: Final = re.compile(
    r"unsupported|not support|unavailable|unknown (parameter|field|argument|name)|unrecognized"
    r"|extra inputs|extra fields|not permitted|not allowed|only the default"
)
_BAD_SCHEMA: Final = re.compile(r"invalid[_ ](json[_ ])?schema")

_OPENAI_LIMIT: Final = "max_completion_tokens"
_COMMON_LIMIT: Final = "max_tokens"
_RESPONSES_LIMIT: Final = "max_output_tokens"


class Dialect(ABC):
    """What one endpoint's models take, learnt as they refuse."""

    def __init__(self, schema_parameter: str, limits: Sequence[str]) -> None:
        """Know nothing yet.

        Args:
            schema_parameter: what the answer's schema travels in.
            limits: what the limit of an answer may be called, the likeliest first.
        """
        self._schema_parameter = schema_parameter
        self._limits = limits
        self._refused: dict[str, set[str]] = {}
        self._plain: set[str] = set()

    @abstractmethod
    def _always(self, request: ModelRequest) -> dict[str, object]:
        """Build what needs neither a schema nor a limit."""

    @abstractmethod
    def _strict(self, name: str, schema: Mapping[str, JsonValue]) -> dict[str, object]:
        """Build what asks for answers that fit a schema."""

    async def negotiate(
        self, request: ModelRequest, send: Callable[[ModelRequest, Parameters], Awaitable[Answer]]
    ) -> Answer:
        """Send a request, and again without each parameter that it is refused for.

        Raises:
            APIStatusError: it is refused for something else.
        """
        while True:
            parameters = self.parameters(request)
            try:
                return await send(request, parameters)
            except APIStatusError as error:
                if not self.learn(request, parameters, error):
                    raise

    def parameters(self, request: ModelRequest) -> Parameters:
        """Build the optional part of a request's body, without what its model refused before."""
        wanted = self._always(request)
        if request.answer_schema:
            wanted[self._schema_parameter] = self._format(request)
        refused = self._refused.get(request.model, set())
        limit = next((name for name in self._limits if name not in refused), None)
        if limit:
            wanted[limit] = request.max_output_tokens
        return {name: value for name, value in wanted.items() if name not in refused}

    def _format(self, request: ModelRequest) -> dict[str, object]:
        schema = request.answer_schema
        plain = request.model in self._plain
        return self._strict(request.schema_name, plain_schema(schema) if plain else schema)

    def learn(self, request: ModelRequest, sent: Parameters, error: APIStatusError) -> bool:
        """Take note if a request was refused for something that can be left out.

        Args:
            request: what was asked.
            sent: the parameters it went with; calls beside it may have taught more meanwhile.
            error: the refusal.

        Returns:
            Whether asking again can help: without what was sent and refused.
        """
        complaint = complaint_of(error)
        if complaint.status not in _REFUSING_STATUSES:
            return False
        if _BAD_SCHEMA.search(complaint.words):
            return self._learn_to_be_plain(request, sent)
        name = _refused_parameter(complaint, tuple(sent))
        if name is None:
            return False
        self._refused.setdefault(request.model, set()).add(name)
        return True

    def _learn_to_be_plain(self, request: ModelRequest, sent: Parameters) -> bool:
        plain = self._strict(request.schema_name, plain_schema(request.answer_schema))
        # A schema that is refused plain as well is a mistake; leaving it out would hide it.
        if sent.get(self._schema_parameter) in (None, plain):
            return False
        self._plain.add(request.model)
        return True


class ChatDialect(Dialect):
    """How chat completions are asked for."""

    def __init__(self, *, is_openai: bool) -> None:
        """Guess what the limit is called."""
        limits = (_OPENAI_LIMIT, _COMMON_LIMIT)
        super().__init__("response_format", limits if is_openai else limits[::-1])

    def _always(self, request: ModelRequest) -> dict[str, object]:
        return {
            "temperature": request.temperature_percent / 100,
            "seed": request.seed,
            "stream_options": {"include_usage": True},
        }

    def _strict(self, name: str, schema: Mapping[str, JsonValue]) -> dict[str, object]:
        return {
            "type": "json_schema",
            "json_schema": {"name": name, "schema": schema, "strict": True},
        }


class ResponsesDialect(Dialect):
    """How responses are asked for; they take no seed."""

    def __init__(self) -> None:
        """Know the one name that the limit has."""
        super().__init__("text", (_RESPONSES_LIMIT,))

    def _always(self, request: ModelRequest) -> dict[str, object]:
        return {"temperature": request.temperature_percent / 100}

    def _strict(self, name: str, schema: Mapping[str, JsonValue]) -> dict[str, object]:
        return {
            "format": {"type": "json_schema", "name": name, "schema": schema, "strict": True},
        }


def _refused_parameter(complaint: Complaint, sent: tuple[str, ...]) -> str | None:
    if not (complaint.codes & _REFUSING_CODES or _REFUSING_WORDS.search(complaint.words)):
        return None
    stated = re.split(r"[.\[]", complaint.parameter)[0]
    if stated:
        return stated if stated in sent else None
    # "'max_tokens' is not supported, use 'max_completion_tokens'": the first one named is meant.
    places = {name: re.search(rf"\b{name}\b", complaint.words) for name in sent}
    named = [(place.start(), name) for name, place in places.items() if place]
    return min(named)[1] if named else None
