"""Gates that several people have to approve, and what people see of gates across runs."""

import asyncio
import json
from typing import Any

import pytest

from contracts.content.decision import Decision
from contracts.event import EventKind
from contracts.run import DecisionReply, DecisionRequest, ForkRequest, GateView, RunStatus
from services.agents.base import Given
from services.errors import ConflictError, InputInvalidError
from services.runs.forking import Forking
from services.runs.inbox import Asked
from tests.harness import Harness, harness
from tests.retraced import borders_of
from tests.toys import Note, ToyFlow, toy, toy_flow

pytestmark = pytest.mark.servers

BOARD = """
slots: {first: Note@1, decision: Decision@2}
start: write
steps:
  write: {agent: write, reads: [start], writes: first, next: approve}
  approve:
    gate: editor
    shows: [first]
    writes: decision
    edits: first
    deadline: DEADLINE
    on_deadline: {to: expired}
    approvers: {need: NEED, of: [editor, legal], not_author: true}
    next:
      - {when: "decision.verdict == 'approve'", to: done}
      - {when: "decision.verdict == 'edited'", to: approve, at_most: 3}
      - {when: "decision.verdict == 'revise'", to: write, at_most: 3}
      - {else: rejected}
ends:
  done: {outcome: succeeded, output: first}
  rejected: {outcome: rejected}
  expired: {outcome: expired}
  failed: {outcome: failed}
"""


def board(need: str = "all", deadline: str = "1h") -> ToyFlow:
    """One step and a gate of an editor and a lawyer."""
    body = BOARD.replace("NEED", need).replace("DEADLINE", deadline)

    def write(given: Given) -> Note:
        return Note(text=f"a draft of {given.one('start', Note).text}")

    return toy_flow(body, toy("write", write))


class Board:
    """A bench with one run at the gate."""

    def __init__(self, bench: Harness, run: str) -> None:
        self.bench = bench
        self.run = run

    async def gate(self) -> GateView:
        """The gate as it waits now."""
        return await self.bench.waiting(self.run)

    async def opened_again(self) -> GateView:
        """Wait until the gate is open for the second time."""
        for _ in range(500):
            if (found := await self.gate()).visit == 2:
                return found
            await asyncio.sleep(0.02)
        raise AssertionError("the gate has not opened again")

    async def say(
        self, who: str, role: str, verdict: str = "approve", **more: Any
    ) -> DecisionReply:
        """Decide on what is shown."""
        shown = (await self.gate()).shown
        given = {"shown": shown, "who": who, "role": role, "verdict": verdict, **more}
        request = DecisionRequest.model_validate(given, strict=False)
        return await self.bench.gates.decide(self.run, "approve", request)

    async def refusal(self, who: str, role: str, verdict: str = "approve") -> str:
        """What a decision is refused with."""
        with pytest.raises(ConflictError) as refused:
            await self.say(who, role, verdict)
        return str(refused.value)

    async def decided(self) -> Decision:
        """The decision's value as the flow keeps it."""
        slots = await self.bench.runs.context(self.run)
        held = next(slot for slot in slots if slot.slot == "decision").versions[-1]
        value = await self.bench.runs.value(self.run, held.digest)
        return Decision.decode(json.dumps(value))


async def test_all_have_to_approve_and_each_decides_once(temporal_address: str) -> None:
    """Approvals are counted until all have given theirs; the decision names everybody."""
    bench = await harness(temporal_address, board())
    async with bench.worker():
        at = Board(bench, (await bench.runs.start("toy", {"text": "x"})).run)
        nobody = await at.refusal("ann", "")
        first = await at.say("ann", "editor", id="d1")
        again = await at.say("ann", "editor", id="d1")
        twice = await at.refusal("bob", "editor")
        in_two_roles = await at.refusal("Ann ", "legal")
        waiting = await at.gate()
        await at.say("lea", "legal", comment="no objection")
        ended = await bench.ended(at.run)

    assert "asks editor or legal" in nobody
    assert (first.approvals, first.needed, again.approvals) == (1, 2, 1)
    assert "editor has approved gate 'approve' already" in twice
    assert "in another role" in in_two_roles
    assert [(each.role, each.who) for each in waiting.approvals] == [("editor", "ann")]
    assert waiting.roles == ("legal",)
    decision = await at.decided()
    assert [(each.role, each.who, each.comment) for each in decision.decided_by] == [
        ("editor", "ann", ""),
        ("legal", "lea", "no objection"),
    ]
    assert ended.status is RunStatus.SUCCEEDED


