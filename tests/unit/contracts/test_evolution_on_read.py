"""A value stored as an older version, read by an agent that wants the newer one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from contracts.agent import AgentDeclaration, AgentKind
from contracts.base import Contract, Part, digest
from contracts.compiled import CompiledFlow
from contracts.failure import Failure, FailureKind
from contracts.reference import Reference, Trust
from contracts.registry import Migration, Registry
from contracts.work import StepResult, StepTask
from services.agents.base import Agent, Desk, Given, Input
from services.flows.compile import Catalogue, compile_flow
from services.flows.document import read_text
from services.llm.in_process import ScriptedModel
from services.memory.in_process import InProcessArchive, InProcessStore
from services.memory.memory import Memory
from services.payloads import PayloadConverter
from services.worker.activities import Assembly, WorkerActivities
from tests.toys import HEAD


class NoteV1(Contract, name="Note", version=1):
    """The first version: one text."""

    text: str


class Note(Contract, version=2):
    """The second version: lines."""

    lines: tuple[str, ...]


def _split(old: NoteV1) -> Note:
    return Note(lines=tuple(old.text.split("\n")))


BODY = """
slots: {made: Note@2}
start: one
steps:
  one: {agent: reader, reads: [start], writes: made, next: done}
ends:
  done: {outcome: succeeded, output: made}
  failed: {outcome: failed}
"""
OLD = NoteV1(text="One.\nTwo.")
STORED = OLD.encode()


class Reader(Agent):
    """Remembers what it was given, and makes a note of its own."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="reader",
        version=1,
        kind=AgentKind.CODE,
        summary="reads",
        receives={"start": "Note@1"},
        produces="Note@2",
    )

    def __init__(self) -> None:
        self.seen: list[Given] = []

    async def run(self, given: Given, desk: Desk) -> Contract:
        self.seen.append(given)
        return Note(lines=("read",))


def _flow(registry: Registry, wanted: str) -> CompiledFlow:
    """Compile the flow, and let the agent want its input as `wanted`."""
    catalogue = Catalogue(
        agents={"reader": Reader.declaration},
        registry=registry,
        models={},
        prompt=lambda agent, rung: "",
    )
    flow = compile_flow(read_text("toy.yaml", HEAD + BODY), catalogue)
    wants = flow.agents["reader"].model_copy(update={"receives": {"start": wanted}})
    return flow.model_copy(update={"agents": {"reader": wants}})


@dataclass
class Bench:
    """A worker over memory in this process, in which a first version is stored."""

    migrations: Mapping[str, Migration] = field(default_factory=lambda: {"Note@1": _split})
    wanted: str = "Note@2"
    reader: Reader = field(default_factory=Reader)
    store: InProcessStore = field(default_factory=InProcessStore)

    async def step(self) -> StepResult:
        """Run the step as Temporal would, its input pointing at the stored value."""
        registry = Registry.of([NoteV1, Note], dict(self.migrations))
        flow = _flow(registry, self.wanted).encode()
        await self.store.turn("t", "r1", write={digest(flow): flow, digest(STORED): STORED})
        memory = Memory(self.store, InProcessArchive(), None)
        worker = WorkerActivities(
            Assembly(memory, {"reader": self.reader}, ScriptedModel(), registry)
        )
        task = StepTask(
            tenant="t",
            run="r1",
            flow=digest(flow),
            step="one",
            visit=1,
            seq=2,
            inputs={"start": (REFERENCE,)},
        )
        environment = ActivityEnvironment()
        environment.payload_converter = PayloadConverter()
        result: StepResult = await environment.run(worker.step, task)
        return result

    def given(self) -> Input | Part:
        """Return what the agent was given."""
        [given] = self.reader.seen
        return given.values["start"]


REFERENCE = Reference(
    slot="start",
    ordinal=1,
    contract="Note@1",
    digest=digest(STORED),
    size=len(STORED),
    trust=Trust.OPERATOR,
    produced_by="input",
)


async def test_an_agent_is_given_the_version_that_it_wants() -> None:
    """What was stored as version 1 arrives as version 2, through the registered migration."""
    bench = Bench()

    result = await bench.step()

    assert bench.given() == Note(lines=("One.", "Two."))
    assert result.value.digest == digest(Note(lines=("read",)).encode())


async def test_all_items_of_a_list_are_migrated() -> None:
    """An agent that takes a whole list slot gets every item in the version it wants."""
    bench = Bench(wanted="[Note@2]")

    await bench.step()

    assert bench.given() == (Note(lines=("One.", "Two.")),)


async def test_what_is_stored_stays_as_it_was() -> None:
    """Reading writes nothing back: the reference, its contract, digest and bytes are the old."""
    bench = Bench()

    await bench.step()

    [given] = bench.reader.seen
    assert given.references["start"] == (REFERENCE,)
    assert await bench.store.turn("t", "r1", read=[REFERENCE.digest]) == (STORED,)
    assert digest(STORED) == REFERENCE.digest


async def test_a_reader_of_the_old_version_gets_the_old_version() -> None:
    """An agent of a run that goes on is given what it was compiled against."""
    bench = Bench(wanted="Note@1")

    await bench.step()

    assert bench.given() == OLD


async def test_without_a_migration_the_step_says_so() -> None:
    """The failure names both versions, and its kind says who acts: whoever deploys workers."""
    bench = Bench(migrations={})

    with pytest.raises(ApplicationError) as failed:
        await bench.step()

    failure: Failure = failed.value.details[0]
    assert failure.kind is FailureKind.UNREADABLE
    assert failure.message == "no migration leads from Note@1 to Note@2"
