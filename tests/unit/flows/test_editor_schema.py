"""The JSON Schema that editors check flow files by says what the reader of flow files says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from contracts.duration import seconds
from contracts.failure import RETRIED, UNPLANNED, FailureKind
from contracts.flow import OTHERWISE, FlowDocument
from contracts.registry import CONTRACTS
from services.agents.catalogue import declarations
from services.errors import FlowInvalidError
from services.flows.document import read_text
from services.flows.editor_schema import FILE_NAME, flow_schema, written
from services.flows.new import new_flow
from tests.toys import HEAD
from tests.unit.workflows.mutations import ARTICLE, MUTATIONS, Mutation

ROOT: Final = Path(__file__).parents[3]
PLAIN: Final[dict[str, Any]] = flow_schema()
INSTALLED: Final[dict[str, Any]] = flow_schema(declarations(), CONTRACTS)

TOY: Final = (
    HEAD
    + """
slots: {first: Note@1, parts: [Note@1], decision: Decision@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: done}
  ask:
    gate: editor
    shows: [first]
    writes: decision
    deadline: 1h
    on_deadline: {to: failed}
    next: done
  help:
    gate: operator
    answers: failure
    allow: [retry, stop]
    stop: failed
    deadline: 1h
    on_deadline: {to: failed}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""
)


def _is_valid(text: str, schema: dict[str, Any] = PLAIN) -> bool:
    data = YAML(typ="safe", pure=True).load(text)
    return jsonschema_rs.Draft7Validator(schema).is_valid(data)


def _is_read(text: str) -> bool:
    try:
        read_text("toy.yaml", text)
    except FlowInvalidError:
        return False
    return True


def _objects(part: object) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _objects(inner)


def _words(key: dict[str, Any]) -> str:
    """A key's own words, or those of what it refers to."""
    named = str(key.get("$ref", "")).rpartition("/")[2]
    found: str = key.get("description") or PLAIN["definitions"][named]["description"]
    return found


@pytest.mark.parametrize("schema", [PLAIN, INSTALLED], ids=["plain", "installed"])
def test_the_schema_is_one(schema: dict[str, Any]) -> None:
    """It is valid draft-07, and refers to nothing that it does not hold."""
    jsonschema_rs.meta.validate(schema)

    named = {part["$ref"].rpartition("/")[2] for part in _objects(schema) if "$ref" in part}
    assert named <= set(schema["definitions"])


@pytest.mark.parametrize("schema", [PLAIN, INSTALLED], ids=["plain", "installed"])
def test_the_flows_that_come_with_the_program_are_valid(schema: dict[str, Any]) -> None:
    """The shipped flow, and what `flows new` writes."""
    assert _is_valid(ARTICLE, schema)
    assert _is_valid(new_flow("mine"), schema)


def test_every_key_has_words() -> None:
    """Whoever points at a key reads what it means, without line breaks."""
    keys = [
        (name, key)
        for part in _objects(PLAIN)
        if part.get("additionalProperties") is False
        for name, key in part.get("properties", {}).items()
    ]

    assert [name for name, key in keys if len(_words(key)) < 20 or "\n" in _words(key)] == []
    assert len(keys) > 50


def test_unknown_keys_are_errors_everywhere() -> None:
    """Each mapping of a file is closed."""
    mappings = [part for part in _objects(PLAIN) if part.get("type") == "object"]
    conditions = [part["if"] for part in _objects(PLAIN) if "if" in part]

    assert [
        part
        for part in mappings
        if part.get("additionalProperties") is not False and part not in conditions
    ] == []
    assert set(PLAIN["properties"]) == set(FlowDocument.model_fields) - {"blocks"}


def test_a_plan_has_a_key_for_each_kind_of_failure() -> None:
    """The closed set of kinds and `otherwise`; only what may pass can be tried again."""
    plan = PLAIN["definitions"]["FailurePlan"]["properties"]
    retried = {kind for kind, line in plan.items() if "RetriedLine" in json.dumps(line)}

    assert set(plan) == (set(FailureKind) - UNPLANNED) | {OTHERWISE}
    assert retried == RETRIED


def test_defaults_are_written_as_a_file_would() -> None:
    """The default of a duration has its unit, and is the default there is."""
    retention = PLAIN["properties"]["retention"]

    assert seconds(retention["default"]) == FlowDocument.model_fields["retention"].default
    assert all(isinstance(seconds(each), int) for each in retention["examples"])


def test_agents_and_contracts_are_offered_with_words() -> None:
    """An editor completes the names there are and says what each is."""
    agent = INSTALLED["definitions"]["Step"]["properties"]["agent"]
    contract = INSTALLED["definitions"]["Contract"]
    words = dict(zip(agent["enum"], agent["enumDescriptions"], strict=True))

    assert set(agent["enum"]) == set(declarations())
    assert set(contract["enum"]) == set(CONTRACTS.contracts)
    assert words["planner"] == (
        "Plans the sections of an article and deals the evidence out to them. It asks a model,"
        " receives brief: Brief@1, evidence: EvidenceSet@1 and produces Outline@1."
    )
    assert not _is_valid(ARTICLE.replace("agent: planner", "agent: planer"), INSTALLED)
    assert not _is_valid(ARTICLE.replace("draft: Draft@1", "draft: Draft@9"), INSTALLED)


