"""Which verdicts of a person lead which way out of a gate."""

from contracts.compiled import (
    Both,
    Compare,
    CompiledGate,
    CompiledRule,
    Condition,
    Either,
    Negation,
)
from contracts.content.decision import DecisionVerdict
from workflows.rules import Facts, evaluate


def verdicts_by_rule(gate: CompiledGate) -> tuple[tuple[str, ...], ...]:
    """List for each rule of a gate the verdicts that may take it, in the order of the contract.

    A verdict goes past a rule that may not match it or may be used up. Rules that look at other
    fields than the verdict may go either way.
    """
    found: list[list[str]] = [[] for _ in gate.next]
    for verdict in DecisionVerdict:
        # Nobody can say `edited` at a gate where nothing can be edited.
        if verdict is DecisionVerdict.EDITED and not gate.edits:
            continue
        if verdict is DecisionVerdict.REVISE and not gate.revises:
            continue
        for ordinal, rule in enumerate(gate.next):
            matches = _matches(gate, rule, verdict)
            if matches is not False:
                found[ordinal].append(verdict.value)
            if matches and rule.at_most is None:
                break
    return tuple(tuple(verdicts) for verdicts in found)


def holds(condition: Condition, known: Facts) -> bool | None:
    """Decide a condition on the facts that are known; None when it takes others as well."""
    match condition:
        case Compare(slot=slot, fact=fact):
            is_known = fact in known.get(slot, {})
            return evaluate(condition, known) if is_known else None
        case Negation(part=part):
            held = holds(part, known)
            return None if held is None else not held
        case Both(parts=parts):
            each = [holds(part, known) for part in parts]
            return False if False in each else (None if None in each else True)
        case Either(parts=parts):
            each = [holds(part, known) for part in parts]
            return True if True in each else (None if None in each else False)


def _matches(gate: CompiledGate, rule: CompiledRule, verdict: DecisionVerdict) -> bool | None:
    if rule.when is None:
        return True
    return holds(rule.when, {gate.writes or "": {"verdict": verdict.value}})
