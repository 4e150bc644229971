"""What a run knows: slots, lineage, counters, ledger and the transitions it has numbered."""

from collections.abc import Iterator, Sequence
from typing import Unpack

from typing_extensions import TypedDict

from contracts.compiled import CompiledBudget, CompiledFlow
from contracts.event import Event, EventKind
from contracts.failure import Failure
from contracts.reference import Digest, FactValue, Reference, Trust, Value
from contracts.usage import Usage
from contracts.work import FinishedItem, OpenFailure, RunProgress, RunStart, SlotVersion
from workflows.authorship import begun_by
from workflows.context import Context
from workflows.ledger import Ledger
from workflows.names import slot_of
from workflows.notices import Notices
from workflows.policies import PENDING_BYTES
from workflows.remembering import pinned_reference
from workflows.routing import Way
from workflows.waiting import Waiting


class Told(TypedDict, total=False):
    """The fields of an event that a caller may fill."""

    step: str
    agent: str
    visit: int
    item: str
    to: str
    rule: str
    references: tuple[Reference, ...]
    digest: Digest
    failure: Failure | None
    usage: Usage
    outcome: str
    role: str
    text: str
    deadline_ms: int
    budget: CompiledBudget | None


class RunState:
    """The mutable state of one run; the interpreter alone changes it."""

    def __init__(self, progress: RunProgress) -> None:
        self.place = progress.place
        self.seq = progress.seq
        self.context = Context(progress.slots, progress.versions)
        self.visits = dict(progress.visits)
        self.used = dict(progress.used)
        self.ledger = Ledger(progress.budget, progress.spent)
        self.started_ms = progress.started_ms
        self.waiting = Waiting(progress.waited_ms)
        self.failure = progress.failure
        self.finished_items = dict(progress.finished_items)
        self.authors = dict(progress.authors)
        self.executions = progress.executions
        self.notices = Notices()
        self._unrecorded = list(progress.pending)
        self._written = progress.seq - len(progress.pending)

    @classmethod
    def begin(cls, start: RunStart, flow: CompiledFlow, now_ms: int) -> "RunState":
        """Take up a run at its start, or where an earlier execution left off."""
        if start.progress:
            state = cls(start.progress)
            state.notices = Notices.of(start, flow)
            if not state.seq:
                # What another run knew; the time to work in begins anew.
                state.started_ms = now_ms
            return state
        state = cls(
            RunProgress(place=flow.start, budget=start.budget or flow.budget, started_ms=now_ms)
        )
        state.notices = Notices.of(start, flow)
        for slot, value in start.input.items():
            reference = Reference(
                slot=slot,
                ordinal=1,
                contract=flow.slots[slot],
                digest=value.digest,
                size=value.size,
                trust=Trust.OPERATOR,
                produced_by="input",
            )
            state.put(slot, (reference,), value.facts)
        begun_by(state.authors, start.input, start.by)
        for slot, pinned in start.entries.items():
            state.put(slot, (pinned_reference(slot, pinned),), pinned.value.facts)
        return state

    def progress(self) -> RunProgress:
        """Freeze everything for the next execution."""
        return RunProgress(
            place=self.place,
            seq=self.seq,
            slots=self.slots,
            versions=self.parents,
            visits=self.visits,
            used=self.used,
            budget=self.ledger.budget,
            spent=self.ledger.spent,
            started_ms=self.started_ms,
            waited_ms=self.waiting.counted_ms,
            pending=tuple(self._unrecorded),
            failure=self.failure,
            finished_items={key: _lean(item) for key, item in self.finished_items.items()},
            authors=self.authors,
            executions=self.executions + 1,
            notices=self.notices.pending,
        )

    def enter(self, place: str) -> int:
        """Count a visit of a step or gate; from 1, never reset."""
        self.visits[place] = self.visits.get(place, 0) + 1
        return self.visits[place]

    def take(self, way: Way) -> str:
        """Go a way, using up its counter."""
        if way.counter:
            self.used[way.counter] = self.used.get(way.counter, 0) + 1
        return way.to

    @property
    def slots(self) -> dict[str, SlotVersion]:
        """What every slot holds now."""
        return self.context.slots

    @property
    def parents(self) -> dict[str, tuple[str, ...]]:
        """What every version was made from."""
        return self.context.parents

    def next_ordinal(self, slot: str) -> int:
        """See `Context.next_ordinal`."""
        return self.context.next_ordinal(slot)

    def put(self, slot: str, references: Sequence[Reference], facts: dict[str, FactValue]) -> None:
        """See `Context.put`."""
        self.context.put(slot, references, facts)

    def tell(self, kind: EventKind, at_ms: int, **fields: Unpack[Told]) -> int:
        """Number a transition and keep it until an activity carries it. Returns its number."""
        self.seq += 1
        event = Event(seq=self.seq, kind=kind, at_ms=at_ms, **fields)
        self._unrecorded.append(event)
        self.notices.hear(event, self.slots, self.ledger.spent, self.failure)
        return self.seq

    def record(self) -> tuple[tuple[Event, ...], int]:
        """Hand over transitions that history lacks, and the first number not yet written.

        No more than one activity can carry: `is_behind` says whether some are left.
        """
        events, first = tuple(self._fitting()), self._written + 1
        del self._unrecorded[: len(events)]
        if events:
            self._written = max(self._written, events[-1].seq)
        return events, first

    @property
    def is_behind(self) -> bool:
        """Whether more transitions wait than one activity, or the run's outcome, can carry."""
        return len(tuple(self._fitting())) < len(self._unrecorded)

    def _fitting(self) -> Iterator[Event]:
        """The oldest that fit together; always one, however large."""
        taken = 0
        for event in self._unrecorded:
            taken += len(event.model_dump_json())
            if taken > PENDING_BYTES and event is not self._unrecorded[0]:
                return
            yield event

    def write(self) -> tuple[tuple[Event, ...], int]:
        """Hand over what is not yet written to a local activity, whose input history lacks."""
        first = self._written + 1
        self._written = self.seq
        return tuple(event for event in self._unrecorded if event.seq >= first), first

    def unrecorded(self) -> tuple[Event, ...]:
        """What only the run's outcome will tell."""
        return tuple(self._unrecorded)

    def alive(self) -> tuple[Digest, ...]:
        """Digests of every value that can still be read, in a fixed order."""
        current = {r.digest: None for held in self.slots.values() for r in held.references}
        kept = {item.result.value.digest: None for item in self.finished_items.values()}
        return tuple({**current, **kept})

    def remember_items(self, step: str, items: dict[str, FinishedItem]) -> None:
        """Keep what an unfinished fan-out has paid for; what a person supplied stays theirs."""
        for key, item in items.items():
            name = f"{step}/{key}"
            self.finished_items[name] = _still_theirs(self.finished_items.get(name), item)

    def forget_items(self, step: str) -> None:
        """Drop what was kept for a fan-out that is now complete."""
        prefix = f"{step}/"
        self.finished_items = {
            key: item for key, item in self.finished_items.items() if not key.startswith(prefix)
        }

    def ask_about(self, step: str, visit: int, failure: Failure) -> None:
        """Hold a failure for the gate that answers it."""
        self.failure = OpenFailure(step=step, visit=visit, failure=failure)

    def raise_budget(self, budget: CompiledBudget) -> None:
        """Replace the budget; a person decided it."""
        self.ledger.budget = budget