async def test_a_rejection_ends_the_wait_at_once(temporal_address: str) -> None:
    """One who rejects need not wait for the others, and is named after those who approved."""
    bench = await harness(temporal_address, board())
    async with bench.worker():
        at = Board(bench, (await bench.runs.start("toy", {"text": "x"})).run)
        await at.say("ann", "editor")
        await at.say("lea", "legal", "reject")
        ended = await bench.ended(at.run)

    decision = await at.decided()
    assert ended.status is RunStatus.REJECTED
    assert [each.who for each in decision.decided_by] == ["ann", "lea"]


async def test_whoever_wrote_what_is_shown_may_not_approve_it(temporal_address: str) -> None:
    """An edit starts the count again, and its author cannot approve; nor can who began the run."""
    bench = await harness(temporal_address, board())
    async with bench.worker():
        at = Board(bench, (await bench.runs.start("toy", {"text": "x"}, by="Sam")).run)
        by_starter = await at.refusal("sam", "editor")
        await at.say("lea", "legal")
        await at.say("ann", "editor", "edited", edited={"text": "mine"})
        edited = await at.opened_again()
        by_author = await at.refusal("ann", "editor")
        await at.say("bob", "editor")
        await at.say("lea", "legal")
        ended = await bench.ended(at.run)

    assert "your own work" in by_starter
    assert "your own work" in by_author
    assert edited.approvals == ()
    assert ended.status is RunStatus.SUCCEEDED


