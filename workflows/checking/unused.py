"""What of a flow no run ever uses: parts that nothing leads to, and rules that are never taken."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from contracts.compiled import CompiledRule, Condition
from contracts.flow import FlowDocument, Gate, Rule
from contracts.reference import FactValue
from contracts.registry import Registry
from workflows.checking.control import Control
from workflows.checking.domains import Domains, Field
from workflows.checking.finding import Finding
from workflows.checking.readings import Reading
from workflows.checking.terrain import Terrain, name_of, survey
from workflows.rules import comparisons, evaluate

MOST_NAMED: Final = 5
"""How many names one message lists."""

_COUNTED: Final = ("first", "second", "third", "fourth", "fifth", "sixth")

MOST_COMBINATIONS: Final = 50_000
"""How many values are tried to say why a rule is never taken; half a second's work."""


def unreached(document: FlowDocument, terrain: Terrain) -> tuple[str, ...]:
    """Name the steps, gates and ends that no path leads to, in the file's order."""
    places = {name_of(each) for each in terrain.locations}
    return tuple(name for name in (*document.steps, *document.ends) if name not in places)


def written_only_by(document: FlowDocument, slot: str, names: Iterable[str]) -> bool:
    """Whether some of these write a slot, and nobody else does."""
    writers = {
        name
        for name, node in document.steps.items()
        if slot in (node.writes, node.edits if isinstance(node, Gate) else None)
    }
    return bool(writers) and writers <= set(names)


def parts_without_a_way(
    document: FlowDocument, terrain: Terrain, missing: Iterable[Reading] = ()
) -> Iterator[Finding]:
    """Tell the parts that nothing leads to; what only follows them is told with them.

    Args:
        document: the flow as written.
        terrain: where its runs can be.
        missing: reads of slots that only such parts write; each is told with its cause.
    """
    names = unreached(document, terrain)
    ahead = {name: _ahead(terrain, name) for name in names}
    told: set[str] = set()
    for name in names:
        before = [other for other in names if name in ahead[other]]
        if name in told or any(other not in ahead[name] for other in before):
            continue
        after = [other for other in names if other in ahead[name] and other != name]
        told |= {name, *after}
        misses = [each for each in missing if written_only_by(document, each.slot, (name, *after))]
        yield Finding(
            code="FO301",
            place=("steps" if name in document.steps else "ends", name),
            message=_leads_nowhere_here(after, misses),
            remedy=_remedy(document, name, ahead[name]),
        )


def _ahead(terrain: Terrain, name: str) -> set[str]:
    """Where a run could come to if it began at a place."""
    if name in terrain.flow.ends:
        return {name}
    found = survey(terrain.flow.model_copy(update={"start": name}))
    return {name_of(each) for each in found.locations}


def _leads_nowhere_here(after: list[str], misses: list[Reading]) -> str:
    message = "no path leads here"
    if after:
        more = f" and {len(after) - MOST_NAMED} more" if len(after) > MOST_NAMED else ""
        message += f", nor to what only follows it: {', '.join(after[:MOST_NAMED])}{more}"
    if misses:
        told = dict.fromkeys(f"{each.place[1]} misses {each.slot}" for each in misses)
        message += f"; so {', '.join(list(told)[:MOST_NAMED])}"
    return message


def _remedy(document: FlowDocument, name: str, ahead: set[str]) -> str:
    node = document.steps.get(name)
    begins = document.start in ahead and node is not None
    if begins and not (isinstance(node, Gate) and node.answers):
        return f"Let the run begin here (start: {name}), let a rule lead to it, or remove it."
    return "Let a rule or a failure plan lead to it, or remove it."


