"""The real parts under supervision: Valkey, Temporal and the embedded model."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from temporalio.client import Client

from services.stack import resp
from services.stack.control import claimed
from services.stack.identity import members
from services.stack.part import Part
from services.stack.plan import plan_stack
from services.stack.record import PartRecord
from services.stack.stack import Stack

pytestmark = pytest.mark.servers

REAL = ("valkey", "temporal", "model")
START_SECONDS = 15
"""What the whole stack is allowed for its start."""


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[Stack]:
    """Run the parts that are not ours, with a probe of whatever ports are free."""
    environ = {"PATH": os.environ["PATH"], "ORCHESTRA_DATA_DIR": str(data_dir)}
    with claimed(data_dir):
        plan = plan_stack(environ)
        real = tuple(part for part in plan.parts if part.name in REAL)
        async with Stack(replace(plan, parts=real)) as stack:
            yield stack


def recorded(stack: Stack, name: str) -> PartRecord:
    return next(part for part in stack.record.parts if part.name == name)


def planned(stack: Stack, name: str) -> Part:
    return next(part for part in stack.plan.parts if part.name == name)


async def until_back(stack: Stack, name: str) -> None:
    deadline = time.monotonic() + 20
    while recorded(stack, name).restarts == 0 or await planned(stack, name).probe.problem():
        assert time.monotonic() < deadline, f"{name} did not come back"
        await asyncio.sleep(0.02)


async def test_real_parts_start_in_time_and_leave_nothing(tmp_path: Path) -> None:
    """Memory, Temporal and the model are up well within the limit, and gone after the stop."""
    async with running(tmp_path) as stack:
        record = stack.record
        model = recorded(stack, "model")
        async with httpx.AsyncClient(base_url=model.address, trust_env=False, timeout=60) as client:
            question = {"role": "user", "content": "Name a colour."}
            body = {"model": "any", "messages": [question], "max_tokens": 8}
            answer = await client.post("/chat/completions", json=body)
    leaders = [part.process for part in record.parts if part.process]

    assert record.ready_seconds is not None
    assert record.ready_seconds < START_SECONDS
    assert answer.json()["model"] == "smollm2-135m-instruct"
    assert len(leaders) == len(REAL)
    assert [members(leader) for leader in leaders] == [[], [], []]


@pytest.mark.guarantee("state-survives-restart")
async def test_data_survive_a_restart_of_the_stack(tmp_path: Path) -> None:
    """What memory and Temporal acknowledged is there after stop and start."""
    async with running(tmp_path) as stack:
        await resp.ask(recorded(stack, "valkey").address, ("SET", "kept", "yes"))
        client = await Client.connect(recorded(stack, "temporal").address)
        await client.start_workflow("absent", id="waiting", task_queue="nobody")

    async with running(tmp_path) as stack:
        kept = await resp.ask(recorded(stack, "valkey").address, ("GET", "kept"))
        client = await Client.connect(recorded(stack, "temporal").address)
        run = await client.get_workflow_handle("waiting").describe()

    assert kept == ["yes"]
    assert run.id == "waiting"


@pytest.mark.guarantee("state-survives-restart")
async def test_killed_memory_comes_back_with_its_data(tmp_path: Path) -> None:
    """A memory server that is killed is started again and has lost nothing it acknowledged."""
    async with running(tmp_path) as stack:
        memory = recorded(stack, "valkey")
        assert memory.process is not None
        await resp.ask(memory.address, ("SET", "kept", "yes"))

        os.kill(memory.process.pid, signal.SIGKILL)
        await until_back(stack, "valkey")

        assert await resp.ask(memory.address, ("GET", "kept")) == ["yes"]
        assert recorded(stack, "valkey").restarts == 1


@pytest.mark.guarantee("memory-is-safe")
async def test_memory_is_safe_as_started(tmp_path: Path) -> None:
    """The running memory server itself says that it never evicts and writes through."""
    async with running(tmp_path) as stack:
        replies = await resp.ask(
            recorded(stack, "valkey").address,
            ("CONFIG", "GET", "maxmemory-policy"),
            ("CONFIG", "GET", "appendonly"),
            ("CONFIG", "GET", "appendfsync"),
        )

    assert [reply.splitlines()[-1] for reply in replies] == ["noeviction", "yes", "always"]


async def test_runs_can_be_found_by_our_attributes(tmp_path: Path) -> None:
    """Temporal knows the attributes by which runs are listed."""
    async with running(tmp_path) as stack:
        client = await Client.connect(recorded(stack, "temporal").address)
        query = "FoFlow = 'article' AND FoNeedsPerson = true AND FoCostUsd < 1.5"

        found = [run.id async for run in client.list_workflows(query)]

    assert found == []
