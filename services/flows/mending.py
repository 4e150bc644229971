"""Guesses the flow that a file with slips of form means, so that one slip does not hide others.

What is guessed is only checked further, never run: a misspelt key is taken for the nearest one, and
a value that says nothing about names and ways (a duration, a count) for a neutral one.
"""

from collections.abc import Sequence
from copy import deepcopy
from difflib import get_close_matches
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from contracts.failure import UNPLANNED, FailureKind
from contracts.flow import OTHERWISE, Budget, End, FlowDocument, Gate, PlanLine, Rule, Step
from contracts.flow_blocks import BLOCKS, Block
from workflows.checking.finding import Place

KEYS: Final = sorted(
    {
        alias or name
        for model in (FlowDocument, Step, Block, Gate, End, Rule, PlanLine, Budget)
        for name, alias in ((n, f.alias) for n, f in model.model_fields.items())
        if alias != BLOCKS
    }
)
"""Every key that some part of a flow has."""

_KINDS: Final = sorted({kind.value for kind in FailureKind} - set(UNPLANNED) | {OTHERWISE})

_NEUTRAL: Final[dict[str, object]] = {
    "version": 1,
    "summary": "",
    "retention": "30d",
    "budget": {"model_calls": 0, "tokens": 0, "usd": 0, "working_time": "1m"},
    "model_calls": 0,
    "tokens": 0,
    "usd": 0,
    "working_time": "1m",
    "deadline": "1h",
    "parallel": 1,
    "at_most": 1,
    "repair": 0,
    "retry": 0,
    "reason": "",
}
"""Values that no name and no type depends on, by key."""

_ROUNDS: Final = 3
"""A mend may uncover a slip behind it; who needs more rounds is not guessing any more."""


def mended(data: dict[str, object], problems: Sequence[ErrorDetails]) -> FlowDocument | None:
    """Mend a document's slips; None when one leaves open what the flow does.

    Args:
        data: the document as written; left as it is.
        problems: what its validation found.
    """
    guess = deepcopy(data)
    for _ in range(_ROUNDS):
        if not all(_mend(guess, problem) for problem in problems):
            return None
        try:
            return FlowDocument.model_validate(guess)
        except ValidationError as error:
            problems = error.errors()
    return None


def place_of(problem: ErrorDetails) -> Place:
    """Find the place of a problem, without what the parser adds and the file does not have."""
    kept = [
        part for part in problem["loc"] if part != "[key]" and not str(part).startswith("function-")
    ]
    if kept[:1] == [BLOCKS]:
        kept[0] = "steps"
    if kept[:1] == ["steps"] and kept[2:3] in (["step"], ["gate"], ["remember"]):
        del kept[2]
    return tuple(kept)


def _mend(guess: dict[str, object], problem: ErrorDetails) -> bool:
    *way, key = place_of(problem) or ("",)
    holder: object = guess
    for part in way:
        holder = _inside(holder, part)
    if not isinstance(holder, dict) or not isinstance(key, str):
        return False
    if problem["type"] == "extra_forbidden":
        _respell(holder, key, KEYS)
    elif way[-1:] == ["on_failure"] and key not in _KINDS:
        _respell(holder, key, _KINDS)
    elif key in _NEUTRAL:
        holder[key] = deepcopy(_NEUTRAL[key])
    else:
        return False
    return True


def _inside(holder: object, part: str | int) -> object:
    match holder, part:
        case dict(), str():
            return holder.get(part)
        case list(), int():
            return holder[part] if part < len(holder) else None
    return None


def _respell(holder: dict[str, object], key: str, known: Sequence[str]) -> None:
    """Take an unknown key for the nearest known one, unless that stands there as well."""
    value = holder.pop(key, None)
    near = get_close_matches(key, known, 1)
    if near and near[0] != key and near[0] not in holder:
        holder[near[0]] = value