async def test_a_fork_knows_who_wrote_what_it_begins_with(
    temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Authors of the first run, and whoever changes something for the fork, may not approve it."""
    bench = await harness(temporal_address, board())
    async with bench.worker():
        at = Board(bench, (await bench.runs.start("toy", {"text": "x"}, by="Sam")).run)
        await at.say("lea", "legal")
        await at.say("ann", "editor", "edited", edited={"text": "mine"})
        await at.opened_again()
        await at.say("bob", "editor")
        await at.say("lea", "legal")
        await bench.ended(at.run)
        change = ForkRequest(at="approve", values={"first": {"text": "ours"}}, by="cid")
        forked = Board(bench, (await Forking(bench.runs).fork(at.run, change)).run)
        refused = [await forked.refusal(who, "editor") for who in ("cid", "ann", "sam")]
        await forked.say("bob", "editor")
        await forked.say("lea", "legal")
        ended = await bench.ended(forked.run)
        history = await bench.runs.handle(at.run).fetch_history()
    known, retraced = await borders_of(history, monkeypatch)

    assert ["your own work" in each for each in refused] == [True] * 3
    assert ended.status is RunStatus.SUCCEEDED
    assert retraced == known


async def test_approvals_are_kept_while_no_worker_is_up(temporal_address: str) -> None:
    """Both are counted by the next worker, in the order in which they were sent."""
    bench = await harness(temporal_address, board())
    async with bench.worker():
        at = Board(bench, (await bench.runs.start("toy", {"text": "x"})).run)
        await at.gate()
    first, second = await at.say("ann", "editor"), await at.say("lea", "legal")
    third = await at.refusal("bob", "legal")
    async with bench.worker():
        ended = await bench.ended(at.run)

    assert [(each.delivered, each.approvals) for each in (first, second)] == [
        (False, 1),
        (False, 2),
    ]
    assert "was decided already" in third
    assert ended.status is RunStatus.SUCCEEDED


async def test_any_one_of_several_will_do(temporal_address: str) -> None:
    """With `need: any` the first approval decides."""
    bench = await harness(temporal_address, board("any"))
    async with bench.worker():
        at = Board(bench, (await bench.runs.start("toy", {"text": "x"})).run)
        await at.say("lea", "legal")
        ended = await bench.ended(at.run)

    told = (await bench.runs.history.tell(bench.runs.tenant, at.run)).ordered()
    kinds = [
        each.kind for each in told if each.kind in (EventKind.APPROVED, EventKind.GATE_DECIDED)
    ]
    assert kinds == [EventKind.APPROVED, EventKind.GATE_DECIDED]
    assert ended.status is RunStatus.SUCCEEDED


async def test_a_revision_says_what_to_change(temporal_address: str) -> None:
    """Comments get ids; a revision without one is refused, and one with some ends the wait."""
    bench = await harness(temporal_address, board())
    async with bench.worker():
        at = Board(bench, (await bench.runs.start("toy", {"text": "x"})).run)
        with pytest.raises(InputInvalidError, match="at least one comment"):
            await at.say("ann", "editor", "revise")
        comments = [{"text": "shorter"}, {"id": "c1", "text": "name it", "section_id": "s2"}]
        await at.say("ann", "editor", "revise", comments=comments)
        await at.opened_again()

    decision = await at.decided()
    assert [(each.id, each.text) for each in decision.comments] == [
        ("c2", "shorter"),
        ("c1", "name it"),
    ]


async def waiting_run(bench: Harness) -> str:
    """Start a run and wait until its gate is open."""
    run = (await bench.runs.start("toy", {"text": "x"})).run
    await bench.waiting(run)
    return run


async def test_the_inbox_puts_the_most_pressing_first(temporal_address: str) -> None:
    """Gates of all runs by deadline, in pages, by role, and without those a person has seen."""
    bench = await harness(temporal_address, board())
    async with bench.worker():
        runs = [await waiting_run(bench) for _ in range(3)]
        await Board(bench, runs[1]).say("ann", "editor")
        await bench.gates.looking.look(runs[2], "approve", "ann")
        inbox = bench.gates.inbox
        first = await inbox.page(Asked(), limit=2)
        rest = await inbox.page(Asked(), limit=2, cursor=first.cursor)
        editors = await inbox.page(Asked(role="editor"))
        unseen = await inbox.page(Asked(role="editor", unseen_by=" ANN"))
        elsewhere = await inbox.page(Asked(flow="other"))

    assert [gate.run for gate in first.gates + rest.gates] == runs
    assert (first.waiting, rest.cursor) == (3, "")
    assert [gate.run for gate in editors.gates] == [runs[0], runs[2]]
    assert [gate.run for gate in unseen.gates] == [runs[0]]
    assert elsewhere.gates == ()


async def test_a_person_is_told_what_changed_since_they_looked(temporal_address: str) -> None:
    """Word by word against what that very person saw; whoever has not looked is told so."""
    bench = await harness(temporal_address, board())
    async with bench.worker():
        at = Board(bench, (await bench.runs.start("toy", {"text": "x"})).run)
        await at.gate()
        look = bench.gates.looking.look
        fresh = await look(at.run, "approve", "lea")
        again = await look(at.run, "approve", "lea")
        await at.say("ann", "editor", "edited", edited={"text": "a better draft of x"})
        await at.opened_again()
        edited = await look(at.run, "approve", "lea")
        stranger = await look(at.run, "approve", "bob")
        anonymous = await look(at.run, "approve")

    assert fresh.since is not None
    assert again.since is not None
    assert edited.since is not None
    assert stranger.since is not None
    assert [fresh.since.known, again.since.known, stranger.since.known] == [False, True, False]
    assert again.since.changes == ()
    [change] = edited.since.changes
    assert (change.value, change.path) == ("first", "text")
    assert [(piece.change, piece.text) for piece in change.pieces] == [
        ("kept", "a"),
        ("added", " better"),
        ("kept", " draft of x"),
    ]
    assert anonymous.since is None
    assert anonymous.values[0].value == {
        "text": "a better draft of x",
        "score": 0,
        "items": [{"id": "a", "text": ""}],
    }
