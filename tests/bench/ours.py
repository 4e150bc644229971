"""The same five agents as a declared flow: references instead of bodies, real Valkey, an archive.

Each step reads every value made before it (the worst case), verified by digest. Run as
`python -m tests.bench.ours KIND ADDRESS REDIS RUNS CONCURRENCY BODY_BYTES`; KIND is `model` (every
step asks a scripted model in this process, journaled) or `pure`. Prints one JSON line.
"""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

import uvloop
from pydantic import JsonValue

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from services.agents.answer import read
from services.agents.base import Agent, Block, Desk, Given, ModelAgent, Question, Rung
from services.llm.in_process import ScriptedModel
from services.memory.folder_archive import FolderArchive
from services.memory.memory import Memory
from services.memory.redis import RedisStore
from services.runs.history import RunHistory
from services.runs.runs import Runs
from services.settings import Settings
from services.temporal import connect, ensure_search_attributes
from services.worker.activities import Assembly
from services.worker.app import build, spare_the_collector
from tests.bench.measuring import measure, report
from tests.toys import HEAD, REGISTRY, Answer, Note, ToyFlow, toy_flow, toy_shelf
from workflows.names import workflow_id

INPUTS = ("start", "v1", "v2", "v3", "v4")
SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}


def _steps() -> str:
    lines = ["slots: {v1: Note@1, v2: Note@1, v3: Note@1, v4: Note@1, v5: Note@1}"]
    lines += ["start: s1", "steps:"]
    for number in range(1, 6):
        reads = ", ".join(INPUTS[:number])
        after = f"s{number + 1}" if number < 5 else "done"
        step = f"agent: a{number}, reads: [{reads}], writes: v{number}, next: {after}"
        lines.append(f"  s{number}: {{{step}}}")
    lines += ["ends: {done: {outcome: succeeded, output: v5}, failed: {outcome: failed}}"]
    return "\n".join(lines)


def _declared(number: int, kind: AgentKind) -> AgentDeclaration:
    asks = kind is AgentKind.MODEL
    return AgentDeclaration(
        name=f"a{number}",
        version=1,
        kind=kind,
        summary="does nothing",
        receives=dict.fromkeys(INPUTS[:number], "Note@1"),
        produces="Note@1",
        pure=not asks,
        model="writer" if asks else "",
        rungs=("free",) if asks else (),
        limits=AgentLimits(questions=int(asks), prompt_tokens=500 * asks, answer_tokens=100 * asks),
    )


class Idle(Agent):
    """Makes a body and does nothing else."""

    declaration: ClassVar[AgentDeclaration]

    def __init__(self, declaration: AgentDeclaration, size: int) -> None:
        self.__dict__["declaration"] = declaration
        self._size = size

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Make a body."""
        return Note(text=os.urandom(self._size // 2).hex())


class Asking(ModelAgent):
    """Asks one small question, then makes a body."""

    declaration: ClassVar[AgentDeclaration]

    def __init__(self, declaration: AgentDeclaration, size: int) -> None:
        self.__dict__["declaration"] = declaration
        self._size = size

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Ask, then make a body."""
        rung = Rung("free", {"start": Block("go")}, SCHEMA, lambda text: read(text, Answer))
        await desk.ask(Question((rung,)))
        return Note(text=os.urandom(self._size // 2).hex())

    def sample_answer(
        self, rung: str, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]
    ) -> JsonValue:
        """Answer anything."""
        return {"text": "yes"}


def _toy(kind: str, size: int) -> ToyFlow:
    head = HEAD.replace("model_calls: 50", "model_calls: 100")
    if kind == "pure":
        agents: list[Agent] = [Idle(_declared(n, AgentKind.CODE), size) for n in range(1, 6)]
    else:
        agents = [Asking(_declared(n, AgentKind.MODEL), size) for n in range(1, 6)]
    return toy_flow(_steps(), *agents, head=head)


async def main(kind: str, address: str, redis: str, runs: int, concurrency: int, body: int) -> None:
    """Measure so many runs, so many at a time."""
    name = f"b{uuid4().hex[:8]}"
    settings = Settings(temporal_address=address, tenant=name, task_queue=name)
    client = await connect(settings)
    await ensure_search_attributes(client)
    toy = _toy(kind, body)
    with tempfile.TemporaryDirectory() as folder:
        store = RedisStore(redis)
        memory = Memory(store, FolderArchive(Path(folder)), RunHistory(client))
        service = Runs(client, memory, toy_shelf(toy.flow), REGISTRY, settings)
        assembly = Assembly(memory, toy.agents, ScriptedModel(), REGISTRY)
        async with build(client, name, assembly, concurrency=200):
            spare_the_collector()

            async def one() -> str:
                started = await service.start("toy", {})
                await service.handle(started.run).result()
                return workflow_id(name, started.run)

            measured = await measure(one, runs, concurrency)
            await report(kind, client, measured, body)
        await store.aclose()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:4], *map(int, sys.argv[4:7])))  # type: ignore[arg-type]
