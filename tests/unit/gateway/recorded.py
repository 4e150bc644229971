"""Runs with a history that a test writes, and a memory that a test can take away."""

import time
from collections.abc import Mapping, Sequence

from pydantic import JsonValue
from temporalio.client import Client

from contracts.base import digest
from contracts.double_start import DoubleStart
from contracts.event import Event, EventKind
from contracts.reference import Reference, Trust, Value
from contracts.run import DecisionReply, DecisionRequest, RunStatus, RunSummary
from contracts.work import RunOutcome, RunStart
from services.errors import FlowError, NotFoundError, UnavailableError
from services.memory.base import StreamEvent
from services.memory.in_process import InProcessArchive, InProcessStore
from services.memory.memory import Memory
from services.runs.gates import Gates
from services.runs.history import RunHistory, Told
from services.runs.inputs import read_input
from services.runs.listing import Filters, Waiting
from services.runs.runs import Page, Runs, Started
from services.settings import Settings
from tests.toys import REGISTRY, Note, ToyFlow, toy, toy_flow, toy_shelf

RUN = "01KANQ3XRT5ZC1J7E2V8M0HWYB"
OTHER_RUN = "01KANQ3XRT5ZC1J7E2V8M0HWYC"
SHOWN = "a" * 64
NOBODY = "127.0.0.1:1"
"""An address at which no server listens."""

GATED = """
slots: {first: Note@1, second: Note@1, decision: Decision@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: two}
  two: {agent: two, reads: [first], writes: second, next: approve}
  approve:
    gate: editor
    shows: [second]
    writes: decision
    edits: second
    deadline: 1h
    on_deadline: {to: expired}
    next:
      - {when: "decision.verdict == 'reject'", to: rejected}
      - {else: done}
ends:
  done: {outcome: succeeded, output: second}
  rejected: {outcome: rejected}
  expired: {outcome: expired}
  failed: {outcome: failed}
"""


def gated_flow() -> ToyFlow:
    """Two steps and a gate."""
    return toy_flow(
        GATED,
        toy("one", lambda given: Note(text="1")),
        toy("two", lambda given: Note(text="2"), first="Note@1"),
    )


class FlakyStore(InProcessStore):
    """A store that can be away, and whose life can begin anew."""

    def __init__(self) -> None:
        super().__init__()
        self.is_down = False
        self.life = "a"

    def wipe(self) -> None:
        """Lose everything and begin another life."""
        self.values.clear()
        self._streams.clear()
        self.life += "a"

    def roll_back(self, kept: int) -> None:
        """Be as memory was when a run's stream had so many events."""
        for stream in self._streams.values():
            del stream[kept:]

    async def check(self) -> None:
        self._answer()

    async def epoch(self, tenant: str) -> str:
        self._answer()
        return self.life

    async def events(
        self, tenant: str, run: str, after: str = "0-0", limit: int = 1000
    ) -> tuple[StreamEvent, ...]:
        self._answer()
        return await super().events(tenant, run, after, limit)

    async def wait_for_events(
        self, tenant: str, run: str, after: str, seconds: float
    ) -> tuple[StreamEvent, ...]:
        self._answer()
        return await super().wait_for_events(tenant, run, after, seconds)

    def _answer(self) -> None:
        if self.is_down:
            raise UnavailableError("the memory at nowhere does not answer")


class RecordedHistory(RunHistory):
    """Tells one run."""

    def __init__(self, client: Client, told: Told) -> None:
        super().__init__(client)
        self.told_run = told

    async def tell(self, tenant: str, run: str) -> Told:
        if run != self.told_run.start.run:
            raise NotFoundError(f"there is no run {run!r}")
        return self.told_run


