"""Batches: one flow over a list of inputs, a run for each row."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from contracts.base import Part
from contracts.reference import Digest

ROWS_LIMIT = 5_000
"""The most rows of one batch: what is told of each travels in one payload, of which Temporal takes
2 MB."""

REASON_CHARACTERS = 120
"""Of why a row failed, as the batch keeps it; its run tells the whole."""


class ListFormat(StrEnum):
    """How a list is written."""

    CSV = "csv"
    """A header whose columns are fields of the input by dotted paths, then a line for each run."""

    JSON_LINES = "jsonl"
    """A JSON object for each run, one a line."""


class BatchRequest(Part):
    """Which flow to run over which list."""

    model_config = ConfigDict(extra="forbid")

    flow: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$", examples=["article"])]
    rows: str = Field(min_length=1, examples=["title,words.min\nHow to compost,300\n"])
    """The list as text."""

    format: ListFormat = Field(default=ListFormat.CSV, strict=False)
    at_once: int = Field(default=5, ge=1, le=100)
    """How many runs may be at work at the same time."""

    skip_invalid: bool = False
    """Leave rows out that do not fit; without it, one such row keeps the whole batch from starting.
    """


class RowDone(Part):
    """How the run of one row has ended."""

    row: int
    """From 0, rows that were left out not counted."""

    attempt: int = 1
    run: str
    outcome: str
    """As the run's."""

    reason: str = ""
    output: Digest | None = None
    cost_microusd: int = 0


class BatchProgress(Part):
    """What a batch carries from one execution to the next, and what it ends with."""

    done: tuple[RowDone, ...] = ()
    attempts: dict[str, int] = Field(default_factory=dict)
    """How many attempts a row has had before, by row, for rows that are tried again."""

    stopped: bool = False
    """Whether somebody stopped it before all rows were done."""

    paused: bool = False
    note: str = ""
    """Why it is paused."""


class BatchStart(Part):
    """The argument of the workflow that works through a list."""

    tenant: str
    batch: str
    flow: str
    chunks: tuple[Digest, ...]
    """Where the rows are kept, a JSON array of so many of them each."""

    chunk_rows: int = Field(ge=1)
    lines: Digest
    """Where it is kept on which line of the list each row stands, a JSON array of numbers."""

    rows: int = Field(ge=1)
    at_once: int = Field(ge=1)
    history_limit: int = Field(ge=20)
    """Events after which it continues as new, once the rows at work are done."""

    progress: BatchProgress | None = None


class SkippedRow(Part):
    """A row that was left out because it does not fit."""

    line: int
    """In the list as it was sent, from 1; the header of a CSV is line 1."""

    problem: str


class BatchSummary(Part):
    """One batch as a list shows it."""

    id: str
    flow: str
    status: str
    """`running`, `paused`, `succeeded` when all rows have, `failed` when some have not, `cancelled`
    when somebody stopped it."""

    rows: int
    started_at: str
    """RFC 3339, UTC."""

    ended_at: str | None = None
    temporal_url: str = ""
    """The batch's page in the Temporal web UI, empty when no UI is configured."""


class BatchState(Part):
    """How far a batch has come, as its workflow tells."""

    outcomes: dict[str, int] = Field(default_factory=dict)
    """How many rows have ended how."""

    running: dict[str, str] = Field(default_factory=dict)
    """Rows at work and the run of each."""

    waiting: int = 0
    paused: bool = False
    note: str = ""
    """Why it is paused."""

    stopped: bool = False
    cost_usd: float = 0.0


class BatchView(BatchSummary):
    """One batch."""

    state: BatchState
    at_once: int
    skipped: tuple[SkippedRow, ...] = ()
    """Rows that were left out, the first hundred of them."""

    skipped_rows: int = 0


class ReportRow(Part):
    """What came of one row."""

    line: int
    """In the list as it was sent."""

    run: str
    """Empty where none was started."""

    outcome: str
    """As the run's, else `running` or `waiting`."""

    attempt: int
    reason: str = ""
    output: Digest | None = None
    """The value that the run has made; `GET /v1/runs/{run}/result` fetches it."""

    cost_usd: float = 0.0


class BatchReport(Part):
    """What came of every row, in the order of the list."""

    id: str
    flow: str
    status: str
    rows: tuple[ReportRow, ...]


class BatchCheck(Part):
    """Whether a list fits a flow; nothing was started."""

    rows: int
    """How many fit."""

    invalid: tuple[SkippedRow, ...] = ()
