"""A step whose work another flow does, on a real server: what it gets, makes and fails as."""

import pytest

from contracts.event import EventKind
from contracts.failure import FailureKind
from contracts.run import DecisionRequest, RunStatus
from services.agents.base import Given
from services.errors import StepError
from tests.harness import Harness, harness
from tests.toys import HEAD, Job, Jobs, Note, ToyFlow, ToyWriter, toy, toy_flow
from workflows import names

pytestmark = pytest.mark.servers

ENDS = """
ends:
  done: {outcome: succeeded, output: OUTPUT}
  rejected: {outcome: rejected, reason: The editor said no.}
  late: {outcome: expired, reason: Nobody came.}
  failed: {outcome: failed}
"""
INNER = """
slots: {text: Note@1, decision: Decision@1}
start: write
steps:
  write: {agent: toy_writer, reads: [start], writes: text, next: ASK}
  approve:
    gate: editor
    shows: [text]
    writes: decision
    deadline: 1h
    on_deadline: {to: late}
    next:
      - {when: "decision.verdict == 'approve'", to: done}
      - {else: rejected}
"""
OUTER = """
slots: {lead: Note@1, last: Note@1}
start: lead
steps:
  lead:
    flow: inner
    reads: [start]
    writes: lead
    on_failure: {rejected: {then: instead}}
    next: finish
  instead: {agent: stand_in, reads: [start], writes: lead, next: finish}
  finish: {agent: finisher, reads: [lead], writes: last, next: done}
"""
MANY = """
slots: {jobs: Jobs@1, notes: [Note@1], last: Note@1}
start: plan
steps:
  plan: {agent: planner, reads: [start], writes: jobs, next: work}
  work:
    flow: one
    each: job in jobs.jobs
    reads: []
    writes: notes
    parallel: 3
    partial: {at_least: 2, to: tell}
    next: done
  tell: {agent: teller, reads: [notes], writes: last, next: some}
ends:
  done: {outcome: rejected, reason: All are there.}
  some: {outcome: succeeded, output: last}
  failed: {outcome: failed}
"""
ONE = """
slots: {note: Note@1}
start: work
steps:
  work: {agent: worker, reads: [job], writes: note, next: done}
ends:
  done: {outcome: succeeded, output: note}
  failed: {outcome: failed}
"""


def _inner(*, asks: bool) -> ToyFlow:
    body = INNER.replace("ASK", "approve" if asks else "done")
    if not asks:
        body = body[: body.index("  approve:")].replace(", decision: Decision@1", "")
        return toy_flow(
            body
            + "ends:\n  done: {outcome: succeeded, output: text}\n  failed: {outcome: failed}\n",
            ToyWriter(),
            head=HEAD.replace("toy", "inner", 1),
        )
    return toy_flow(
        body + ENDS.replace("OUTPUT", "text"), ToyWriter(), head=HEAD.replace("toy", "inner", 1)
    )


def _outer(*, asks: bool) -> ToyFlow:
    ends = "ends:\n  done: {outcome: succeeded, output: last}\n  failed: {outcome: failed}\n"
    return toy_flow(
        OUTER + ends,
        toy("stand_in", lambda given: Note(text="instead")),
        toy("finisher", _finished, lead="Note@1"),
        head=HEAD,
        part=_inner(asks=asks),
    )


def _finished(given: Given) -> Note:
    return Note(text=f"finished: {given.one('lead', Note).text}")


def _work(given: Given) -> Note:
    job = given.one("job", Job)
    if job.text == "bad":
        raise StepError(FailureKind.RULE_BROKEN, "a bad job")
    return Note(text=job.id)


def _many() -> ToyFlow:
    one = toy_flow(
        ONE,
        toy("worker", _work, job="Job@1"),
        head=HEAD.replace("toy", "one", 1).replace("{start: Note@1}", "{job: Job@1}"),
    )
    jobs = Jobs(jobs=(Job(id="a"), Job(id="b", text="bad"), Job(id="c")))
    return toy_flow(
        MANY,
        toy("planner", lambda given: jobs, produces="Jobs@1"),
        toy("teller", _told, notes="[Note@1]"),
        head=HEAD,
        part=one,
    )


