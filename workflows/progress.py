"""The run's page in the Temporal UI: a checklist of steps in Markdown."""

from contracts.compiled import CompiledFlow
from contracts.origin import Origin
from workflows.state import RunState


def checklist(flow: CompiledFlow, state: RunState, origin: Origin | None = None) -> str:
    """Draw every step and gate of the flow with its visits, and where the run is now."""
    lines = [f"**{flow.name}** version {flow.version}", ""]
    if origin:
        lines += [f"A {origin.how} of {origin.run}, from `{origin.place}` on.", ""]
    beside = _beside(flow, state.place)
    for name in (*flow.steps, *flow.gates):
        visits = state.visits.get(name, 0)
        if name == state.place:
            mark, note = "▶", "waiting for a person" if name in flow.gates else "at work"
        elif name in beside:
            mark, note = "▶", "at work, side by side"
        elif visits:
            mark, note = "✔", "done" if visits == 1 else f"done, {visits} visits"
        else:
            mark, note = "·", ""
        lines.append(f"- {mark} {name} {note}".rstrip())
    spent = state.ledger.spent
    lines += ["", f"{spent.calls} model calls, {spent.tokens} tokens, {_money(state)}"]
    if state.place in flow.ends:
        lines.append(f"Ended at **{state.place}**.")
    return "\n".join(lines)


def _beside(flow: CompiledFlow, place: str) -> tuple[str, ...]:
    """List the steps that are worked on ahead of their turn when a run comes to a block."""
    for block in flow.blocks.values():
        if block.first == place:
            return tuple(step for branch in block.branches.values() for step in branch)
    return ()


def _money(state: RunState) -> str:
    spent = state.ledger.spent
    priced = f"${spent.cost_microusd / 1_000_000:.4f}"
    return f"{priced} and {spent.unpriced_calls} unpriced" if spent.unpriced_calls else priced
