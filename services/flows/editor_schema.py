"""The JSON Schema of a flow file as written, for editors: completion, hover help, early errors.

Derived from the document's model; draft-07, the newest draft that every YAML language server knows.
It is stricter than the reader in one thing: a key that stands there says something. What it cannot
say (names that lead nowhere, what holds on every path) is left to the check.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from contracts.agent import AgentDeclaration, AgentKind
from contracts.failure import REMEDY, RETRIED, UNPLANNED, FailureKind
from contracts.flow import OTHERWISE, FlowDocument
from contracts.long_term import ENTRY
from contracts.notation import CONTRACT, DURATION, EACH, ENTRY_READ, NAME, SLOT, SUBJECT
from contracts.registry import Registry

FILE_NAME: Final = "flow.schema.json"
MEDIA_TYPE: Final = "application/schema+json"

_DIALECT: Final = "http://json-schema.org/draft-07/schema#"
_OBJECT: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])

_MEANING: Final[dict[FailureKind, str]] = {
    FailureKind.UNAVAILABLE: "No connection, a server's error, or a worker that was lost.",
    FailureKind.RATE_LIMITED: "The provider asks to wait.",
    FailureKind.TIMED_OUT: "No answer in time.",
    FailureKind.DENIED: "The provider refuses the key (401, 403).",
    FailureKind.QUOTA: "The account's quota is used up.",
    FailureKind.REFUSED: "The model declines to answer.",
    FailureKind.TRUNCATED: "The answer broke off at the output limit.",
    FailureKind.EMPTY: "An answer without content: nothing, blanks, a required text left empty.",
    FailureKind.MALFORMED: "The answer does not fit its schema.",
    FailureKind.RULE_BROKEN: "The answer fits its schema and breaks a rule of the agent.",
    FailureKind.TOO_LARGE: "The answer, or the prompt, is larger than its limit.",
    FailureKind.UNREADABLE: "A stored value does not fit the contract it is read as.",
    FailureKind.MEMORY_LOST: "A stored value is gone, and could not be restored from its copies.",
    FailureKind.OVER_BUDGET: "The run's budget does not cover the next call.",
    FailureKind.NO_PROGRESS: "The step's answer is the value that it read.",
    FailureKind.CONFLICT: "Somebody else changed the entry of memory, and nothing merges it.",
    FailureKind.REJECTED: "A person rejected the run of the sub-flow.",
    FailureKind.EXPIRED: "Nobody decided in time in the run of the sub-flow.",
    FailureKind.UNFINISHED: "The run of the sub-flow failed or was cancelled.",
}

_LAST_RESORT: Final = (
    "Kinds that no other line covers, and lines whose `then` is used up. Leads to an end or a gate."
)
_SAID_OF: Final = {
    NAME: "Use lower-case letters, digits and underscores, a letter first.",
    SLOT: "Write a slot's name, with ? at the end where the reader can do without a value.",
    CONTRACT: "Write a contract and its version, as in Draft@1.",
    DURATION: "Write a whole number and s, m, h or d, as in 30m.",
    ENTRY: "Write a namespace and a name, as in brand.voice.",
    ENTRY_READ: "Write an entry and the version of its contract, as in brand.voice@1.",
    SUBJECT: "Write an input and a field of it, as in brief.title.",
    EACH: "Write: item in slot.field, as in part in outline.sections.",
}
"""What an editor says where a text does not match a pattern."""


REMEMBER_KEYS: Final = frozenset({"reads", "writes", "next", "on_failure"})
"""What of a step's keys somebody may write where it remembers."""


class _AsWritten(GenerateJsonSchema):
    """Leaves out what means nothing in a file: titles of fields, null, defaults that are empty."""

    schema_dialect = _DIALECT

    def field_title_should_be_set(self, schema: object) -> bool:
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        return {
            key: value
            for key, value in found.items()
            if key != "default" or value not in (None, "")
        }

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        found = super().dict_schema(schema)
        return (
            found if "additionalProperties" in found else {**found, "additionalProperties": False}
        )