def _told(given: Given) -> Note:
    return Note(text=" ".join(each.text for each in given.many("notes", Note)))


async def _value(here: Harness, run: str) -> object:
    found = await here.runs.result(run)
    assert isinstance(found, dict)
    return found["text"]


async def test_a_sub_flow_makes_what_the_step_writes(temporal_address: str) -> None:
    """The parent hands its value in, takes the output over, and pays for the child's calls."""
    here = await harness(temporal_address, _outer(asks=False))
    ended = await here.finish({"text": "x"})
    child = await here.runs.get(names.child_run(ended.id, "lead", 1, ""))

    assert ended.status is RunStatus.SUCCEEDED, ended.reason
    assert str(await _value(here, ended.id)).startswith("finished: A sentence")
    assert child.status is RunStatus.SUCCEEDED
    assert child.spent.calls == ended.spent.calls == 1
    assert names.parent_of(child.id) == ended.id


@pytest.mark.parametrize(
    ("verdict", "told"), [("approve", "finished: A sentence"), ("reject", "finished: instead")]
)
async def test_a_person_decides_in_the_sub_flow(
    temporal_address: str, verdict: str, told: str
) -> None:
    """A gate of the child is decided under the child's id; a no is a kind of failure outside."""
    here = await harness(temporal_address, _outer(asks=True))
    async with here.worker():
        run = (await here.runs.start("toy", {"text": "x"})).run
        child = names.child_run(run, "lead", 1, "")
        waiting = await here.waiting(child)
        request = DecisionRequest.model_validate(
            {"shown": waiting.shown, "who": "ann", "verdict": verdict}
        )
        await here.gates.decide(child, waiting.gate, request)
        ended = await here.ended(run)

    assert ended.status is RunStatus.SUCCEEDED
    assert str(await _value(here, run)).startswith(told)


async def test_cancelling_the_parent_cancels_the_child_first(temporal_address: str) -> None:
    """Nothing is left waiting for a person when whoever asked for it is gone."""
    here = await harness(temporal_address, _outer(asks=True))
    async with here.worker():
        run = (await here.runs.start("toy", {"text": "x"})).run
        child = names.child_run(run, "lead", 1, "")
        await here.waiting(child)
        await here.runs.cancel(run)
        ended = await here.ended(run)
        inner = await here.ended(child)

    assert (ended.status, inner.status) == (RunStatus.CANCELLED, RunStatus.CANCELLED)


async def test_a_child_that_somebody_cancels_fails_its_step(temporal_address: str) -> None:
    """The parent is not cancelled with it: its plan says what follows, and names the run."""
    here = await harness(temporal_address, _outer(asks=True))
    async with here.worker():
        run = (await here.runs.start("toy", {"text": "x"})).run
        child = names.child_run(run, "lead", 1, "")
        await here.waiting(child)
        await here.runs.cancel(child)
        ended = await here.ended(run)

    assert ended.status is RunStatus.FAILED
    assert ended.failure is not None
    assert ended.failure.kind is FailureKind.UNFINISHED
    assert child in ended.failure.message


async def test_a_fan_out_may_end_with_some_items_missing(temporal_address: str) -> None:
    """One of three runs fails: the list holds the two others in order, and goes its own way."""
    here = await harness(temporal_address, _many())
    ended = await here.finish({"text": "x"})
    told, _ = await here.runs.told(ended.id)
    failed = [each for each in told.ordered() if each.kind is EventKind.STEP_FAILED]
    rules = [each.rule for each in told.ordered() if each.kind is EventKind.HANDED_OFF]

    assert ended.status is RunStatus.SUCCEEDED, ended.reason
    assert await _value(here, ended.id) == "a c"
    assert [(each.item, each.failure and each.failure.kind) for each in failed] == [
        ("b", FailureKind.UNFINISHED)
    ]
    assert rules == ["else", "partial", "else"]
