"""Good answers made bad: what a model says when it does not say what it was asked."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from pydantic import JsonValue

from services.llm.scripted.script import Fault

OVERSIZE_BYTES: Final = 3_000_000
REFUSAL: Final = "I cannot help with that."
UNKNOWN_ID: Final = "x404"

_PROSE: Final = "Of course! Here is what I think about it, in my own words."
_EXTRA: Final = "nobody_asked_for_this"


def written(answer: JsonValue) -> str:
    """Write an answer as a model does: text as it is, anything else as compact JSON."""
    if isinstance(answer, str):
        return answer
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


def spoiled(fault: Fault | None, answer: JsonValue, schema: Mapping[str, JsonValue]) -> str:
    """Write an answer as the fault has it; faults that leave the text alone give it whole."""
    spoil = _SPOILERS.get(fault) if fault else None
    return spoil(answer, schema) if spoil else written(answer)


def _half(answer: JsonValue, schema: Mapping[str, JsonValue]) -> str:
    text = written(answer)
    return text[: len(text) // 2]


def _with_extra_field(answer: JsonValue, schema: Mapping[str, JsonValue]) -> str:
    fields = answer if isinstance(answer, dict) else {"answer": answer}
    return written({**fields, _EXTRA: True})


def _with_unknown_id(answer: JsonValue, schema: Mapping[str, JsonValue]) -> str:
    """Replace what fields named as ids hold, or else whatever the schema's enums list."""
    listed = _listed(dict(schema))
    changed = _replaced(answer, lambda field, text: _names_ids(field))
    if changed == answer:
        changed = _replaced(answer, lambda field, text: text in listed)
    return written(changed)


def _replaced(value: JsonValue, chosen: Callable[[str, str], bool], field: str = "") -> JsonValue:
    if isinstance(value, str):
        return UNKNOWN_ID if chosen(field, value) else value
    if isinstance(value, list):
        return [_replaced(item, chosen, field) for item in value]
    if isinstance(value, dict):
        return {name: _replaced(item, chosen, name) for name, item in value.items()}
    return value


def _names_ids(field: str) -> bool:
    return field in {"id", "ids"} or field.endswith(("_id", "_ids"))


def _listed(schema: JsonValue) -> frozenset[str]:
    """Collect every string that any enum in a schema lists."""
    if isinstance(schema, list):
        return frozenset().union(*(_listed(item) for item in schema))
    if not isinstance(schema, dict):
        return frozenset()
    choices = schema.get("enum")
    own = choices if isinstance(choices, list) else []
    strings = frozenset(choice for choice in own if isinstance(choice, str))
    return strings.union(*(_listed(item) for item in schema.values()))


_SPOILERS: Final[Mapping[Fault, Callable[[JsonValue, Mapping[str, JsonValue]], str]]] = {
    Fault.EMPTY: lambda answer, schema: "",
    Fault.BLANK: lambda answer, schema: " \n\t ",
    Fault.TRUNCATED: _half,
    Fault.HALF_JSON: _half,
    Fault.CONTENT_FILTER: _half,
    Fault.NOT_JSON: lambda answer, schema: _PROSE,
    Fault.WRONG_SCHEMA: lambda answer, schema: written({_EXTRA: [1, 2, 3]}),
    Fault.EXTRA_FIELD: _with_extra_field,
    Fault.UNKNOWN_ID: _with_unknown_id,
    Fault.REFUSAL: lambda answer, schema: "",
    Fault.OVERSIZE: lambda answer, schema: "x" * OVERSIZE_BYTES,
}