class RecordedRuns(Runs):
    """One run whose transitions a test adds; nothing behind it is a server."""

    def __init__(self, client: Client, store: FlakyStore, flow: ToyFlow) -> None:
        settings = Settings(tenant="test", temporal_ui_url="http://127.0.0.1:8233")
        memory = Memory(store, InProcessArchive(), None)
        super().__init__(
            client,
            memory,
            toy_shelf(flow.flow),
            REGISTRY,
            settings,
        )
        body = flow.flow.encode().decode()
        carried = Value(digest=digest(body.encode()), size=len(body), body=body)
        start = RunStart(tenant="test", run=RUN, flow=carried)
        self.told_run = Told(start)
        self.history = RecordedHistory(client, self.told_run)
        self.status = RunStatus.RUNNING
        self.error: FlowError | None = None
        self.filters: Filters | None = None
        self.keys: list[str] = []
        self.cancelled: list[str] = []

    async def seen(self, run: str) -> tuple[RunSummary, Mapping[str, int]]:
        if self.error:
            raise self.error
        if run != RUN:
            raise NotFoundError(f"there is no run {run!r}")
        at = "2026-11-22T00:00:00Z"
        return RunSummary(id=RUN, flow="toy", status=self.status, started_at=at), {}

    async def start(
        self,
        flow_name: str,
        given: Mapping[str, JsonValue],
        *,
        idempotency_key: str = "",
        history_limit: int = 0,
        by: str = "",
        subject: str = "",
        on_conflict: DoubleStart | None = None,
    ) -> Started:
        if self.error:
            raise self.error
        read_input(self.shelf.get(flow_name), given, self.registry)
        replayed = idempotency_key in self.keys
        self.keys.append(idempotency_key)
        return Started(RUN, replayed=bool(idempotency_key) and replayed)

    async def list(self, filters: Filters, *, limit: int = 20, cursor: str = "") -> Page:
        if self.error:
            raise self.error
        self.filters = filters
        return Page((await self.summary(RUN),), "next")

    async def waiting(self, filters: Filters) -> tuple[Waiting, ...]:
        return (Waiting(1, RUN),)

    async def cancel(self, run: str) -> None:
        self.cancelled.append(run)

    def record(self, *events: Event) -> None:
        """Let history tell of transitions."""
        self.told_run.events.update({event.seq: event for event in events})

    async def tell(self, *events: Event) -> None:
        """Let memory's stream tell of events."""
        await self.memory.store.turn(self.tenant, RUN, events=events)

    def end(self, status: RunStatus = RunStatus.SUCCEEDED) -> None:
        """Let the run have ended, as history knows."""
        self.status = status
        self.told_run.outcome = RunOutcome(run=RUN, outcome=status, end="done")


class RecordedGates(Gates):
    """Takes every decision that fits, as a worker would, or keeps it."""

    def __init__(self, runs: Runs) -> None:
        super().__init__(runs)
        self.is_worker_up = True
        self.taken: list[DecisionRequest] = []

    async def decide(self, run: str, gate: str, request: DecisionRequest) -> DecisionReply:
        self.taken.append(request)
        return DecisionReply(id=request.id or "made-up", delivered=self.is_worker_up)


async def recorded_runs(store: FlakyStore | None = None) -> RecordedRuns:
    """Set up one run of the gated flow that has just been started."""
    client = await Client.connect(NOBODY, lazy=True)
    return RecordedRuns(client, store or FlakyStore(), gated_flow())


def event(seq: int, kind: EventKind, step: str = "", **fields: str) -> Event:
    """Make a transition; each takes a millisecond."""
    return Event.model_validate({"seq": seq, "kind": kind, "at_ms": seq, "step": step, **fields})


def whole_run() -> tuple[Event, ...]:
    """Everything that a run of two steps tells, texts included."""
    started, completed = EventKind.STEP_STARTED, EventKind.STEP_COMPLETED
    return (
        event(1, EventKind.RUN_STARTED),
        event(2, started, "one"),
        event(2, EventKind.ATTEMPT_STARTED, "one"),
        event(2, EventKind.TEXT, "one", text="once"),
        event(3, completed, "one"),
        event(4, EventKind.HANDED_OFF, "one", to="two", rule="else"),
        event(5, started, "two"),
        event(6, completed, "two"),
        event(7, EventKind.HANDED_OFF, "two", to="done", rule="else"),
        event(8, EventKind.RUN_ENDED, to="done", outcome="succeeded"),
    )


def transitions(up_to: int = 8) -> tuple[Event, ...]:
    """The numbered transitions of that run: what history tells of it."""
    of_the_work = (EventKind.ATTEMPT_STARTED, EventKind.TEXT)
    told = [each for each in whole_run() if each.kind not in of_the_work]
    return tuple(each for each in told if each.seq <= up_to)


def completed(slot: str, stored: bytes) -> Event:
    """Tell that a step has put a value into a slot."""
    made = Reference(
        slot=slot,
        ordinal=1,
        contract="Note@1",
        digest=digest(stored),
        size=len(stored),
        trust=Trust.MODEL,
        produced_by="one",
    )
    told = event(3, EventKind.STEP_COMPLETED, "one")
    return told.model_copy(update={"references": (made,)})


def opened() -> Event:
    """Tell that the gate has opened, for an hour."""
    deadline = int(time.time() * 1000) + 3_600_000
    told = event(9, EventKind.GATE_OPENED, "approve")
    return told.model_copy(update={"visit": 1, "digest": SHOWN, "deadline_ms": deadline})


def kinds(events: Sequence[Event]) -> list[str]:
    """Name what happened."""
    return [f"{each.seq} {each.kind}" for each in events]
