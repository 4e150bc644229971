"""Model steps on a real Temporal server: repair, the ladder, budgets, people, and paying once."""

import asyncio
import time

import pytest
from pydantic import JsonValue

from contracts.compiled import CompiledBudget
from contracts.failure import FailureKind
from contracts.run import DecisionRequest, RunStatus
from services.llm.endpoint import Endpoint
from services.llm.in_process import ScriptedModel
from services.llm.openai import OpenAIModel
from services.llm.scripted.calls import Outcome
from services.llm.scripted.script import Fault, Line, Script
from services.llm.scripted.server import ScriptedServer
from tests.harness import harness
from tests.toys import HEAD, Toy, ToyFlow, ToyWriter, toy, toy_flow

pytestmark = pytest.mark.servers

WRITE = """
slots: {first: Note@1}
start: write
steps:
  write: {agent: toy_writer, reads: [start], writes: first, next: done}
ends:
  done: {outcome: succeeded, output: first}
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
    allow: [retry, supply, raise_budget, stop]
    stop: failed
    deadline: 1h
    on_deadline: {to: failed}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""

ASK_HEAD = HEAD.replace(
    "otherwise: {then: failed}",
    "over_budget: {then: help, at_most: 1}\n  denied: {then: help, at_most: 2}\n"
    "  otherwise: {then: failed}",
)


def _writing(*lines: Line) -> tuple[ToyFlow, ScriptedModel]:
    return toy_flow(WRITE, ToyWriter()), ScriptedModel(script=Script(lines=lines))


def _said(model: ScriptedModel) -> list[str]:
    return [call.work for call in model.calls]


@pytest.mark.guarantee("nothing-bad-crosses")
async def test_a_rejected_answer_is_repaired_and_kept_apart(temporal_address: str) -> None:
    """A malformed answer is shown to the model again; the answer itself goes to quarantine."""
    flow, model = _writing(Line(agent="toy_writer", times=1, fault=Fault.NOT_JSON))
    bench = await harness(temporal_address, flow, model=model)

    ended = await bench.finish({"text": "x"})

    assert ended.status is RunStatus.SUCCEEDED
    assert _said(model) == ["toy_writer/free/1/-/1", "toy_writer/free/1/-/2"]
    [kept] = await bench.memory.store.quarantined(bench.runs.tenant, ended.id)
    assert (kept.kind, kept.exchange) == ("malformed", 1)
    assert ended.spent.calls == 2


@pytest.mark.guarantee("nothing-bad-crosses")
async def test_used_up_repairs_climb_to_the_last_rung_once(temporal_address: str) -> None:
    """When the free rung's repairs are used up, the last rung is asked once, then it is over."""
    flow, model = _writing(Line(agent="toy_writer", times=None, fault=Fault.NOT_JSON))
    bench = await harness(temporal_address, flow, model=model)

    ended = await bench.finish({"text": "x"})

    assert ended.status is RunStatus.FAILED
    assert ended.failure is not None
    assert ended.failure.kind is FailureKind.MALFORMED
    assert _said(model) == [
        "toy_writer/free/1/-/1",
        "toy_writer/free/1/-/2",
        "toy_writer/verbatim/1/-/3",
    ]


@pytest.mark.guarantee("budget-holds")
async def test_a_budget_stops_paid_calls_and_a_person_raises_it(temporal_address: str) -> None:
    """No call is made over the budget; after it is raised the same step goes on."""
    head = ASK_HEAD.replace("model_calls: 50", "model_calls: 0")
    model = ScriptedModel()
    bench = await harness(temporal_address, toy_flow(ASKING, ToyWriter(), head=head), model=model)
    async with bench.worker():
        run = (await bench.runs.start("toy", {"text": "x"})).run
        gate = await bench.waiting(run)
        calls_before = len(model.calls)
        budget = CompiledBudget(
            model_calls=9, tokens=90_000, microusd=9_000_000, working_seconds=600
        )
        request = DecisionRequest(shown=gate.shown, who="op", action="raise_budget", budget=budget)
        await bench.gates.decide(run, "help", request)
        ended = await bench.ended(run)

    assert gate.failure is not None
    assert gate.failure.kind is FailureKind.OVER_BUDGET
    assert calls_before == 0
    assert (ended.status, len(model.calls)) == (RunStatus.SUCCEEDED, 1)


