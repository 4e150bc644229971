"""What requests about batches carry and what routes answer, beside `contracts.batch`."""

from pydantic import Field

from contracts.base import Part
from contracts.batch import BatchSummary
from services.gateway.replies import Body


class PauseBatch(Body):
    """Why a batch is paused."""

    note: str = Field(default="", max_length=500)


class BatchStarted(Part):
    """The batch that a request started, now or earlier under the same key."""

    id: str
    flow: str
    url: str
    replayed: bool
    """An earlier request with the same key had started it."""


class BatchList(Part):
    """One page of batches, newest first."""

    batches: tuple[BatchSummary, ...]
    cursor: str
    """Of the next page; empty on the last."""


class BatchTold(Part):
    """The batch was told; it acts on it by itself."""

    id: str


class BatchRetried(Part):
    """The batch was started again."""

    id: str
    rows: int
    """How many rows are tried again."""
