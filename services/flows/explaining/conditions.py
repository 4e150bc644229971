"""Rules in words: `evidence` has no `items`, for `len(evidence.items) == 0`."""

from typing import Final

from contracts.compiled import PARTIAL, Both, Compare, Condition, Either, Literals, Negation
from services.flows.explaining.words import code, listing
from workflows.rules import parse

_OPPOSITE: Final = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "in": "not in",
    "not in": "in",
}
_MEASURES: Final = {"<": "under", "<=": "at most", ">": "over", ">=": "at least"}
_AMOUNTS: Final = {
    "==": "exactly",
    "!=": "not exactly",
    "<": "fewer than",
    "<=": "at most",
    ">": "more than",
    ">=": "at least",
}


def in_words(rule: str) -> str:
    """Say a rule of a checked flow as a clause that can follow `if`."""
    if rule == PARTIAL:
        return "some items failed for good and enough are done"
    return said(parse(rule))


def said(condition: Condition, *, inner: bool = False) -> str:
    """Say a condition as a clause; one that stands inside another is put in brackets."""
    match condition:
        case Compare():
            return _compared(condition)
        case Negation(part=Compare() as part):
            return _compared(part.model_copy(update={"op": _OPPOSITE[part.op]}))
        case Negation(part=part):
            return f"it is not so that ({said(part)})"
        case Both(parts=parts):
            return _joined(parts, "and", inner=inner)
        case Either(parts=parts):
            return _joined(parts, "or", inner=inner)


def _joined(parts: tuple[Condition, ...], word: str, *, inner: bool) -> str:
    told = listing((said(part, inner=True) for part in parts), word)
    return f"({told})" if inner else told


def _compared(compare: Compare) -> str:
    if compare.fact.startswith("len("):
        return _length(compare, compare.fact[4:-1])
    subject = code(f"{compare.slot}.{compare.fact}")
    match compare.op, compare.value:
        case "==", value:
            return f"{subject} is {_literal(value)}"
        case "!=", value:
            return f"{subject} is not {_literal(value)}"
        case "in", tuple() as values:
            return f"{subject} is {listing(map(_literal, values), 'or')}"
        case "not in", tuple() as values:
            return f"{subject} is none of {listing(map(_literal, values), 'and')}"
        case op, value:
            return f"{subject} is {_MEASURES[op]} {_literal(value)}"


def _length(compare: Compare, path: str) -> str:
    slot, items = code(compare.slot), code(path)
    match compare.op, compare.value:
        case ("==", 0) | ("<=", 0) | ("<", 1):
            return f"{slot} has no {items}"
        case ("!=", 0) | (">", 0) | (">=", 1):
            return f"{slot} has {items}"
        case ("in" | "not in") as op, tuple() as values:
            word = "is" if op == "in" else "is none of"
            last = "or" if op == "in" else "and"
            return f"the number of {items} in {slot} {word} {listing(map(str, values), last)}"
        case op, value:
            return f"{slot} has {_AMOUNTS[op]} {value} {items}"


def _literal(value: Literals) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case _:
            return code(str(value))
