"""Who uses a contract here: slots and rules of the shipped flows, and agents."""

from collections.abc import Iterator

from pydantic import BaseModel

from contracts.flow import FlowDocument, Step
from services.agents.catalogue import declarations
from services.flows.shelf import shipped
from workflows.checking.names import each_of
from workflows.rules import comparisons, parse


class Uses(BaseModel):
    """Who would notice a change of a contract."""

    slots: tuple[str, ...]
    """Of shipped flows: `article.draft`."""

    looked_at: tuple[str, ...]
    """What rules and fan-outs of shipped flows look at: `article.review.verdict`."""

    produced_by: tuple[str, ...]
    received_by: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """Write who uses it; nothing where nobody does."""
        for title, names in (
            ("slots", self.slots),
            ("looked at", self.looked_at),
            ("produced by", self.produced_by),
            ("received by", self.received_by),
        ):
            if names:
                yield f"{title}: {', '.join(names)}"


def uses_of(key: str) -> Uses:
    """Find who uses a contract, `Draft@1`."""
    documents = [file.document for file in shipped()]
    agents = declarations().values()
    return Uses(
        slots=tuple(f"{each.flow}.{slot}" for each in documents for slot in _slots(each, key)),
        looked_at=tuple(fact for each in documents for fact in _looked_at(each, key)),
        produced_by=tuple(each.name for each in agents if each.produces == key),
        received_by=tuple(
            each.name for each in agents if key in map(_contract, each.receives.values())
        ),
    )


def _slots(document: FlowDocument, key: str) -> list[str]:
    slots = document.types
    return [name for name, kind in slots.items() if _contract(kind) == key]


def _looked_at(document: FlowDocument, key: str) -> list[str]:
    slots = _slots(document, key)
    found: dict[str, None] = {}
    for node in document.steps.values():
        for rule in node.next:
            for each in comparisons(parse(rule.when)) if rule.when else ():
                if each.slot in slots:
                    found[f"{document.flow}.{each.slot}.{each.fact}"] = None
        walked = each_of(node) if isinstance(node, Step) else None
        if walked and walked[1] in slots:
            found[f"{document.flow}.{walked[1]}.{walked[2]}"] = None
    return list(found)


def _contract(kind: str) -> str:
    """Read the contract of a type: of a value, a list or an element of a fan-out."""
    return kind.strip("[]").partition(".")[0]
