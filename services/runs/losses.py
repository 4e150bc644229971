"""The loss report of a run: what is gone for good, and what of the run depends on it."""

from collections.abc import Iterator, Sequence

from contracts.base import Part
from contracts.compiled import CompiledFlow
from contracts.reference import Digest
from contracts.run import RunStatus
from services.runs import view
from services.runs.holdings import FLOW, Holding
from services.runs.runs import Runs
from services.runs.scrub import Scrub


class LostValue(Part):
    """One value of which no copy is left."""

    name: str
    """`draft:2`, `section:1/intro`, or what it is where it is in no slot."""

    digest: Digest
    size: int
    slot: str = ""
    made_by: str = ""
    visit: int = 0
    needed_by: tuple[str, ...] = ()
    """Steps, gates and ends that may still read it before it is replaced."""

    made_from_it: tuple[str, ...] = ()
    """Versions that were made from it, directly or by way of others; they are not lost by that."""


class LossReport(Part):
    """What could not be restored of a run."""

    run: str
    flow: str
    status: RunStatus
    place: str
    lost: tuple[LostValue, ...]
    next: str
    """Who acts, and how."""


async def loss_report(runs: Runs, run: str) -> LossReport:
    """Look for every value of a run, in memory, archive and history, and tell what is gone.

    Changes nothing.

    Raises:
        NotFoundError: there is no such run.
        StorageError: the archive cannot be read.
        UnavailableError: Temporal, memory or the archive does not answer.
    """
    held, found = await Scrub(runs).inspect(run)
    shown = await runs.get(run)
    told, flow = await runs.told(run)
    place = "" if shown.status.is_final else view.place(told) or flow.start
    gone = [each for each in held if found[each.digest].body is None]
    lost = tuple(_lost(each, held, flow, place) for each in gone)
    return LossReport(
        run=run,
        flow=shown.flow,
        status=shown.status,
        place=shown.place,
        lost=lost,
        next=_next(run, lost, is_final=shown.status.is_final),
    )


def readers(flow: CompiledFlow, slot: str, place: str) -> tuple[str, ...]:
    """List what may still read the present value of a slot, from a place on.

    A step that writes the slot ends the search behind it, except where it fails.
    """
    found: dict[str, None] = {}
    seen: set[str] = set()
    waiting = [place]
    while waiting:
        here = waiting.pop(0)
        if here in seen:
            continue
        seen.add(here)
        if slot in _read_at(flow, here):
            found[here] = None
        waiting += _onward(flow, here, slot)
    return tuple(found)


def _lost(each: Holding, held: Sequence[Holding], flow: CompiledFlow, place: str) -> LostValue:
    needed: tuple[str, ...] = ()
    if place and each.name == FLOW:
        needed = tuple(flow.steps)
    elif place and each.slot and each.is_needed:
        needed = readers(flow, each.slot, place)
    elif place and not each.slot:
        needed = (each.made_by,)
    return LostValue(
        name=each.name,
        digest=each.digest,
        size=each.size,
        slot=each.slot,
        made_by=each.made_by,
        visit=each.visit,
        needed_by=needed,
        made_from_it=_descendants(each, held),
    )


def _descendants(each: Holding, held: Sequence[Holding]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    waiting = [_version(each)]
    while waiting:
        parent = waiting.pop()
        for child in held:
            version = _version(child)
            if parent in child.made_from and version not in found:
                found[version] = None
                waiting.append(version)
    return tuple(found)


def _version(each: Holding) -> str:
    """Take the item out of `section:1/intro`: lineage names versions."""
    return each.name.partition("/")[0]


def _read_at(flow: CompiledFlow, here: str) -> tuple[str | None, ...]:
    if step := flow.steps.get(here):
        each = (step.each.slot,) if step.each else ()
        return (*(read.slot for read in step.reads), *each)
    if gate := flow.gates.get(here):
        return gate.shows
    return (flow.ends[here].output,) if here in flow.ends else ()


def _onward(flow: CompiledFlow, here: str, slot: str) -> Iterator[str]:
    if step := flow.steps.get(here):
        yield from (line.then for line in step.on_failure.values())
        if step.writes != slot:
            yield from (rule.to for rule in step.next)
    elif gate := flow.gates.get(here):
        yield from (rule.to for rule in (*gate.next, gate.on_deadline))
        if gate.stop:
            yield gate.stop
        if gate.answers_failure:
            yield from _asking(flow, here)


def _asking(flow: CompiledFlow, gate: str) -> Iterator[str]:
    """List the steps whose failure a gate answers; they may be tried again or passed."""
    for name, step in flow.steps.items():
        if any(line.then == gate for line in step.on_failure.values()):
            yield name
            # A person may supply what the step should have made, and it goes on from there.
            yield from (rule.to for rule in step.next)


def _next(run: str, lost: Sequence[LostValue], *, is_final: bool) -> str:
    if not lost:
        return "nobody: every value of the run can be read"
    mend = f"restore the archive from a backup, then call `orchestra memory verify {run} --repair`"
    needed = dict.fromkeys(name for each in lost for name in each.needed_by)
    if is_final:
        return f"the operator, if the values are still wanted: {mend}; the run has ended"
    if not needed:
        return f"nobody, for the run goes on without them; to look at them again {mend}"
    return f"the operator: {mend}; until then {', '.join(needed)} fails as memory_lost"
