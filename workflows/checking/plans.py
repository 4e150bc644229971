"""Whether every failure of every step has a plan, and every plan leads somewhere."""

from collections.abc import Iterator, Mapping

from contracts.flow import OTHERWISE, FlowDocument, PlanLine, Step
from workflows.checking.finding import Finding, Place


def plan_of(document: FlowDocument, step: Step) -> dict[str, PlanLine]:
    """The failure plan of a step: its own lines over the flow's."""
    return {**document.on_failure, **step.on_failure}


def check_plans(document: FlowDocument) -> Iterator[Finding]:
    """Find failures that no plan covers and lines that lead nowhere."""
    steps = {name: node for name, node in document.steps.items() if isinstance(node, Step)}
    holes = [name for name, step in steps.items() if OTHERWISE not in plan_of(document, step)]
    if holes:
        others = f", and {len(holes) - 1} more steps have it" if len(holes) > 1 else ""
        yield Finding(
            code="FO213",
            place=("steps", holes[0]),
            message="its failure plan has a hole: no line covers the kinds it does not name"
            f"{others}",
            remedy="Add `otherwise: {then: an end or a gate}` to on_failure.",
        )
    for name, step in steps.items():
        yield from _plan_lines(document, ("steps", name, "on_failure"), step.on_failure)
    yield from _plan_lines(document, ("on_failure",), document.on_failure)


def _plan_lines(
    document: FlowDocument, place: Place, plan: Mapping[str, PlanLine]
) -> Iterator[Finding]:
    for key, line in plan.items():
        if line.then is None:
            yield _nowhere((*place, key))
    otherwise = plan.get(OTHERWISE)
    if otherwise and otherwise.then and isinstance(document.steps.get(otherwise.then), Step):
        yield Finding(
            code="FO214",
            place=(*place, OTHERWISE),
            message="otherwise leads onward, to a step; a failure nobody foresaw must not go on",
            remedy="Let it lead to an end or a gate.",
        )


def _nowhere(place: Place) -> Finding:
    return Finding(
        code="FO214",
        place=place,
        message="this line leads nowhere once its remedies are used up",
        remedy="Add `then:` with a step, a gate or an end.",
    )
