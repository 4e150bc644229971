"""Flows rehearsed on servers of their own: every kind of fault, and a rehearsal that fails."""

from dataclasses import replace

import pytest

from services.agents.catalogue import build
from services.catalogue import catalogue
from services.flows.compile import compile_flow
from services.flows.document import read_text
from services.flows.new import new_flow
from services.rehearsal.faults import Port
from services.rehearsal.material import corpora, inputs_of
from services.rehearsal.rehearse import Chosen, rehearse, rehearse_on
from services.rehearsal.stage import Play, stage
from services.settings import Settings
from workflows.checking.codes_of_memory import KEEPING

pytestmark = pytest.mark.servers

KNOWN = catalogue(
    Settings.from_environ(
        {
            "ORCHESTRA_MODEL_SOURCE": "scripted",
            "ORCHESTRA_MODEL_WRITER": "scripted-writer",
            "ORCHESTRA_MODEL_JUDGE": "scripted-judge",
        }
    )
)

SOME = (
    "byte_flipped",
    "memory_wiped",
    "lost_everywhere",
    "journal_wiped",
    "dies_after_journal",
    "gate",
    "truncated",
    "refused",
    "number_changed",
)
"""A fault or two of every port; all of them take a minute."""


KEEPS = (
    KEEPING.replace("  malformed:", "  conflict: {then: late}\n  malformed:")
    .replace(", merge: replace", "")
    .replace("  failed: {", "  late: {outcome: rejected}\n  failed: {")
)
"""An outline that is kept, unless somebody else was quicker."""


async def _play(name: str) -> Play:
    flow = compile_flow(read_text(f"{name}.yaml", new_flow(name)), KNOWN)
    library = await corpora()
    return Play(
        flow,
        lambda publisher: build(retriever=library, publisher=publisher, writer_model="scripted"),
        KNOWN.registry,
        notices=True,
    )


async def test_a_new_flow_needs_no_test_code_to_be_rehearsed() -> None:
    """Faults of memory, workers, people, endpoints and code at every step: filled, and clean."""
    play = await _play("mine")

    found = await rehearse(
        play, inputs_of(play.flow), chosen=Chosen(faults=frozenset(SOME)), at_once=8
    )

    assert {row.step for row in found.rows} == {
        "research",
        "outline",
        "write",
        "assemble",
        "fact_check",
        "publish",
        "approve",
    }
    assert {row.port for row in found.rows} == set(Port)
    assert [row.fault for row in found.unrehearsed] == []
    assert [(row.step, row.fault, row.why) for row in found.silent] == []
    assert found.is_good


async def test_a_hole_fills_the_column_of_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the checks of its agents taken out, a flow publishes what was injected; it is told."""
    monkeypatch.setattr("services.agents.answer.require_rules", lambda reasons, subject: None)

    play = await _play("holed")
    chosen = Chosen(frozenset({"write"}), frozenset({"number_changed"}))

    found = await rehearse(play, inputs_of(play.flow), chosen=chosen, at_once=8)

    assert [row.fault for row in found.silent] == ["number_changed", "number_changed always"]
    assert not found.is_good


async def test_others_change_and_erase_entries_meanwhile() -> None:
    """A step that remembers meets a conflict and an erased entry, and ends as its plan says."""
    play = await _play("kept")
    flow = compile_flow(read_text("keeping.yaml", KEEPS), KNOWN)
    chosen = Chosen(frozenset({"keep"}), frozenset({"conflict", "memory_lost", "memory_wiped"}))

    found = await rehearse(replace(play, flow=flow), inputs_of(flow), chosen=chosen, at_once=8)

    assert {(row.fault, row.outcome) for row in found.rows} == {
        ("conflict", "rejected"),
        ("conflict always", "rejected"),
        ("memory_lost", "failed"),
        ("memory_lost always", "failed"),
        ("memory_wiped", "succeeded"),
    }
    assert found.is_good


AGAIN = "  again: {agent: fact_checker, reads: [draft, evidence], writes: claims, next: approve}\n"
BOARD = """    approvers: {need: all, of: [editor, legal], not_author: true}
    remind: [24h]
    escalate: [{after: 48h, to: chief_editor}]
    on_deadline: {to: expired}
"""


async def test_several_approve_in_a_rehearsal_and_none_of_them_has_edited() -> None:
    """One person a role decides, also on what another one has changed before."""
    text = new_flow("board").replace("    on_deadline: {to: expired}\n", BOARD)
    text = text.replace("to: fact_check, at_most: 2}", "to: again, at_most: 2}")
    text = text.replace("  publish:\n", f"{AGAIN}  publish:\n")
    play = await _play("board")
    flow = compile_flow(read_text("board.yaml", text), KNOWN)
    harmless = {"harmless": inputs_of(flow)["harmless"]}
    chosen = Chosen(frozenset({"approve"}), frozenset({"old_digest", "decided_twice"}))

    found = await rehearse(replace(play, flow=flow), harmless, chosen=chosen, at_once=8)

    assert "harmless, approve edited: succeeded" in found.ways
    assert {(row.fault, row.outcome) for row in found.rows} == {
        ("old_digest", "succeeded"),
        ("decided_twice", "succeeded"),
    }
    assert found.is_good


async def test_one_seed_gives_one_table() -> None:
    """Two rehearsals of one flow differ in nothing but how long they took."""
    play = await _play("again")
    chosen = Chosen(
        frozenset({"write"}), frozenset({"number_changed", "word_exchanged", "truncated"})
    )

    async with stage(play, 8) as ready:
        first, second = [
            await rehearse_on(ready, inputs_of(play.flow), chosen=chosen) for _ in range(2)
        ]

    assert [row.model_copy(update={"seconds": 0}) for row in first.rows] == [
        row.model_copy(update={"seconds": 0}) for row in second.rows
    ]
