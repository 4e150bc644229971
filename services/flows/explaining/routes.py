"""What becomes of a rule that is used up, and by which verdicts a person goes which way."""

from collections.abc import Iterator, Mapping, Sequence

from contracts.compiled import Both, Compare, Condition
from contracts.reference import FactValue
from services.flows.explaining.chart import Chart
from services.flows.explaining.words import listing
from services.flows.explaining.words import number as counted_in_words
from workflows.context_map.parts import GateNode, MapWay
from workflows.context_map.verdicts import holds
from workflows.rules import comparisons, parse


def after_that(chart: Chart, ways: Sequence[MapWay], index: int) -> str:
    """Say where a counted rule's runs go once it is used up; empty for one that is not counted."""
    way = ways[index]
    if way.at_most is None:
        return ""
    known = _known(way)
    for later in ways[index + 1 :]:
        matches = True if later.rule in ("", "else") else holds(parse(later.rule), known)
        if matches is None or (matches and later.at_most):
            # A later rule may not hold, or its own count may be used up before this one's is.
            return "after that, the rules below decide"
        if matches:
            return f"after that, {chart.follows(later.target)}"
    return ""


def by_verdict(ways: Sequence[MapWay], gate: GateNode) -> bool:
    """Whether the ways out of a gate can be told verdict by verdict.

    Not where a rule looks at more than the verdict, nor where several verdicts share one count:
    how many of either are left for the ways below is not known then.
    """
    shared = any(way.at_most and len(way.verdicts) > 1 for way in ways)
    return not shared and not any(_looks_elsewhere(way.rule, gate) for way in ways)


def verdicts(ways: Sequence[MapWay]) -> list[str]:
    """Name for each way out of a gate the verdicts that go there, with those left over last.

    Only for ways that can be told so; see `by_verdict`.
    """
    counted: dict[str, int] = {}
    told: list[str] = []
    for way in ways:
        plain = [f"**{each}**" for each in way.verdicts if each not in counted]
        left = [
            f"**{each}** beyond the {counted_in_words(counted[each])} allowed"
            for each in way.verdicts
            if each in counted
        ]
        told.append(listing([*plain, *left], "or") if way.verdicts else "")
        counted |= {each: counted.get(each, 0) + (way.at_most or 0) for each in way.verdicts}
    return told


def _looks_elsewhere(rule: str, gate: GateNode) -> bool:
    """Whether a gate's rule looks at anything but the verdict."""
    if rule in ("", "else") or gate.writes is None:
        return False
    verdict = (gate.writes.slot, "verdict")
    return any((each.slot, each.fact) != verdict for each in comparisons(parse(rule)))


def _known(way: MapWay) -> Mapping[str, Mapping[str, FactValue]]:
    """Collect the facts that a rule which holds leaves no doubt about."""
    facts: dict[str, dict[str, FactValue]] = {}
    for each in _certain(parse(way.rule)):
        if each.op == "==" and not isinstance(each.value, tuple):
            facts.setdefault(each.slot, {})[each.fact] = each.value
    return facts


def _certain(condition: Condition) -> Iterator[Compare]:
    match condition:
        case Compare():
            yield condition
        case Both(parts=parts):
            for part in parts:
                yield from _certain(part)
        case _:
            return
