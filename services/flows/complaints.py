"""What a validation found wrong with a flow document, in the words of a flow's author."""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from pydantic_core import ErrorDetails

from services.flows.mending import KEYS, place_of
from workflows.checking.finding import Finding, Place

_SHOWN: Final = 60
"""Characters of a value that a message repeats."""

_ASKED_FOR: Final[Mapping[str, tuple[str, str]]] = {
    "int_type": ("a whole number", "Write digits alone, without quotes or a point."),
    "int_parsing_size": ("a number that can be counted to", "Write a smaller number."),
    "string_type": ("a name or text", "Write a word; quote it if it looks like a number."),
    "bool_type": ("true or false", "Write true or false, without quotes."),
    "list_type": ("a list", "Write [one, another], or one in a line after a dash."),
    "dict_type": ("keys and what they mean", "Write `key: value` below it, indented."),
    "model_type": ("keys and what they mean", "Write `key: value` below it, indented."),
    "model_attributes_type": ("keys and what they mean", "Write `key: value` below, indented."),
}
"""By pydantic's name of a problem: what is asked for instead of what stands there, and how."""


def complaints(problems: Sequence[ErrorDetails]) -> Iterator[Finding]:
    """Tell each problem once, as a finding with a remedy (FO102, FO103, FO104)."""
    return (_complaint(problem) for problem in _told_once(problems))


def _told_once(problems: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Leave out that a key is missing where another stands that was meant to be it."""
    meant = {
        (*place[:-1], near)
        for problem in problems
        if problem["type"] == "extra_forbidden"
        for place in (place_of(problem),)
        for near in get_close_matches(str(place[-1]), KEYS, 1)
    }
    for problem in problems:
        if problem["type"] != "missing" or place_of(problem) not in meant:
            yield problem


def _complaint(problem: ErrorDetails) -> Finding:
    place, given = place_of(problem), shown(problem["input"])
    key = str(place[-1]) if place else "file"
    match problem["type"]:
        case "extra_forbidden":
            near = get_close_matches(key, KEYS, 1)
            remedy = f"Did you mean {near[0]!r}?" if near else "Remove it."
            return _at(place, "FO102", f"{key!r:.60} is not a key of a flow here", remedy)
        case "missing":
            return _at(place, "FO103", f"{key!r} is missing", f"Add `{key}:`.")
        case "value_error":
            message = problem["msg"].removeprefix("Value error, ")
            return _at(place, "FO104", message, "Change it as the message says.")
        case "string_pattern_mismatch":
            remedy = "Use lower-case letters, digits and underscores, 48 at most, a letter first."
            return _at(place, "FO104", f"{problem['input']!r:.60} is no name", remedy)
        case "literal_error":
            return _none_of(place, given, problem)
        case "too_short":
            return _at(place, "FO104", f"{key!r} is empty", "Name at least one.")
        case "greater_than_equal" | "less_than_equal":
            return _beyond(place, given, problem)
        case kind:
            asked, remedy = _ASKED_FOR.get(kind, ("what can stand here", "See the flow's schema."))
            return _at(place, "FO104", f"{given} is not {asked}", remedy)


def _none_of(place: Place, given: str, problem: ErrorDetails) -> Finding:
    expected = str(problem.get("ctx", {}).get("expected", ""))
    known = [each.strip(" '") for each in expected.replace(" or ", ", ").split(",")]
    near = get_close_matches(str(problem["input"]), known, 1)
    remedy = f"Did you mean {near[0]!r}?" if near else "Write one of these."
    return _at(place, "FO104", f"{given} is none of {', '.join(known)}", remedy)


def _beyond(place: Place, given: str, problem: ErrorDetails) -> Finding:
    bounds = problem.get("ctx", {})
    if "ge" in bounds:
        least = bounds["ge"]
        return _at(place, "FO104", f"{given} is too little", f"Write {least} or more.")
    most = bounds.get("le")
    return _at(place, "FO104", f"{given} is too much", f"Write {most} or less.")


def shown(value: object) -> str:
    """Write a value of a file for a message: on one line, cut off when it is long."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list():
            return "a list"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _at(place: Place, code: str, message: str, remedy: str) -> Finding:
    return Finding(code=code, place=place, message=message, remedy=remedy)
