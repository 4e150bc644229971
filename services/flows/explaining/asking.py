"""Who is asked at a gate beside the role that it names: reminders, escalation, approvers."""

from collections.abc import Iterator

from services.flows.explaining.words import duration, listing, number, role
from workflows.context_map.parts import GateNode


def asking(gate: GateNode) -> Iterator[str]:
    """Say who has to approve, who is reminded when, and who is asked after whom."""
    yield from _approving(gate)
    if gate.remind:
        moments = listing([duration(each) for each in gate.remind])
        yield f"{role(gate.role)} is reminded after {moments}"
    how = "as well, and may approve for one of them" if gate.approvers else "instead"
    for each in gate.escalate:
        yield f"after {duration(each.after)} without a decision, {role(each.to)} is asked {how}"


def _approving(gate: GateNode) -> Iterator[str]:
    asked = gate.approvers
    if asked is None:
        return
    who = listing([role(each) for each in asked.of])
    if len(asked.of) == 1 or asked.need == 1:
        one = listing([role(each) for each in asked.of], "or")
        yield f"it takes the approval of {one}"
    elif asked.need == len(asked.of):
        yield f"it takes the approvals of {who}, one of each"
    else:
        yield f"it takes {number(asked.need)} approvals, of {who}, at most one of each"
    yield "anything but an approval ends the wait at once"
    if asked.not_author:
        yield "whoever wrote by hand what is shown, or started the run, may not approve it"
