"""What a fork is refused for before it begins, so that its run meets none of it on its way."""

from contracts.compiled import CompiledFlow
from contracts.run import ForkRequest
from contracts.work import RunProgress
from services.errors import ConflictError, Problem
from services.runs.inputs import invalid
from services.runs.points import Point
from workflows.course import Course
from workflows.failures import StepFailed
from workflows.stale_ahead import stale_uses
from workflows.state import RunState


def refuse_slots(flow: CompiledFlow, request: ForkRequest) -> None:
    """Refuse to change what is no slot, or none that a value can be put into.

    Raises:
        InputInvalidError: each is listed.
    """
    problems = [
        Problem(f"/input/{slot}", f"the inputs are {', '.join(flow.input)}")
        for slot in request.input
        if slot not in flow.input
    ]
    for slot in request.values:
        pointer = f"/values/{slot}"
        if slot in flow.input:
            problems.append(Problem(pointer, "this is an input; change it as one"))
        elif slot not in flow.slots:
            problems.append(Problem(pointer, f"the slots are {', '.join(flow.slots)}"))
        elif flow.list_slot(slot):
            problems.append(Problem(pointer, "a list is made by its step; change what that reads"))
    if problems:
        raise invalid(f"flow {flow.name} has nothing to change there", problems)


def refuse_misfit(
    progress: RunProgress, before: CompiledFlow, flow: CompiledFlow, place: str
) -> None:
    """Refuse to go on by another flow where that does not fit what a run knows.

    Raises:
        InputInvalidError: a slot or the place is missing there, or holds something else; all are
            listed.
    """
    problems = [
        Problem("/flow_version", f"slot {slot} holds a {held}, and there {there or 'is none'}")
        for slot in progress.slots
        if (there := flow.slots.get(slot)) != (held := before.slots[slot])
    ]
    if place not in (*flow.steps, *flow.gates):
        problems.append(Problem("/at", f"there is no {place} in it"))
    problems += [
        Problem("/flow_version", f"it begins with slot {slot}, which the run does not have")
        for slot in flow.given
        if slot not in progress.slots
    ]
    if problems:
        raise invalid(f"version {flow.version} of flow {flow.name} cannot go on here", problems)


def refuse_stale(before: RunProgress, state: RunState, flow: CompiledFlow, point: Point) -> None:
    """Refuse to begin where what was made from a change would be used as if nothing had changed.

    Raises:
        InputInvalidError: each such use is listed.
    """
    stale = frozenset(
        slot
        for slot, held in state.slots.items()
        if held.passed_by and slot in before.slots and not before.slots[slot].passed_by
    )
    problems = [
        Problem("/at", f"{use.slot} was made from what is changed, and {use.place} uses it")
        for use in stale_uses(flow, point.place, stale)
    ]
    if problems:
        told = f"{point.place} is too late to begin at; leave `at` out to begin early enough"
        raise invalid(told, problems)


def refuse_unfit(flow: CompiledFlow, progress: RunProgress) -> None:
    """Refuse a beginning that the run's own guards would end at once.

    Raises:
        ConflictError: something is unset, stale, or would be published though nobody vouches.
    """
    course = Course(flow, RunState(progress))
    try:
        if progress.place in flow.gates:
            course.shown(progress.place)
        else:
            course.enter(progress.place)
    except StepFailed as refused:
        told = refused.failure.message.removesuffix(", which the flow's check should have refused")
        raise ConflictError(f"{told}; begin at an earlier step") from refused