@dataclass(frozen=True)
class Unused:
    """What no run of an explored flow takes or enters, though some path is drawn to it."""

    control: Control
    document: FlowDocument
    registry: Registry

    def findings(self) -> Iterator[Finding]:
        """Rules that are never taken, and steps that only such a default leads to."""
        entered = {name_of(state.location) for state in self.control.states}
        drawn = {name_of(each) for each in self.control.terrain.locations}
        dead = [each for each in self._never_taken() if each[0] in entered]
        handled: set[str] = set()
        for name, ordinal, rule in dead:
            if rule.when:
                handled |= _ahead(self.control.terrain, rule.target) - entered
                yield self._dead_rule(name, ordinal, rule)
        for name, _, rule in dead:
            is_new = rule.target in drawn - entered - handled
            if not rule.when and is_new and rule.target in self.document.steps:
                handled |= _ahead(self.control.terrain, rule.target) - entered
                yield _behind_a_dead_default(name, rule.target)

    def _never_taken(self) -> Iterator[tuple[str, int, Rule]]:
        for name, node in self.document.steps.items():
            for ordinal, rule in enumerate(node.next):
                if name in self.control.answers and (name, ordinal) not in self.control.taken:
                    yield name, ordinal, rule

    def _dead_rule(self, name: str, ordinal: int, rule: Rule) -> Finding:
        return Finding(
            code="FO307",
            place=("steps", name, "next", ordinal),
            message=f"no run ever goes this way to {rule.target}: {self._why(name, ordinal)}",
            remedy="Drop it, or change what it asks.",
        )

    def _why(self, name: str, ordinal: int) -> str:
        flow = self.control.terrain.flow
        rules = (flow.steps.get(name) or flow.gates[name]).next
        condition = rules[ordinal].when
        assert condition is not None
        met = [each for each in self._met(name) if _holds(condition, each)]
        if met:
            return f"{_before(rules[:ordinal], met)} all that it would take"
        if self._can_hold(condition):
            return "what led here never leaves it such a value"
        if len(tuple(comparisons(condition))) > 1:
            return "its parts contradict each other, or the contract allows no such value"
        return "the contract allows no such value"

    def _met(self, name: str) -> list[dict[Field, FactValue]]:
        """What a location's rules may find, each combination of regions once."""
        control, read = self.control, self.control.liveness.ruled[name]
        came = dict.fromkeys(self._came(name, read))
        answered = dict.fromkeys(
            tuple(each.facts.get(field) for field in read) for each in control.answers[name]
        )
        met: list[dict[Field, FactValue]] = []
        for before, after in product(came, answered):
            values = [old if new is None else new for old, new in zip(before, after, strict=True)]
            # What nothing has written is told elsewhere; no rule decides on it.
            if None not in values:
                met.append(dict(zip(read, values, strict=True)))
            if len(met) == MOST_COMBINATIONS:
                break
        return met

    def _came(self, name: str, read: Sequence[Field]) -> Iterator[tuple[FactValue, ...]]:
        """The values with which runs come to a location, of the fields that its rules read."""
        fields = self.control.liveness.fields[name]
        for state in self.control.states:
            if state.location == name:
                held = dict(zip(fields, state.values, strict=True))
                yield tuple(held.get(each) for each in read)

    def _can_hold(self, condition: Condition) -> bool:
        """Whether the contracts allow values for which a condition holds."""
        domains = Domains(self.control.terrain.flow, self.registry, (condition,))
        live = domains.mask(condition)
        regions = [domains.regions(each, live) for each in domains.fields]
        return any(
            _holds(condition, dict(zip(domains.fields, values, strict=True)))
            for values in product(*regions)
        )


def _behind_a_dead_default(source: str, target: str) -> Finding:
    return Finding(
        code="FO301",
        place=("steps", target),
        message=f"no run comes here: only `else` of {source} leads here, and the rules before it"
        " take everything",
        remedy=f"Let another rule lead here, or remove it and end the rules of {source} with"
        " `else` in the place of the last `when`.",
    )


def _before(rules: tuple[CompiledRule, ...], met: Iterable[Mapping[Field, FactValue]]) -> str:
    """Name the rule that takes what a later one would take, or say that it is several."""
    takers = {
        next(
            (at for at, rule in enumerate(rules) if rule.when is None or _holds(rule.when, each)),
            len(rules),
        )
        for each in met
    }
    if len(takers) > 1 or max(takers) >= min(len(rules), len(_COUNTED)):
        return "the rules before it take"
    taker = max(takers)
    just_before = taker == len(rules) - 1
    return "the rule just before it takes" if just_before else f"the {_COUNTED[taker]} rule takes"


def _holds(condition: Condition, values: Mapping[Field, FactValue]) -> bool:
    facts: dict[str, dict[str, FactValue]] = {}
    for (slot, fact), value in values.items():
        facts.setdefault(slot, {})[fact] = value
    return evaluate(condition, facts)
