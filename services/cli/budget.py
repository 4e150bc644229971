"""Reads a budget as a person writes it on a command line: `usd=4,working_time=60m`."""

from typing import Final

from contracts.compiled import CompiledBudget
from contracts.duration import seconds
from services.errors import InputInvalidError

FIELDS: Final = {
    "model_calls": "model_calls",
    "tokens": "tokens",
    "usd": "microusd",
    "working_time": "working_seconds",
}


def raised(budget: CompiledBudget, written: str) -> CompiledBudget:
    """Change what is written in a budget.

    Raises:
        InputInvalidError: a part is no `name=value` of a budget.
    """
    changes: dict[str, int] = {}
    for part in written.split(","):
        name, _, text = part.strip().partition("=")
        if name not in FIELDS:
            known = ", ".join(f"{each}=…" for each in FIELDS)
            raise InputInvalidError(f"{part!r} is no part of a budget; write {known}")
        changes[FIELDS[name]] = _number(name, text)
    return budget.model_copy(update=changes)


def _number(name: str, text: str) -> int:
    try:
        if name == "working_time":
            found = seconds(text)
            assert isinstance(found, int)
            return found
        number = round(float(text) * 1_000_000) if name == "usd" else int(text)
    except (ValueError, OverflowError) as error:
        wanted = {"usd": "dollars, as in 4.00", "working_time": "a duration, as in 60m"}
        raise InputInvalidError(
            f"{name}={text} is no budget; write {wanted.get(name, 'a whole number')}"
        ) from error
    if number < 0:
        raise InputInvalidError(f"{name}={text} is below zero")
    return number