def _still_theirs(before: FinishedItem | None, item: FinishedItem) -> FinishedItem:
    """Keep who supplied an item, where a later visit has only taken it up."""
    if before is None or not before.supplied_by or item.supplied_at:
        return item
    if before.result.value.digest != item.result.value.digest:
        return item
    theirs = {"supplied_at": before.supplied_at, "supplied_by": before.supplied_by}
    return item.model_copy(update=theirs)


def _lean(item: FinishedItem) -> FinishedItem:
    """Leave out the body: two hundred of them do not fit one payload, and seals have copied it."""
    value = item.result.value.model_copy(update={"body": None})
    return item.model_copy(update={"result": item.result.model_copy(update={"value": value})})


def reference_to(
    value: Value,
    slot: str,
    ordinal: int,
    *,
    contract: str,
    trust: Trust,
    produced_by: str,
    visit: int,
    item: str = "",
    made_from: tuple[str, ...] = (),
    about: tuple[str, ...] = (),
) -> Reference:
    """Point at a stored value from a slot."""
    assert all(slot_of(parent) for parent in made_from)
    return Reference(
        slot=slot,
        ordinal=ordinal,
        item=item,
        contract=contract,
        digest=value.digest,
        size=value.size,
        trust=trust,
        produced_by=produced_by,
        visit=visit,
        made_from=made_from,
        about=about,
    )
