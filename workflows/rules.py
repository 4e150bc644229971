"""The rule language: parse a closed set of comparisons, evaluate them on facts.

`== != < <= > >= in not in and or not len()`, paths into slots on the left, literals on the right.
Python's grammar reads it; every node is white-listed. No floats, calls, arithmetic or presence
tests: being closed is what lets the checker decide which rules can fire.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import Final, Literal

from contracts.compiled import Both, Compare, Condition, Either, Literals, Negation
from contracts.reference import FactValue

Facts = Mapping[str, Mapping[str, FactValue]]
"""Facts by slot, then by path."""

Operator = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]

_OPERATORS: Final[dict[type[ast.cmpop], Operator]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}


RULE_CHARACTERS: Final = 2_000
NESTED_CONDITIONS: Final = 20
"""A compiled flow has to be read back from JSON, whose reader gives up on some 200 levels."""


class RuleError(ValueError):
    """A rule is not of the language; the message says what is and what to write."""


def parse(text: str) -> Condition:
    """Read one condition.

    Raises:
        RuleError: it uses anything outside the language.
    """
    if len(text) > RULE_CHARACTERS:
        raise RuleError(f"a rule has at most {RULE_CHARACTERS} characters, this one {len(text)}")
    try:
        return _condition(ast.parse(text.strip(), mode="eval").body, NESTED_CONDITIONS)
    except RuleError:
        raise
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise RuleError(
            f"{text[:200]!r} is no condition; write e.g. review.verdict == 'accept'"
        ) from None


def parse_own(text: str, owner: str) -> Condition:
    """Read a condition on the fields of one value, `verdict == 'accept'`, as of a slot.

    Raises:
        RuleError: it uses anything outside the language.
    """
    try:
        tree = _Owned(owner).visit(ast.parse(text.strip(), mode="eval"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise RuleError(f"{text[:200]!r} is no condition; write e.g. verdict == 'accept'") from None
    return parse(ast.unparse(tree))


class _Owned(ast.NodeTransformer):
    """Puts the owner before every name but `len`."""

    def __init__(self, owner: str) -> None:
        self._owner = owner

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Turn `verdict` into `owner.verdict`."""
        if node.id == "len":
            return node
        return ast.Attribute(ast.Name(self._owner, ast.Load()), node.id, ast.Load())


def evaluate(condition: Condition, facts: Facts) -> bool:
    """Decide a condition on the facts at hand.

    Raises:
        KeyError: a fact is missing; the checker rules that out for a checked flow.
    """
    match condition:
        case Both(parts=parts):
            return all(evaluate(part, facts) for part in parts)
        case Either(parts=parts):
            return any(evaluate(part, facts) for part in parts)
        case Negation(part=part):
            return not evaluate(part, facts)
        case Compare(slot=slot, fact=fact, op=op, value=value):
            return _compare(facts[slot][fact], op, value)


def comparisons(condition: Condition) -> Iterator[Compare]:
    """List the comparisons inside a condition, left to right."""
    match condition:
        case Both(parts=parts) | Either(parts=parts):
            for part in parts:
                yield from comparisons(part)
        case Negation(part=part):
            yield from comparisons(part)
        case Compare():
            yield condition


def literals(comparison: Compare) -> tuple[bool | int | str, ...]:
    """List what a comparison compares with."""
    value = comparison.value
    return value if isinstance(value, tuple) else (value,)


def _compare(fact: FactValue, op: Operator, value: Literals) -> bool:
    if op in ("in", "not in"):
        assert isinstance(value, tuple)
        return (fact in value) == (op == "in")
    if op in ("==", "!="):
        return (fact == value) == (op == "==")
    assert isinstance(fact, int)
    assert isinstance(value, int)
    match op:
        case "<":
            return fact < value
        case "<=":
            return fact <= value
        case ">":
            return fact > value
        case _:
            return fact >= value


def _condition(node: ast.expr, levels: int) -> Condition:
    if levels == 0:
        raise RuleError(f"conditions nest at most {NESTED_CONDITIONS} deep; write several rules")
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return Both(parts=tuple(_condition(value, levels - 1) for value in values))
        case ast.BoolOp(values=values):
            return Either(parts=tuple(_condition(value, levels - 1) for value in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Negation(part=_condition(operand, levels - 1))
        case ast.Compare():
            return _comparison(node)
        case ast.Attribute():
            slot, fact = _path(node)
            return Compare(slot=slot, fact=fact, op="==", value=True)
        case _:
            raise RuleError(
                f"{ast.unparse(node)!r} is not allowed in a rule; compare a field with a literal"
            )


def _comparison(node: ast.Compare) -> Compare:
    if len(node.ops) != 1 or type(node.ops[0]) not in _OPERATORS:
        raise RuleError(f"{ast.unparse(node)!r}: write one comparison at a time, joined by `and`")
    slot, fact = _subject(node.left)
    op = _OPERATORS[type(node.ops[0])]
    value = _literal(node.comparators[0])
    if isinstance(value, tuple) != (op in ("in", "not in")):
        raise RuleError(f"{ast.unparse(node)!r}: `in` takes a list of literals, and only `in` does")
    return Compare(slot=slot, fact=fact, op=op, value=value)


def _subject(node: ast.expr) -> tuple[str, str]:
    match node:
        case ast.Call(func=ast.Name(id="len"), args=[ast.Attribute() as inner], keywords=[]):
            slot, path = _path(inner)
            return slot, f"len({path})"
        case ast.Attribute():
            return _path(node)
        case _:
            raise RuleError(
                f"{ast.unparse(node)!r} cannot be compared; the left side is a field such as "
                "review.verdict, or len() of a list field"
            )


def _path(node: ast.Attribute) -> tuple[str, str]:
    names: list[str] = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        names.append(inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name):
        raise RuleError(f"{ast.unparse(node)!r} is no path; write slot.field")
    return inner.id, ".".join(reversed(names))


def _literal(node: ast.expr) -> Literals:
    match node:
        case ast.Constant(value=str() as text) if not _is_unicode(text):
            raise RuleError(f"{ast.unparse(node)!r} holds half a character; no field can")
        case ast.Constant(value=bool() | int() | str() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)) if type(value) is int:
            return -value
        case ast.List(elts=elements) | ast.Tuple(elts=elements) if elements:
            return tuple(_scalar(each) for each in elements)
        case ast.Constant(value=float()):
            raise RuleError(f"{ast.unparse(node)}: no fractions; scores are integers 0 to 100")
        case _:
            raise RuleError(f"{ast.unparse(node)!r} is no literal; the right side is one")


def _scalar(node: ast.expr) -> bool | int | str:
    value = _literal(node)
    if isinstance(value, tuple):
        raise RuleError(f"{ast.unparse(node)!r}: lists of literals do not nest")
    return value


def _is_unicode(text: str) -> bool:
    """Whether UTF-8 can write it: an escape in a rule may name half of a surrogate pair."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