@pytest.mark.guarantee("the-plan-is-followed")
async def test_a_person_supplies_what_a_model_could_not(temporal_address: str) -> None:
    """A supplied value is validated, takes the failed step's place, and the run goes on."""
    model = ScriptedModel(script=Script(lines=(Line(agent="toy_writer", fault=Fault.HTTP_401),)))
    bench = await harness(
        temporal_address, toy_flow(ASKING, ToyWriter(), head=ASK_HEAD), model=model
    )
    supplied: dict[str, JsonValue] = {"text": "by hand"}
    async with bench.worker():
        run = (await bench.runs.start("toy", {"text": "x"})).run
        gate = await bench.waiting(run)
        request = DecisionRequest(shown=gate.shown, who="op", action="supply", supplied=supplied)
        await bench.gates.decide(run, "help", request)
        ended = await bench.ended(run)

    assert ended.status is RunStatus.SUCCEEDED
    assert (await bench.runs.result(run))["text"] == "by hand"  # type: ignore[index, call-overload]


FAN_OUT = """
slots: {parts: [Note@1], whole: Note@1}
start: write
steps:
  write:
    each: part in start.items
    agent: toy_writer
    reads: [start]
    writes: parts
    parallel: 2
    next: join
  join: {agent: join, reads: [parts], writes: whole, next: done}
  help:
    gate: operator
    answers: failure
    allow: [retry, supply, stop]
    stop: failed
    deadline: 1h
    on_deadline: {to: failed}
ends:
  done: {outcome: succeeded, output: whole}
  failed: {outcome: failed}
"""


def _each_writer() -> ToyWriter:
    writer = ToyWriter()
    receives = {"start": "Note@1", "part": "Note@1.items[]"}
    writer.__dict__["declaration"] = writer.declaration.model_copy(update={"receives": receives})
    return writer


def _joiner() -> Toy:
    from tests.toys import Note

    return toy(
        "join",
        lambda given: Note(text=",".join(part.text for part in given.many("parts", Note))),
        parts="[Note@1]",
    )


@pytest.mark.parametrize(("action", "calls"), [("retry", 4), ("supply", 3)])
@pytest.mark.guarantee("paid-once")
async def test_a_failed_item_does_not_buy_its_siblings_again(
    temporal_address: str, action: str, calls: int
) -> None:
    """After a person's answer only the failed item is made again; a supplied one is not bought."""
    denied = Line(agent="toy_writer", item="c", times=1, fault=Fault.HTTP_401)
    model = ScriptedModel(script=Script(lines=(denied,)))
    flow = toy_flow(FAN_OUT, _each_writer(), _joiner(), head=ASK_HEAD)
    bench = await harness(temporal_address, flow, model=model)
    items: list[JsonValue] = [{"id": "a"}, {"id": "b"}, {"id": "c"}]
    supplied: dict[str, JsonValue] | None = {"text": "hand"} if action == "supply" else None
    async with bench.worker():
        run = (await bench.runs.start("toy", {"text": "x", "items": items})).run
        gate = await bench.waiting(run)
        request = DecisionRequest.model_validate(
            {"shown": gate.shown, "who": "op", "action": action, "supplied": supplied}
        )
        await bench.gates.decide(run, "help", request)
        ended = await bench.ended(run)

    assert (ended.status, len(model.calls)) == (RunStatus.SUCCEEDED, calls)
    [parts] = [slot for slot in await bench.runs.context(run) if slot.slot == "parts"]
    makers = {version.item: version.produced_by for version in parts.versions}
    assert makers == {"a": "write", "b": "write", "c": "help" if action == "supply" else "write"}


async def test_cancelling_closes_the_stream_of_a_call(temporal_address: str) -> None:
    """A cancelled run ends at once, and its call is closed at the endpoint within a heartbeat."""
    hanging = Script(lines=(Line(agent="toy_writer", times=None, fault=Fault.HANG),))
    async with ScriptedServer(script=hanging) as server, Endpoint(server.base_url) as endpoint:
        flow = toy_flow(WRITE, _patient())
        bench = await harness(temporal_address, flow, model=OpenAIModel(endpoint))
        async with bench.worker():
            run = (await bench.runs.start("toy", {"text": "x"})).run
            await _called(server)
            await bench.runs.cancel(run)
            ended = await bench.ended(run)
            still_open = await _open_after(server, seconds=8)

    assert (ended.status, still_open) == (RunStatus.CANCELLED, 0)


def _patient() -> ToyWriter:
    writer = ToyWriter()
    limits = writer.declaration.limits.model_copy(update={"seconds": 60})
    writer.__dict__["declaration"] = writer.declaration.model_copy(update={"limits": limits})
    return writer


async def _called(server: ScriptedServer) -> None:
    async with asyncio.timeout(20):
        while not server.calls:  # noqa: ASYNC110  the server tells nobody
            await asyncio.sleep(0.05)


async def _open_after(server: ScriptedServer, *, seconds: float) -> int:
    """Count calls that are still open, as soon as none is or the time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not [call for call in server.calls if call.outcome is Outcome.OPEN]:
            return 0
        await asyncio.sleep(0.1)
    return len(server.calls)
