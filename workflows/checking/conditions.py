"""Whether every rule is of the language, is well typed and can be reached."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel

from contracts.compiled import Compare
from contracts.flow import FlowDocument, Gate, Rule
from contracts.registry import Registry
from workflows.checking.finding import Finding, Place
from workflows.checking.types import PathError, ScalarType, list_at, scalar_at
from workflows.rules import RuleError, comparisons, parse


def check_conditions(document: FlowDocument, registry: Registry) -> Iterator[Finding]:
    """Find rules that cannot be read, compare what cannot be compared, or never get their turn."""
    slots = document.types
    for name, node in document.steps.items():
        place: Place = ("steps", name, "next")
        yield from _order(place, node.next, is_gate=isinstance(node, Gate))
        for ordinal, rule in enumerate(node.next):
            if rule.when is not None:
                yield from _rule((*place, ordinal, "when"), rule.when, slots, registry)


def _order(place: Place, rules: Sequence[Rule], *, is_gate: bool) -> Iterator[Finding]:
    if not rules:
        return
    defaults = [ordinal for ordinal, rule in enumerate(rules) if rule.otherwise is not None]
    if defaults and defaults[0] < len(rules) - 1:
        twice = len(defaults) > 1
        yield Finding(
            code="FO212",
            place=(*place, defaults[0] + 1),
            message="no rule after `else` is ever tried",
            remedy="Keep one `else`, at the end." if twice else "Move `else` to the end.",
        )
    elif not defaults:
        where = "gate" if is_gate else "step"
        yield Finding(
            code="FO212",
            place=(*place, len(rules) - 1),
            message=f"this {where} has no default: when no rule matches, the run has no way on",
            remedy="End the list with {else: name}.",
        )


def _rule(
    place: Place, text: str, slots: Mapping[str, str], registry: Registry
) -> Iterator[Finding]:
    try:
        found = list(comparisons(parse(text)))
    except RuleError as error:
        yield Finding(
            code="FO210",
            place=place,
            message=str(error),
            remedy="Rules compare a slot's field with a literal, joined by and, or, not.",
        )
        return
    for each in found:
        if problem := _problem(each, slots, registry):
            yield Finding(
                code="FO211",
                place=place,
                message=problem,
                remedy="Compare a field of the slot's contract with a literal of its type.",
            )


def _problem(found: Compare, slots: Mapping[str, str], registry: Registry) -> str:
    if found.slot not in slots:
        return f"there is no slot {found.slot!r}"
    model = registry.contracts.get(slots[found.slot])
    if model is None:
        return f"{found.slot} holds a list of values, and a rule looks at one"
    try:
        kind = _type_of(model, found.fact)
    except PathError as error:
        return str(error)
    return _mismatch(found, kind)


def _type_of(model: type[BaseModel], fact: str) -> ScalarType:
    if fact.startswith("len("):
        list_at(model, fact[4:-1])
        return ScalarType(int)
    return scalar_at(model, fact)


def _mismatch(found: Compare, kind: ScalarType) -> str:
    field = f"{found.slot}.{found.fact}"
    literals = found.value if isinstance(found.value, tuple) else (found.value,)
    if found.op in ("<", "<=", ">", ">=") and kind.kind is not int:
        return f"{field} is no number, so {found.op} says nothing about it"
    for literal in literals:
        if type(literal) is not kind.kind:
            return f"{field} is {_words(kind)}, and {literal!r} is not"
        if kind.values and literal not in kind.values:
            return f"{field} is one of {', '.join(kind.values)}, never {literal!r}"
    return ""


def _words(kind: ScalarType) -> str:
    return {bool: "true or false", int: "a whole number", str: "text"}[kind.kind]