def _code(mutation: Mutation) -> str:
    return f"{mutation.code} {mutation.place}"


FORM: Final = [each for each in MUTATIONS if each.code in ("FO102", "FO103", "FO104")]
READABLE: Final = [
    each for each in MUTATIONS if each.code.startswith(("FO2", "FO3")) and _is_read(each.text())
]
SAID_EARLIER: Final = {"FO204 input.more", "FO214 on_failure.timed_out"}
"""What the check says and the schema says already."""


@pytest.mark.parametrize("mutation", FORM, ids=_code)
def test_slips_of_form_are_errors_in_the_editor(mutation: Mutation) -> None:
    """Unknown keys, missing keys and values of another form are found while typing."""
    assert not _is_valid(mutation.text())


@pytest.mark.parametrize("mutation", READABLE, ids=_code)
def test_what_can_be_read_is_no_error_in_the_editor(mutation: Mutation) -> None:
    """What takes a check to find is left to the check, but for what the form tells already."""
    assert _is_valid(mutation.text()) == (_code(mutation) not in SAID_EARLIER)


SAME: Final = [
    ("reads: [start]", [f"reads: [{each}]" for each in (
        "start", '"start?"', "{note: start}", '{note: "start?"}', "{slot: start, stale: allowed}",
        '{slot: "start?", stale: allowed, input: note}', "{slot: start, input: note}", "3",
        "[start]", "{}", "{a: start, b: start}", "{slot: start, stale: yes}",
        "{slot: start, old: allowed}", "{slot: 3}", "{note: [start]}", "Start", "'?'",
    )]),
    ("next: done}\n  ask", [f"next: {each}}}\n  ask" for each in (
        "done", "[{when: first.score == 1, to: done}, {else: failed}]", "[]", "3", "[done]",
        "[{when: first.score == 1}]", "[{to: done}]", "[{else: done, at_most: 1}]",
        "[{else: done, to: done}]", "[{when: first.score == 1, to: done, at_most: 0}]",
        "[{otherwise: done}]",
    )]),
    ("10m}", [f"{each}}}" for each in (
        "90s", "72h", "7d", "10", "10 m", "m", "1w", "0m", "-1m", "1.5h", "1h30m", "PT1H",
    )]),
    ("usd: 1.00", [f"usd: {each}" for each in (
        "2.00", "0", "1", "0.000001", "true", "'2'", "-1", "free",
    )]),
    ("parts: [Note@1]", [f"parts: {each}" for each in (
        "Note@1", "[]", "[Note@1, Note@1]", "[[Note@1]]", "{a: Note@1}", "1", "~",
    )]),
    ("    writes: decision\n", [""]),
    ("    shows: [first]\n", ["", "    shows: []\n", "    shows: [first]\n    allow: [retry]\n",
                              "    shows: [first]\n    stop: failed\n"]),
    ("    next: done\n  help", ["  help", "    next: []\n  help"]),
    ("    deadline: 1h\n    on_deadline: {to: failed}\n    next", ["    next"]),
    ("allow: [retry, stop]", [f"allow: {each}" for each in ("[]", "[retry]", "[stop, guess]")]),
    ("    stop: failed\n", ["", "    stop: failed\n    shows: [first]\n",
                            "    stop: failed\n    next: done\n"]),
    ("output: first", ["reason: Why not."]),
    ("{outcome: failed}", ["{outcome: failed, output: first}", "{outcome: lost}",
                           "{outcome: expired, reason: Late.}"]),
    ("  malformed: {repair: 1", [f"  {each}" for each in (
        "malformed: {repair: 5", "malformed: {repair: 6", "malformed: {retry: 1",
        "malformed: {retry_for: 1m", "cancelled: {repair: 1", "bug: {repair: 1",
        "no_progress: {at_most: 2",
    )]),
    ("retry: 3", ["retry: 50", "retry: 51", "retry: -1", "retry: many"]),
    ("otherwise: {", [f"otherwise: {{{each}: 1, " for each in ("at_most", "retry", "repair")]),
    ("version: 1", ["version: 0", "version: one", "version: 1.5"]),
    ("flow: toy", ["flow: Toy", "flow: " + "a" * 48, "flow: " + "a" * 49, ""]),
    ("start: one", ["start: 1", "start: one\nbegin: one"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [(old, new) for old, several in SAME for new in several],
    ids=[new for _, several in SAME for new in several],
)
def test_the_schema_takes_what_the_reader_takes(old: str, new: str) -> None:
    """Of each form that a part of a file may have, and of what it may not, both say the same."""
    text = TOY.replace(old, new)
    assert TOY.count(old) == 1

    assert _is_valid(text) == _is_read(text)


def test_the_published_copy_is_current() -> None:
    """Else: `orchestra flows schema -o docs/flow.schema.json`."""
    published = ROOT / "docs" / FILE_NAME

    assert published.read_text("utf-8") == written(INSTALLED)


def test_the_shipped_flow_names_the_published_copy() -> None:
    """An editor finds the schema from where the flow file is."""
    [named] = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", ARTICLE, re.MULTILINE)

    assert (ROOT / "workflows" / "flows" / named).resolve() == ROOT / "docs" / FILE_NAME