def flow_schema(
    agents: Mapping[str, AgentDeclaration] | None = None, registry: Registry | None = None
) -> dict[str, JsonValue]:
    """Describe a flow file to editors.

    Args:
        agents: those that steps may use, offered by name; any name if not given.
        registry: the contracts that slots may hold, offered by key; any key if not given.
    """
    schema = FlowDocument.model_json_schema(
        schema_generator=_AsWritten, ref_template="#/definitions/{model}"
    )
    definitions = schema["definitions"] = schema.pop("$defs")
    definitions.update(_failure_plan(definitions["PlanLine"]))
    for inherited in definitions["Step"]["properties"].keys() - REMEMBER_KEYS:
        definitions["Remember"]["properties"].pop(inherited)
    for owner in (schema, definitions["Step"], definitions["Remember"]):
        words = owner["properties"]["on_failure"]["description"]
        owner["properties"]["on_failure"] = _described(words, "FailurePlan")
    _tell_nodes_apart(schema["properties"]["steps"], definitions)
    if agents is not None:
        definitions["Step"]["properties"]["agent"].update(_choice(_words_of_agents(agents)))
    if registry is not None:
        _offer_contracts(schema, registry)
    for part in _parts(schema):
        _tidy(part)
    return _OBJECT.validate_python({"$schema": _DIALECT, **schema})


def written(schema: Mapping[str, JsonValue]) -> str:
    """Write a schema as the file that editors read; the same schema gives the same text."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _failure_plan(line: JsonSchemaValue) -> JsonSchemaValue:
    """Say what can be done about each kind: a plan has a key a kind, and not every remedy each.

    These definitions have no words of their own, for some editors show the innermost words.
    """
    keys = line["properties"]
    bare = {key: value for key, value in line.items() if key != "description"}
    bare["required"] = ["then"]
    once = {key: value for key, value in keys.items() if not key.startswith("retry")}
    lines = {
        kind.value: _described(
            f"{_MEANING[kind]} {REMEDY[kind]}", "RetriedLine" if kind in RETRIED else "PlanLine"
        )
        for kind in FailureKind
        if kind not in UNPLANNED
    }
    lines[OTHERWISE] = _described(_LAST_RESORT, "LastLine")
    return {
        "PlanLine": {**bare, "properties": once},
        "RetriedLine": bare,
        "LastLine": {**bare, "properties": {"then": keys["then"]}},
        "FailurePlan": {"type": "object", "properties": lines, "additionalProperties": False},
    }


def _described(words: str, definition: str) -> JsonSchemaValue:
    """Refer to a definition with words of its own; draft-07 ignores all that stands beside $ref."""
    return {"description": words, "allOf": [{"$ref": f"#/definitions/{definition}"}]}


def _tell_nodes_apart(steps: JsonSchemaValue, definitions: JsonSchemaValue) -> None:
    """Let one key decide, so that errors are about one kind of node; offer each key to all."""
    [pattern] = steps["patternProperties"]
    kinds = {"gate": "Gate", "remember": "Remember"}
    told: JsonSchemaValue = {"$ref": "#/definitions/Step"}
    for key, definition in reversed(kinds.items()):
        told = {
            "if": {"type": "object", "required": [key]},
            "then": {"$ref": f"#/definitions/{definition}"},
            "else": told,
        }
    offered = {key: definitions[name]["properties"][key] for key, name in kinds.items()}
    steps["patternProperties"][pattern] = {"properties": offered, **told}


def _words_of_agents(agents: Mapping[str, AgentDeclaration]) -> dict[str, str]:
    return {name: _words_of_agent(agent) for name, agent in sorted(agents.items())}


def _words_of_agent(agent: AgentDeclaration) -> str:
    received = ", ".join(
        f"{name}{'?' if name in agent.optional else ''}: {kind}"
        for name, kind in agent.receives.items()
    )
    kind = "It asks a model" if agent.kind is AgentKind.MODEL else "It asks no model"
    return f"{agent.summary} {kind}, receives {received} and produces {agent.produces}."


def _offer_contracts(schema: JsonSchemaValue, registry: Registry) -> None:
    words = {
        key: (contract.__doc__ or "").partition("\n")[0]
        for key, contract in sorted(registry.contracts.items())
    }
    for part in list(_parts(schema)):
        if part.get("pattern") == CONTRACT:
            part.clear()
            part["$ref"] = "#/definitions/Contract"
    schema["definitions"]["Contract"] = {"type": "string", **_choice(words)}


def _tidy(part: JsonSchemaValue) -> None:
    """Drop names of classes and line breaks of docstrings; say what a pattern asks for."""
    if isinstance(part.get("title"), str):
        del part["title"]
    if isinstance(part.get("description"), str):
        part["description"] = " ".join(part["description"].split())
    if part.get("pattern") in _SAID_OF:
        part["patternErrorMessage"] = _SAID_OF[part["pattern"]]


def _choice(words: Mapping[str, str]) -> JsonSchemaValue:
    """Offer names, each with what it stands for; editors know `enumDescriptions`."""
    return {"enum": list(words), "enumDescriptions": list(words.values())}


def _parts(schema: object) -> Iterator[JsonSchemaValue]:
    """Walk every object in a schema."""
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from _parts(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _parts(value)
