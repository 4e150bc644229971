"""The Responses API as we read it: documents and stream events, taken as pieces of a reply."""

from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field

from services.llm.streaming import Choice, Chunk, Count, Delta

_OVER: Final = frozenset({"completed", "incomplete", "failed", "cancelled"})
_ANSWERED: Final = frozenset({"completed", "incomplete"})
_FINISHES: Final = {"max_output_tokens": "length", "content_filter": "content_filter"}

_DELTAS: Final = frozenset({"response.output_text.delta", "response.refusal.delta"})
_WITH_DOCUMENT: Final = frozenset(
    {"response.created", "response.queued", "response.in_progress"}
    | {f"response.{status}" for status in _OVER}
)


class _Lenient(BaseModel):
    model_config = ConfigDict(from_attributes=True, hide_input_in_errors=True)


class _Part(_Lenient):
    text: str | None = None
    refusal: str | None = None


class _Item(_Lenient):
    type: str = ""
    content: list[_Part] | None = None


class _Used(_Lenient):
    input_tokens: int | None = Field(default=None, ge=0)
    output_tokens: int | None = Field(default=None, ge=0)


class _Why(_Lenient):
    reason: str | None = None


class Trouble(_Lenient):
    """Why a response or its stream came to nothing, in the endpoint's words."""

    code: str | None = None
    message: str | None = None


class Document(_Lenient):
    """The fields of a response that we need; an endpoint may send more."""

    id: str = ""
    status: str = ""
    model: str | None = None
    output: list[_Item] = Field(default_factory=list)
    usage: _Used | None = None
    incomplete_details: _Why | None = None
    error: Trouble | None = None

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self.status in _OVER

    @property
    def is_answered(self) -> bool:
        """Whether it has an answer, be it one that was cut off."""
        return self.status in _ANSWERED

    def end(self) -> Chunk:
        """Take its end and its count as the last piece of a reply."""
        used = self.usage or _Used()
        reason = self.incomplete_details.reason if self.incomplete_details else None
        finish = _FINISHES.get(reason or "", "length") if self.status == "incomplete" else "stop"
        return Chunk(
            model=self.model,
            choices=[Choice(finish_reason=finish)],
            usage=Count(prompt_tokens=used.input_tokens, completion_tokens=used.output_tokens),
        )

    def text(self) -> Chunk:
        """Take what it says as one piece of a reply."""
        parts = [part for item in self.output if item.type == "message" for part in _parts(item)]
        said = "".join(part.text or "" for part in parts)
        refused = "".join(part.refusal or "" for part in parts)
        return Chunk(choices=[Choice(delta=Delta(content=said, refusal=refused))])


class _Typed(_Lenient):
    type: str = ""


class _DeltaEvent(_Lenient):
    delta: str


class _DocumentEvent(_Lenient):
    response: Document


class StreamEvent(_Lenient):
    """One event of a stream: a piece of the answer, how far the response is, or trouble."""

    piece: Chunk | None = None
    response: Document | None = None
    trouble: Trouble | None = None

    @classmethod
    def read(cls, event: object) -> Self:
        """Read what the client library made of an event; of most events nothing is needed.

        Raises:
            ValueError: an event that is needed does not have its shape.
        """
        kind = _Typed.model_validate(event).type
        if kind in _DELTAS:
            delta = _DeltaEvent.model_validate(event).delta
            is_text = kind == "response.output_text.delta"
            said = Delta(content=delta) if is_text else Delta(refusal=delta)
            return cls(piece=Chunk(choices=[Choice(delta=said)]))
        if kind in _WITH_DOCUMENT:
            return cls(response=_DocumentEvent.model_validate(event).response)
        return cls(trouble=Trouble.model_validate(event)) if kind == "error" else cls()


def _parts(item: _Item) -> list[_Part]:
    return item.content or []
