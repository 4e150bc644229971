"""Turns what callers send into stored values: validated against contracts, every problem named."""

from collections.abc import Iterable, Mapping

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from contracts.base import Contract, digest
from contracts.compiled import CompiledFlow
from contracts.facts import project, size_of
from contracts.reference import Value
from contracts.registry import Registry
from contracts.work import (
    FACTS_LIMIT_BYTES,
    FLOW_LIMIT_BYTES,
    INLINE_LIMIT_BYTES,
    START_LIMIT_BYTES,
    RunStart,
)
from services.errors import FlowInvalidError, InputInvalidError, Problem

INPUT_LIMIT_BYTES = 1024 * 1024
"""The most that one value from outside may take; the body of a request may take no more."""

_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


def read_input(
    flow: CompiledFlow, given: Mapping[str, JsonValue], registry: Registry
) -> dict[str, Contract]:
    """Validate a flow's input by slot.

    A flow with one input takes its value bare as well: `{"title": …}` for `{"brief": {…}}`.

    Raises:
        InputInvalidError: an input is missing, unknown or does not fit; all problems are listed.
    """
    named = given
    is_bare = len(flow.input) == 1 and flow.input[0] not in given
    if is_bare:
        named = {flow.input[0]: dict(given)}
    problems = [
        Problem(
            f"/{_token(name)}",
            f"flow {flow.name} has no input {name!r}; it has {', '.join(flow.input)}",
        )
        for name in named
        if name not in flow.input
    ]
    values: dict[str, Contract] = {}
    for slot in flow.input:
        if slot not in named:
            problems.append(Problem(f"/{slot}", f"input {slot!r} is missing"))
            continue
        try:
            pointer = "" if is_bare else f"/{slot}"
            values[slot] = read_value(registry.get(flow.slots[slot]), named[slot], pointer)
        except InputInvalidError as error:
            problems += error.problems
    if problems:
        raise invalid(f"the input does not fit flow {flow.name}", problems)
    return values


def read_value(contract: type[Contract], given: JsonValue, pointer: str) -> Contract:
    """Validate one value, strictly: a misspelt field is refused where somebody can mend it.

    Raises:
        InputInvalidError: it does not fit; all problems are listed.
    """
    try:
        stored = _JSON.dump_json(given)
    except PydanticSerializationError as error:
        told = "nests too deep, or holds half of a surrogate pair"
        raise invalid("the value cannot be written as JSON", [Problem(pointer, told)]) from error
    if len(stored) > INPUT_LIMIT_BYTES:
        raise invalid("the value is over 1 MiB", [Problem(pointer, "larger than 1 MiB")])
    try:
        return contract.model_validate_json(stored, extra="forbid")
    except ValidationError as error:
        problems = [
            Problem(
                "/".join([pointer, *(_token(part) for part in problem["loc"])]),
                problem["msg"].removeprefix("Value error, "),
            )
            for problem in error.errors()
        ]
        raise invalid(f"this is no {contract.key()}", problems) from error


def as_value(product: Contract, facts: Iterable[str]) -> tuple[Value, bytes]:
    """Serialise a value once, with its address and facts.

    Raises:
        InputInvalidError: a run could not carry its facts: a text or list of keys that is too long.
    """
    body = product.encode()
    inline = body.decode() if len(body) <= INLINE_LIMIT_BYTES else None
    projected = project(product, facts)
    if size_of(projected) > FACTS_LIMIT_BYTES:
        longest = max(projected, key=lambda fact: size_of({fact: projected[fact]}))
        told = f"the flow routes on {longest}, which may take {FACTS_LIMIT_BYTES} bytes; shorten it"
        raise invalid(f"this {product.key()} is too large to route on", [Problem("", told)])
    return Value(digest=digest(body), size=len(body), facts=projected, body=inline), body


def refuse_oversize(start: RunStart, flow: str) -> None:
    """Refuse a start that would come near what Temporal takes, and say whose it is.

    Raises:
        FlowInvalidError: the compiled flow alone is too large.
        InputInvalidError: with its inputs it is.
    """
    if start.flow.size > FLOW_LIMIT_BYTES:
        raise FlowInvalidError(
            f"flow {flow} takes {start.flow.size} bytes compiled, of at most {FLOW_LIMIT_BYTES};"
            " shorten its agents' prompts, or split it into two flows"
        )
    taken = len(to_json(start))
    if taken > START_LIMIT_BYTES:
        told = f"flow and inputs take {taken} bytes, of at most {START_LIMIT_BYTES}"
        raise invalid("the inputs are too large together", [Problem("", f"{told}; send less")])


def invalid(message: str, problems: list[Problem]) -> InputInvalidError:
    """Build the error that lists problems, each with where it is."""
    lines = "; ".join(f"{problem.pointer}: {problem.message}" for problem in problems)
    return InputInvalidError(f"{message}: {lines}", problems)


def _token(part: str | int) -> str:
    """Escape one part of a JSON pointer (RFC 6901, section 3)."""
    return str(part).replace("~", "~0").replace("/", "~1")
