"""The field names of everything that crosses a border of a flow."""

from contracts.compiled import CompiledFlow
from contracts.registry import Registry
from workflows.checking.types import list_at


def field_names(flow: CompiledFlow, registry: Registry) -> dict[str, tuple[str, ...]]:
    """List the field names of every contract that a flow uses, in the contract's order.

    The key is the contract's, `Draft@1`, or for the element that a fan-out hands over what its
    agent calls it, `Outline@1.sections[]`.
    """
    found = {key: tuple(registry.get(key).model_fields) for key in flow.contracts}
    for step in flow.steps.values():
        if step.each:
            element = list_at(registry.get(flow.slots[step.each.slot]), step.each.path).element
            kind = flow.agents[step.agent].receives[step.each.variable]
            found[kind] = tuple(element.model_fields)
    return found
