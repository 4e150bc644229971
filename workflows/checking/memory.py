"""Whether what a flow says of long-term memory means something, and who writes there."""

from collections.abc import Iterator
from typing import Final

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.content.remembered import Remembered
from contracts.flow import REMEMBERED, FlowDocument, Remember
from contracts.registry import Registry
from workflows.checking.finding import Finding, Place
from workflows.checking.names import unknown

SECONDS: Final = 60
"""How long one attempt may take: some requests to the archive, and turns of other writers."""


def check_memory(document: FlowDocument, registry: Registry) -> Iterator[Finding]:
    """Find entries of unknown contracts, entries declared twice, and writers of none."""
    first: dict[str, str] = {}
    for slot, kept in document.memory.items():
        if kept.contract not in registry.contracts:
            yield unknown("FO204", ("memory", slot), kept.contract, registry.contracts, "contract")
        if other := first.get(kept.entry):
            yield Finding(
                code="FO240",
                place=("memory", slot),
                message=f"{kept.entry} fills {other} already",
                remedy=f"Read {other}, and drop this slot.",
            )
        first.setdefault(kept.entry, slot)
    for name, node in document.steps.items():
        if isinstance(node, Remember) and node.remember not in document.memory:
            yield _no_entry(("steps", name, "remember"), node.remember, document)


def _no_entry(place: Place, name: str, document: FlowDocument) -> Finding:
    if document.memory:
        return unknown("FO241", place, name, document.memory, "slot under memory:")
    return Finding(
        code="FO241",
        place=place,
        message=f"there is no slot under memory: {name!r}",
        remedy=f"Declare it: `memory: {{{name}: {{entry: …, contract: …, optional: true}}}}`.",
    )


def memory_writers(document: FlowDocument) -> dict[str, AgentDeclaration]:
    """Declare who writes to each entry that some step remembers, by name."""
    return {
        node.agent: _writer(document, node)
        for node in document.steps.values()
        if isinstance(node, Remember) and node.remember in document.memory
    }


def _writer(document: FlowDocument, step: Remember) -> AgentDeclaration:
    kept = document.memory[step.remember]
    return AgentDeclaration(
        name=step.agent,
        version=1,
        kind=AgentKind.MEMORY,
        summary=f"Writes a version of {kept.entry} to long-term memory.",
        receives={REMEMBERED: kept.contract},
        produces=Remembered.key(),
        limits=AgentLimits(seconds=SECONDS),
    )
