"""The model port: one request, one reply, and how a call can fail. Adapters live beside it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, Self

from pydantic import Field, JsonValue

from contracts.base import Part
from contracts.usage import Usage

OnText = Callable[[str], Awaitable[None]]
"""Called with each piece of text as it arrives."""


class Message(Part):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class Work(Part):
    """Which piece of work a call belongs to. Sent to the endpoint as a header; never user data."""

    agent: str
    rung: str
    visit: int = Field(ge=1)
    item: str = ""
    exchange: int = Field(ge=1)
    """Ordinal of the call within this visit and item, from 1."""

    tenant: str = Field(default="", exclude=True)
    """Whose work it is, so that tenants are served in turn. Part of no label and no call's key."""

    def label(self) -> str:
        """Write it in one line: `section_writer/free/1/s2/1`; `-` stands for no item."""
        return f"{self.agent}/{self.rung}/{self.visit}/{self.item or '-'}/{self.exchange}"

    @classmethod
    def parse(cls, label: str) -> "Work":
        """Read a label back.

        Raises:
            ValueError: it has not five parts or a part is no number.
        """
        agent, rung, visit, item, exchange = label.split("/")
        return cls(
            agent=agent,
            rung=rung,
            visit=int(visit),
            item="" if item == "-" else item,
            exchange=int(exchange),
        )


WORK_HEADER = "X-Orchestra-Work"
"""The HTTP header that carries `Work.label()`."""


class ModelRequest(Part):
    """Everything that determines a reply."""

    model: str
    messages: tuple[Message, ...]
    schema_name: str
    answer_schema: dict[str, JsonValue]
    """JSON Schema that the answer has to fit; narrowed to the context at hand."""

    max_output_tokens: int = Field(ge=1)
    temperature_percent: int = Field(default=20, ge=0, le=200)
    seed: int = 0
    timeout_seconds: int = Field(default=60, ge=1)
    """For the whole reply, from the first byte sent to the last byte read."""

    work: Work


class Finish(StrEnum):
    """Why the model stopped."""

    STOP = "stop"
    LENGTH = "length"
    REFUSED = "refused"


class ModelReply(Part):
    """A reply as it came, not yet judged."""

    text: str
    finish: Finish
    model: str
    """The model that the endpoint says answered."""

    usage: Usage


@dataclass
class Receipt:
    """What its asker keeps of a call that the endpoint goes on with by itself, asker or no asker.

    Models that answer in the foreground leave it as it is.
    """

    keep: Callable[[str], Awaitable[None]]
    """Called with the response's id as soon as it is known, before anything is waited for."""

    is_abandoned: Callable[[], Awaitable[bool]]
    """Asked when the call is cancelled: whether nobody will come back for the answer."""

    response: str = ""
    """The id under which the endpoint has, or may still have, the answer. Set by the asker, it is
    asked for instead of a new answer; emptied by the model when that response came to nothing."""

    @classmethod
    def nobodys(cls) -> Self:
        """Make one for an asker who will not come back."""

        async def keep(response: str) -> None:
            """Nobody wants to know."""

        async def is_abandoned() -> bool:
            return True

        return cls(keep, is_abandoned)


class LanguageModel(Protocol):
    """Something that answers."""

    async def complete(
        self, request: ModelRequest, on_text: OnText, receipt: Receipt | None = None
    ) -> ModelReply:
        """Ask once. Never retries: Temporal owns that. Closes its stream when cancelled.

        Raises:
            ForgottenError: the endpoint knows nothing of the receipt's response; it may have been
                paid.
            StepError: `unavailable`, `rate_limited` (with `retry_after`), `timed_out`, `denied`,
                `quota`, `too_large` or `malformed` (not the protocol at all).
        """
        ...
