"""Runs behind the breaker that workers share, on a real Temporal server and a real Valkey."""

from pathlib import Path

import pytest

from contracts.run import RunStatus
from services.composition import limits
from services.health.base import Limits, Rules
from services.health.degrading import DegradingHealth
from services.health.in_process import InProcessGates
from services.health.redis import RedisGates
from services.health.shared import SharedHealth
from services.llm.endpoint import Endpoint
from services.llm.guarded import GuardedModel
from services.llm.openai import OpenAIModel
from services.llm.scripted.script import Fault, Line, Script
from services.llm.scripted.server import ScriptedServer
from services.settings import Settings
from tests.harness import harness
from tests.toys import ToyWriter, toy_flow
from tests.unit.memory.valkey import valkey

pytestmark = [pytest.mark.servers, pytest.mark.guarantee("dead-endpoints-left-alone")]

WRITE = """
slots: {first: Note@1}
start: write
steps:
  write: {agent: toy_writer, reads: [start], writes: first, next: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""
FAILING = Script(lines=(Line(agent="toy_writer", times=2, fault=Fault.HTTP_500),))


async def test_a_run_outlives_an_open_breaker(temporal_address: str, redis_url: str) -> None:
    """While the breaker is open a run asks nobody; it waits for the probe, and goes on."""
    rules = Rules(failures=2, cooldown_ms=3_000)
    async with ScriptedServer(script=FAILING) as server, Endpoint(server.base_url) as endpoint:
        health = SharedHealth(RedisGates(redis_url, rules))
        model = GuardedModel(OpenAIModel(endpoint), health, endpoint.host, {})
        bench = await harness(temporal_address, toy_flow(WRITE, ToyWriter()), model=model)
        ended = await bench.finish({"text": "x"})
        [step] = await bench.runs.steps(ended.id)
        await health.aclose()

    assert (ended.status, len(server.calls), step.attempt) == (RunStatus.SUCCEEDED, 3, 4)
    assert ended.spent.calls == 1


async def test_runs_go_on_without_redis(temporal_address: str, tmp_path: Path) -> None:
    """With Redis gone, a run's calls go through its worker's own breaker and limits."""
    with valkey(tmp_path) as server:
        shared = SharedHealth(RedisGates(server.url))
        server.stop()
    health = DegradingHealth(shared, SharedHealth(InProcessGates()))
    async with ScriptedServer() as model_server, Endpoint(model_server.base_url) as endpoint:
        guarded = GuardedModel(
            OpenAIModel(endpoint), health, endpoint.host, {"toy-model": Limits(concurrency=1)}
        )
        bench = await harness(temporal_address, toy_flow(WRITE, ToyWriter()), model=guarded)
        ended = await bench.finish({"text": "x"})
    await health.aclose()

    assert (ended.status, len(model_server.calls)) == (RunStatus.SUCCEEDED, 1)


def test_limits_come_from_the_environment() -> None:
    """An alias may have limits of its own; where two are one model, the narrower hold."""
    settings = Settings.from_environ(
        {
            "ORCHESTRA_MODEL": "m",
            "ORCHESTRA_MODEL_CONCURRENCY": "8",
            "ORCHESTRA_MODEL_JUDGE_CONCURRENCY": "2",
            "ORCHESTRA_MODEL_WRITER_TOKENS_A_MINUTE": "9000",
        }
    )

    assert limits(settings) == {"m": Limits(concurrency=2, tokens_a_minute=9_000)}
