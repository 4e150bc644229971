"""Whether reminders, escalations and approvers of a gate can ever do what they are there for."""

from collections.abc import Iterator
from typing import Final

from contracts.asking import Approvers
from contracts.flow import FlowDocument, Gate
from workflows.checking.finding import Finding, Place

SEVERAL_WRITE: Final = "Decision@2"
"""Only this version can say who of several decided."""


def check_asking(document: FlowDocument) -> Iterator[Finding]:
    """Find reminders and escalations that never come, and approvals that nobody can give."""
    slots = {**document.input, **document.slots}
    for name, node in document.steps.items():
        if isinstance(node, Gate):
            here: Place = ("steps", name)
            yield from _reminders(here, node)
            yield from _escalations(here, node)
            if node.approvers:
                yield from _approvers(here, node, node.approvers, slots.get(node.writes or "", ""))


def _reminders(here: Place, gate: Gate) -> Iterator[Finding]:
    for ordinal, after in enumerate(gate.remind):
        place: Place = (*here, "remind", ordinal)
        if after >= gate.deadline:
            yield _never(place, "this reminder comes when the deadline is over")
        elif after in gate.remind[:ordinal]:
            yield _never(place, "this reminder stands here twice", "Keep one of the two.")


def _escalations(here: Place, gate: Gate) -> Iterator[Finding]:
    asked = {gate.gate, *(gate.approvers.of if gate.approvers else ())}
    moments: set[int] = set()
    for ordinal, each in enumerate(gate.escalate):
        place: Place = (*here, "escalate", ordinal)
        if each.after >= gate.deadline:
            yield _never(place, f"{each.to} would be asked when the deadline is over")
        if each.to in asked:
            remedy = "Name a role that is not asked yet."
            yield _never(place, f"{each.to} is asked already", remedy)
        if each.after in moments:
            yield _never(place, "two roles are asked at one moment", "Let one follow the other.")
        asked.add(each.to)
        moments.add(each.after)


def _approvers(here: Place, gate: Gate, asked: Approvers, written: str) -> Iterator[Finding]:
    place: Place = (*here, "approvers")
    roles = list(dict.fromkeys(asked.of))
    if len(roles) < len(asked.of):
        yield _nobody(place, "a role is named twice in `of`", "Name each role once.")
    elif asked.count > len(roles):
        message = f"{asked.count} have to approve, and only {len(roles)} are asked"
        yield _nobody(place, message, "Name more roles in `of`, or lower `need`.")
    if gate.gate not in asked.of:
        message = f"the gate asks {gate.gate}, who is none of its approvers"
        yield _nobody(place, message, f"Add {gate.gate} to `of`, or let the gate ask one of them.")
    if written.startswith("Decision@") and written != SEVERAL_WRITE:
        message = f"a {written} cannot say who of several decided"
        yield _nobody(place, message, f"Declare {gate.writes} as {SEVERAL_WRITE}.")


def _never(
    place: Place, message: str, remedy: str = "Let it come earlier, or the deadline later."
) -> Finding:
    return Finding(code="FO231", place=place, message=message, remedy=remedy)


def _nobody(place: Place, message: str, remedy: str) -> Finding:
    return Finding(code="FO232", place=place, message=message, remedy=remedy)
