"""The runs whose histories are kept: each shows the interpreter in another situation."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from contracts.failure import FailureKind
from contracts.notice import NoticeKind
from contracts.run import DecisionRequest, GateView
from contracts.webhook import NewWebhook
from services.agents.base import Given
from services.errors import StepError
from services.llm.in_process import ScriptedModel
from services.llm.scripted.script import Fault, Line, Script
from tests.harness import Harness, harness
from tests.servers.gateway_caller import gated_flow, line_flow
from tests.servers.webhook_bench import WebhookBench, webhook_bench
from tests.toys import HEAD, Note, NoteItem, ToyFlow, ToyWriter, toy, toy_flow

Scenario = Callable[[str], Awaitable[tuple[Harness, str]]]
"""Runs on the server at an address; returns where and which run."""

EVERYTHING = """
slots: {plan: Note@1, parts: [Note@1], whole: Note@1, decision: Decision@1}
start: plan
steps:
  plan: {agent: plan, reads: [start], writes: plan, next: write}
  write:
    each: part in plan.items
    agent: write
    reads: [start]
    writes: parts
    parallel: 2
    next: join
  join:
    agent: join
    reads: [parts, {slot: "whole?", stale: allowed}]
    writes: whole
    next:
      - {when: "whole.score < 50", to: plan, at_most: 2}
      - {else: approve}
  approve:
    gate: editor
    shows: [whole]
    writes: decision
    edits: whole
    deadline: DEADLINE
    on_deadline: {to: expired}
    next:
      - {when: "decision.verdict == 'reject'", to: rejected}
      - {else: done}
ends:
  done: {outcome: succeeded, output: whole}
  rejected: {outcome: rejected}
  expired: {outcome: expired}
  failed: {outcome: failed}
"""

ASKING = """
slots: {first: Note@1}
start: write
steps:
  write: {agent: toy_writer, reads: [start], writes: first, next: done}
  help:
    gate: operator
    answers: failure
    allow: [retry, supply, stop]
    stop: failed
    deadline: 1h
    on_deadline: {to: failed}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


def everything(deadline: str = "1h", *, pure: bool = False) -> ToyFlow:
    """A flow with a fan-out, a counted loop, a rule and a gate."""
    items = (NoteItem(id="a"), NoteItem(id="b"), NoteItem(id="c"))

    def join(given: Given) -> Note:
        text = "".join(part.text for part in given.many("parts", Note))
        before = given.maybe("whole", Note)
        return Note(text=text, score=(before.score if before else 0) + 30)

    joiner = toy("join", join, pure=pure, parts="[Note@1]", whole="Note@1")
    declaration = joiner.declaration.model_copy(update={"optional": ("whole",)})
    joiner.__dict__["declaration"] = declaration
    return toy_flow(
        EVERYTHING.replace("DEADLINE", deadline),
        toy("plan", lambda given: Note(items=items), pure=pure),
        toy(
            "write",
            lambda given: Note(text=given.one("part", NoteItem).id),
            start="Note@1",
            part="Note@1.items[]",
        ),
        joiner,
    )


async def gate_of(bench: Harness, run: str) -> GateView:
    """Wait until a run's gate is open."""
    for _ in range(200):
        if waiting := await bench.gates.open(run):
            return waiting[0]
        await asyncio.sleep(0.05)
    raise AssertionError(f"the gate did not open: {await bench.runs.get(run)}")


async def _decided(address: str, *, pure: bool, verdict: str) -> tuple[Harness, str]:
    bench = await harness(address, everything(pure=pure))
    async with bench.worker():
        run = (await bench.runs.start("toy", {"text": "x"})).run
        gate = await gate_of(bench, run)
        edited = {"text": "mine"} if verdict == "edited" else None
        request = DecisionRequest.model_validate(
            {"shown": gate.shown, "who": "eva", "verdict": verdict, "edited": edited}
        )
        await bench.gates.decide(run, "approve", request)
        await bench.ended(run)
    return bench, run


