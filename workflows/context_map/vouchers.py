"""Which reports speak for what a step publishes."""

from collections.abc import Iterator

from contracts.compiled import Compare, CompiledFlow, CompiledStep
from workflows.context_map.parts import MapVoucher
from workflows.vouching import APPROVE, can_vouch, published, slots_by_input, vouching_condition


def vouchers(flow: CompiledFlow, step: CompiledStep) -> Iterator[MapVoucher]:
    """List every report of the flow that can vouch for a slot which the step sends out.

    Verifiers' reports come first, then people's decisions, both as declared.
    """
    sent = published(flow, step)
    for other in flow.steps.values():
        agent = flow.agents[other.agent]
        subjects = {slots_by_input(other)[name] for name in agent.about}
        if can_vouch(flow, other):
            when = vouching_condition(agent, other.writes)
            for slot in sent:
                if slot in subjects:
                    yield MapVoucher(report=other.writes, of=slot, when=when)
    for gate in flow.gates.values():
        if gate.writes is None:
            continue
        when = Compare(slot=gate.writes, fact="verdict", op="==", value=APPROVE)
        for slot in sent:
            if slot in gate.shows:
                yield MapVoucher(report=gate.writes, of=slot, when=when)
