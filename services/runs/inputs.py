"""Turns what callers send into stored values: validated against contracts, every problem named."""

from collections.abc import Iterable, Mapping

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from contracts.base import Contract, digest
from contracts.compiled import CompiledFlow
from contracts.facts import project
from contracts.reference import Value
from contracts.registry import Registry
from contracts.work import INLINE_LIMIT_BYTES
from services.errors import InputInvalidError, Problem

INPUT_LIMIT_BYTES = 1024 * 1024
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
    """Serialise a value once, with its address and facts."""
    body = product.encode()
    inline = body.decode() if len(body) <= INLINE_LIMIT_BYTES else None
    value = Value(digest=digest(body), size=len(body), facts=project(product, facts), body=inline)
    return value, body


def invalid(message: str, problems: list[Problem]) -> InputInvalidError:
    """Build the error that lists problems, each with where it is."""
    lines = "; ".join(f"{problem.pointer}: {problem.message}" for problem in problems)
    return InputInvalidError(f"{message}: {lines}", problems)


def _token(part: str | int) -> str:
    """Escape one part of a JSON pointer (RFC 6901, section 3)."""
    return str(part).replace("~", "~0").replace("/", "~1")