async def approved(address: str) -> tuple[Harness, str]:
    """Fan-out, loop and an approved gate."""
    return await _decided(address, pure=False, verdict="approve")


async def edited_after_pure_steps(address: str) -> tuple[Harness, str]:
    """Local activities, and an edit at the gate."""
    return await _decided(address, pure=True, verdict="edited")


async def expired(address: str) -> tuple[Harness, str]:
    """A gate that nobody answers."""
    bench = await harness(address, everything("1s"))
    return bench, (await bench.finish({"text": "x"})).id


async def cancelled(address: str) -> tuple[Harness, str]:
    """A run that somebody cancels at its gate."""
    bench = await harness(address, everything())
    async with bench.worker():
        run = (await bench.runs.start("toy", {"text": "x"})).run
        await gate_of(bench, run)
        await bench.runs.cancel(run)
        await bench.ended(run)
    return bench, run


async def continued(address: str) -> tuple[Harness, str]:
    """A run that continues as new; its last execution is kept."""
    bench = await harness(address, everything("1s"))
    return bench, (await bench.finish({"text": "x"}, history_limit=40)).id


async def repaired(address: str) -> tuple[Harness, str]:
    """A model step whose first answer is rejected."""
    model = ScriptedModel(script=Script(lines=(Line(fault=Fault.NOT_JSON),)))
    body = ASKING.partition("  help:")[0] + "ends:" + ASKING.partition("ends:")[2]
    bench = await harness(address, toy_flow(body, ToyWriter()), model=model)
    return bench, (await bench.finish({"text": "x"})).id


async def helped(address: str) -> tuple[Harness, str]:
    """A failed step that a person has made again."""
    head = HEAD.replace(
        "otherwise: {then: failed}",
        "denied: {then: help, at_most: 1}\n  otherwise: {then: failed}",
    )
    model = ScriptedModel(script=Script(lines=(Line(fault=Fault.HTTP_401),)))
    bench = await harness(address, toy_flow(ASKING, ToyWriter(), head=head), model=model)
    async with bench.worker():
        run = (await bench.runs.start("toy", {"text": "x"})).run
        gate = await gate_of(bench, run)
        request = DecisionRequest(shown=gate.shown, who="op", action="retry")
        await bench.gates.decide(run, "help", request)
        await bench.ended(run)
    return bench, run


async def failed(address: str) -> tuple[Harness, str]:
    """A step whose retries are used up."""
    error = StepError(FailureKind.UNAVAILABLE, "gone", retry_after=timedelta(milliseconds=10))

    def work(given: Given) -> Note:
        raise error

    body = """
slots: {first: Note@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""
    bench = await harness(address, toy_flow(body, toy("one", work)))
    return bench, (await bench.finish({"text": "x"})).id


async def told(address: str) -> tuple[Harness, str]:
    """A gate whose decision somebody wants to be told of at once."""
    found = await webhook_bench(address, gated_flow())
    await _subscribe(found, NoticeKind.GATE_DECIDED)
    async with found.bench.worker():
        run = (await found.bench.runs.start("toy", {"text": "x"})).run
        gate = await gate_of(found.bench, run)
        request = DecisionRequest(shown=gate.shown, who="eva", verdict="approve")
        await found.bench.gates.decide(run, "approve", request)
        await found.bench.ended(run)
    return found.bench, run


async def told_late(address: str) -> tuple[Harness, str]:
    """An end that could not be told on the way."""
    found = await webhook_bench(address, line_flow())
    await _subscribe(found, NoticeKind.RUN_SUCCEEDED)
    found.records.away_for = 3
    return found.bench, (await found.bench.finish({"text": "x"})).id


async def _subscribe(found: WebhookBench, kind: NoticeKind) -> None:
    await found.endpoints.add(found.tenant, NewWebhook(url="http://127.0.0.1:9/", events=(kind,)))


SCENARIOS: dict[str, Scenario] = {
    each.__name__: each
    for each in (
        approved,
        edited_after_pure_steps,
        expired,
        cancelled,
        continued,
        repaired,
        helped,
        failed,
        told,
        told_late,
    )
}
