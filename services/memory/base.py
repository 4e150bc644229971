"""The ports of the memory layer: context store, archive, and the run's history as a last source."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Final, Protocol, Self

from pydantic import Field

from contracts.base import Part
from contracts.event import Event
from contracts.reference import Digest
from contracts.usage import Usage
from contracts.work import StepTask

QUARANTINED_BYTES: Final = 64 * 1024


class WorkKey(Part):
    """Which piece of work a journal belongs to."""

    tenant: str
    run: str
    step: str
    visit: int = Field(ge=1)
    item: str = ""
    agent: str = ""
    """Who stands in for the step's own agent; empty for that one."""

    @classmethod
    def of(cls, task: StepTask) -> Self:
        """Name the piece of work that a task is about."""
        return cls.model_validate(task.model_dump(include=set(cls.model_fields)))


class JournalState(StrEnum):
    """How far one model call has come, or that an attempt ended."""

    ASKED = "asked"
    """The endpoint goes on with the answer by itself, and whoever knows its id can fetch it."""

    ANSWERED = "answered"
    FAILED = "failed"
    GAVE_UP = "gave_up"
    """A whole attempt ended in a failure that may be tried again."""


class JournalEntry(Part):
    """One line about one model call or one attempt."""

    exchange: int = Field(default=0, ge=0)
    """Ordinal of the call, from 1; 0 for a line about the attempt."""

    call_key: str = ""
    """Digest of everything that determines the reply; another prompt is another call."""

    state: JournalState
    body: str = ""
    """The response's id when asked, the reply as JSON when answered, the failure kind when failed
    or given up."""

    usage: Usage = Field(default_factory=Usage)
    """What it cost; when asked, the most that it can come to cost."""

    attempt: int = Field(default=0, ge=0)
    """Which attempt wrote it; 0 in lines from before this was noted."""


class Quarantined(Part):
    """An answer that failed a check, kept with the reasons for a person to look at."""

    step: str
    visit: int
    item: str = ""
    exchange: int
    kind: str
    reasons: tuple[str, ...]
    answer: str
    """At most 64 KiB of it, once it is kept."""

    def cut(self) -> "Quarantined":
        """Keep the beginning of a long answer; a character cut in two is dropped."""
        kept = self.answer.encode()[:QUARANTINED_BYTES].decode(errors="ignore")
        return self.model_copy(update={"answer": kept})


class Look(Part):
    """What somebody saw at a gate when they looked last."""

    at_ms: int
    visit: int
    shown: Digest
    seen: dict[str, Digest]
    """The value shown from each slot, or of each item: `draft`, `sections/s1`."""


class StreamEvent(Part):
    """An event with its place in the run's stream."""

    id: str
    event: Event


class Swept(Part):
    """What one sweep removed."""

    runs: int
    values: int


class ContextStore(Protocol):
    """Values by digest, journals, event streams and quarantine, under the tenant's prefix.

    Every method raises UnavailableError when the server does not answer and StorageError when it
    refuses to write.
    """

    async def check(self) -> None:
        """Refuse a server that may forget silently.

        Raises:
            UnsafeMemoryError: it is set to evict keys.
        """
        ...

    async def turn(
        self,
        tenant: str,
        run: str,
        *,
        read: Sequence[Digest] = (),
        write: Mapping[Digest, bytes] | None = None,
        events: Sequence[Event] = (),
    ) -> tuple[bytes | None, ...]:
        """Write values and events and read values, in one round trip; what is absent reads None.

        Bytes are returned as stored, unverified; `Memory` hashes them.
        """
        ...

    async def journal(self, work: WorkKey) -> tuple[JournalEntry, ...]:
        """Read the journal of a piece of work, oldest first."""
        ...

    async def record(self, work: WorkKey, entry: JournalEntry) -> None:
        """Append to the journal; durable when this returns."""
        ...

    async def quarantine(self, tenant: str, run: str, kept: Quarantined) -> None:
        """Keep a rejected answer apart."""
        ...

    async def quarantined(self, tenant: str, run: str) -> tuple[Quarantined, ...]:
        """List what was rejected in a run, oldest first."""
        ...

    async def keep_look(self, tenant: str, run: str, reader: str, look: Look) -> None:
        """Note what somebody has seen, in the place of what they saw before; kept with the run."""
        ...

    async def look(self, tenant: str, run: str, reader: str) -> Look | None:
        """Say what somebody saw last; None when nobody knows."""
        ...

    async def epoch(self, tenant: str) -> str:
        """Name the store's present life; a wipe begins another."""
        ...

    async def events(
        self, tenant: str, run: str, after: str = "0-0", limit: int = 1000
    ) -> tuple[StreamEvent, ...]:
        """Read events after a stream id, oldest first."""
        ...

    async def rebuild_events(self, tenant: str, run: str, told: Sequence[Event]) -> int:
        """Put transitions that the stream has lost where they belong, by their numbers.

        What is there keeps its id. Returns how many were put back.
        """
        ...

    async def wait_for_events(
        self, tenant: str, run: str, after: str, seconds: float
    ) -> tuple[StreamEvent, ...]:
        """Wait until there are events after a stream id; none when the time is up."""
        ...

    async def expire(self, tenant: str, run: str, seconds: int) -> None:
        """Let everything of an ended run go after so many seconds."""
        ...

    async def kept_runs(self, tenant: str) -> dict[str, float]:
        """List runs by the Unix second at which each may go; infinite while it is live."""
        ...

    async def kept_until(self, tenant: str, run: str) -> float | None:
        """Say the same of one run; None of one that memory does not know."""
        ...

    async def held(self, tenant: str, run: str) -> frozenset[Digest]:
        """List the values that no sweep takes as long as the run is kept."""
        ...

    async def hold(self, tenant: str, run: str, digests: Collection[Digest]) -> None:
        """Keep values as long as the run, whether they are there yet or not."""
        ...

    async def sweep(self, tenant: str) -> Swept:
        """Remove the memory of expired runs and every value that no kept run can reach."""
        ...

    async def forget(self, tenant: str, digests: Collection[Digest]) -> None:
        """Remove values that somebody wants erased, whoever keeps them."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


class Archive(Protocol):
    """The durable home of values that Temporal's history does not carry."""

    async def put(self, tenant: str, values: Mapping[Digest, bytes]) -> None:
        """Store values; durable when this returns. Storing the same again changes nothing.

        Raises:
            StorageError: the folder is full, read-only or missing.
        """
        ...

    async def get(self, tenant: str, digests: Collection[Digest]) -> dict[Digest, bytes]:
        """Fetch what is there, unverified."""
        ...

    async def delete(self, tenant: str, digests: Collection[Digest]) -> None:
        """Remove values that somebody wants erased; what is not there is removed."""
        ...


class HistorySource(Protocol):
    """The inlined values of a run's own history, over all its executions."""

    async def find(self, tenant: str, run: str, digests: Collection[Digest]) -> dict[Digest, bytes]:
        """Find values by digest; those that history does not carry are left out.

        Raises:
            UnavailableError: the history cannot be read now.
        """
        ...
