"""A streamed reply while it is read: checks each piece, joins the text, counts its size."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from contracts.failure import FailureKind
from contracts.usage import Usage
from services.errors import StepError
from services.llm.base import Finish, ModelReply, ModelRequest
from services.llm.estimate import usage_of

TEXT_BYTES: Final = 256 * 1024
"""The most text that a reply may have: sixteen times what is kept inline of any value."""

_FINISHES: Final = {"length": Finish.LENGTH, "content_filter": Finish.REFUSED}


class _Lenient(BaseModel):
    model_config = ConfigDict(from_attributes=True, hide_input_in_errors=True)


class Delta(_Lenient):
    """What a piece adds to the text, or to the words of a refusal."""

    content: str | None = None
    refusal: str | None = None


class Choice(_Lenient):
    """A piece of the answer, and why it stopped where it did."""

    delta: Delta | None = None
    finish_reason: str | None = None


class Count(_Lenient):
    """The tokens that the endpoint counted, where it counts."""

    prompt_tokens: int | None = Field(default=None, ge=0)
    completion_tokens: int | None = Field(default=None, ge=0)


class Chunk(_Lenient):
    """The fields of one `chat.completion.chunk` that we need; an endpoint may send more."""

    model: str | None = None
    choices: list[Choice]
    usage: Count | None = None


FILTERED: Final = Chunk(choices=[Choice(finish_reason="content_filter")])
"""What stands for an answer when the prompt itself was refused."""


class Reception:
    """What has arrived of one reply."""

    def __init__(self, request: ModelRequest) -> None:
        self._request = request
        self._texts: list[str] = []
        self._size = 0
        self._refusals: list[str] = []
        self._finish: str | None = None
        self._model = ""
        self._count = Count()

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._texts)

    @property
    def is_silent(self) -> bool:
        """Whether no word has come, not even of a refusal."""
        return self._size == 0

    @property
    def is_whole(self) -> bool:
        """Whether the endpoint said why it stopped."""
        return self._finish is not None

    def take(self, chunk: Chunk) -> str:
        """Add a piece and return its text.

        Raises:
            StepError: `too_large`, with what the call cost so far.
        """
        self._model = chunk.model or self._model
        self._count = chunk.usage or self._count
        texts = [self._take_choice(choice) for choice in chunk.choices]
        return "".join(texts)

    def _take_choice(self, choice: Choice) -> str:
        self._finish = choice.finish_reason or self._finish
        delta = choice.delta or Delta()
        if delta.refusal:
            self._grow(delta.refusal)
            self._refusals.append(delta.refusal)
        text = delta.content or ""
        self._grow(text)
        self._texts.append(text)
        return text

    def _grow(self, text: str) -> None:
        self._size += len(text.encode())
        if self._size > TEXT_BYTES:
            raise StepError(
                FailureKind.TOO_LARGE,
                f"model {self._request.model!r} answered with more than {TEXT_BYTES} bytes:"
                " lower the agent's output limit, or use a model that keeps to it",
                usage=self.usage(),
            )

    def usage(self) -> Usage:
        """What the call cost: as the endpoint says, estimated where it does not."""
        guess = usage_of(self._request.messages, self.text)
        counted, written = self._count.prompt_tokens, self._count.completion_tokens
        return Usage(
            calls=1,
            input_tokens=guess.input_tokens if counted is None else counted,
            output_tokens=guess.output_tokens if written is None else written,
        )

    def reply(self) -> ModelReply:
        """The whole reply. A refusal's words stand in for the text when there is none."""
        refusal = "".join(self._refusals)
        finish = _FINISHES.get(self._finish or "", Finish.STOP)
        return ModelReply(
            text=self.text or refusal,
            finish=Finish.REFUSED if refusal else finish,
            model=self._model or self._request.model,
            usage=self.usage(),
        )
