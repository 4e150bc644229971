"""A step whose agent fails, on a real server: who does its work instead, and what is told."""

import pytest

from contracts.event import EventKind
from contracts.failure import FailureKind
from contracts.run import DecisionRequest, RunStatus
from services.errors import ConflictError, InputInvalidError
from services.llm.in_process import ScriptedModel
from services.llm.scripted.script import Fault, Line, Script
from tests.harness import Harness, harness
from tests.toys import HEAD, Note, ToyFlow, ToyWriter, toy, toy_flow

pytestmark = [pytest.mark.servers, pytest.mark.guarantee("the-plan-is-followed")]

BODY = """
slots: {first: Note@1}
start: write
steps:
  write:
    agent: toy_writer
    reads: [start]
    writes: first
    on_failure:
      denied: {fall_back: [{model: judge}, {agent: by_code}], then: help, at_most: 1}
      malformed: {fall_back: {model: judge}, then: failed}
    next: done
  copy: {agent: by_code, reads: [start], writes: first, next: done}
  help:
    gate: operator
    answers: failure
    allow: [go, stop]
    go: [copy]
    stop: failed
    deadline: 1h
    on_deadline: {to: failed}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


def _flow() -> ToyFlow:
    by_code = toy("by_code", lambda given: Note(text="made by code"))
    return toy_flow(BODY, ToyWriter(), by_code, head=HEAD)


def _model(*lines: tuple[str, Fault]) -> ScriptedModel:
    return ScriptedModel(
        script=Script(
            lines=tuple(Line(agent=agent, times=None, fault=fault) for agent, fault in lines)
        )
    )


async def _told(bench: Harness, run: str, kind: EventKind) -> list[tuple[str, str]]:
    told, _ = await bench.runs.told(run)
    return [(event.agent, event.outcome) for event in told.ordered() if event.kind is kind]


async def test_another_model_does_the_work_of_one_that_denies_it(temporal_address: str) -> None:
    """The step falls back to the model its plan names, is paid for both, and the run goes on."""
    model = _model(("toy_writer", Fault.HTTP_401))
    bench = await harness(temporal_address, _flow(), model=model)

    ended = await bench.finish({"text": "x"})

    assert ended.status is RunStatus.SUCCEEDED
    assert [call.work.partition("/")[0] for call in model.calls] == [
        "toy_writer",
        "toy_writer@judge",
    ]
    fell = await _told(bench, ended.id, EventKind.FELL_BACK)
    assert fell == [("toy_writer@judge", "denied")]
    done = await _told(bench, ended.id, EventKind.STEP_COMPLETED)
    assert [agent for agent, _ in done] == ["toy_writer@judge"]


async def test_when_models_fail_an_agent_of_code_stands_in(temporal_address: str) -> None:
    """Stand-ins try in the order of the file, each once, and the last one's product counts."""
    model = _model(("toy_writer", Fault.HTTP_401), ("toy_writer@judge", Fault.HTTP_401))
    bench = await harness(temporal_address, _flow(), model=model)

    ended = await bench.finish({"text": "x"})

    assert ended.status is RunStatus.SUCCEEDED
    assert len(model.calls) == 2
    fell = await _told(bench, ended.id, EventKind.FELL_BACK)
    assert fell == [("toy_writer@judge", "denied"), ("by_code", "denied")]


async def test_a_stand_in_that_fails_in_another_way_follows_that_line(
    temporal_address: str,
) -> None:
    """Once nobody is left to try, the plan's line for the last failure says what follows."""
    model = _model(("toy_writer", Fault.NOT_JSON), ("toy_writer@judge", Fault.NOT_JSON))
    bench = await harness(temporal_address, _flow(), model=model)

    ended = await bench.finish({"text": "x"})

    assert ended.status is RunStatus.FAILED
    assert ended.failure is not None
    assert (ended.failure.kind, ended.failure.agent) == (
        FailureKind.MALFORMED,
        "toy_writer@judge",
    )


async def test_a_person_sends_a_failed_run_another_way(temporal_address: str) -> None:
    """A person chooses among the places that the flow declares; said again, it counts once."""
    flow = toy_flow(
        BODY.replace("fall_back: [{model: judge}, {agent: by_code}], ", ""),
        ToyWriter(),
        toy("by_code", lambda given: Note(text="made by code")),
    )
    bench = await harness(temporal_address, flow, model=_model(("toy_writer", Fault.HTTP_401)))
    async with bench.worker():
        run = (await bench.runs.start("toy", {"text": "x"})).run
        gate = await bench.waiting(run)
        away = DecisionRequest(shown=gate.shown, who="op", action="go", to="write")
        with pytest.raises(InputInvalidError, match="do not agree"):
            await bench.gates.decide(run, "help", away)
        stop = away.model_copy(update={"action": "stop", "to": "copy"})
        with pytest.raises(InputInvalidError, match="do not agree"):
            await bench.gates.decide(run, "help", stop)
        chosen = away.model_copy(update={"to": "copy", "id": "op-1"})
        await bench.gates.decide(run, "help", chosen)
        ended = await bench.ended(run)
        again = await bench.gates.decide(run, "help", chosen)
        with pytest.raises(ConflictError):
            await bench.gates.decide(run, "help", chosen.model_copy(update={"id": "op-2"}))

    assert again.delivered
    assert (gate.allow, gate.go) == (("go", "stop"), ("copy",))
    assert ended.status is RunStatus.SUCCEEDED
    assert [step.step for step in await bench.runs.steps(run)] == ["write", "help", "copy"]
