"""Where runs are rehearsed: throwaway servers, one worker, and a scripted model a run."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Final

from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.testing import TimeSkipper
from temporalio.worker import Worker

from contracts.compiled import CompiledFlow
from contracts.registry import Registry
from contracts.work import RunOutcome
from services.agents.base import Agent, ModelAgent
from services.flows.shelf import Shelf
from services.llm.scripted.respondent import SampleAnswer
from services.llm.scripted.script import Fault
from services.long_term.entries import LongTermMemory
from services.long_term.folder_records import FolderRecords
from services.long_term.redis_heads import RedisHeads
from services.memory.folder_archive import FolderArchive
from services.memory.memory import Memory
from services.publishing.base import Article, Page, Published, Publisher
from services.publishing.in_process import InProcessPublisher
from services.rehearsal.inject_agent import rehearsed
from services.rehearsal.inject_entries import RehearsedEntries, seed
from services.rehearsal.inject_gate import People
from services.rehearsal.inject_model import RehearsedModel, Seat, seat
from services.rehearsal.inject_store import RehearsedArchive, RehearsedHistory, RehearsedStore
from services.rehearsal.inject_worker import RehearsedActivities
from services.rehearsal.material import remembered_by
from services.rehearsal.scene import CURRENT, Scene, Scenes
from services.rehearsal.sub_flows import sample_flows, without_sub_flows
from services.runs.gates import Gates
from services.runs.history import RunHistory
from services.runs.runs import Runs
from services.settings import Settings
from services.stack.throwaway import temporal_server, valkey_server
from services.temporal import connect, workflow_runner
from services.worker.activities import Assembly
from workflows.names import BUGS
from workflows.ports import registered
from workflows.run_flow import RunFlow

QUEUE: Final = "rehearsal"
PATIENCE_SECONDS: Final = 150
"""After so long a run counts as one that does not end. On a busy machine many wait for a turn."""

SHORT_SECONDS: Final = 4
"""How long a model may take that is made to hang; the agents' own limits are minutes."""

HANGING: Final = frozenset({Fault.HANG, Fault.STALL})
_AT_WORK: Final = 2000
"""Steps at once: attempts that died hold their place until the rehearsal is over."""


@dataclass(frozen=True)
class Play:
    """What is rehearsed."""

    flow: CompiledFlow
    agents: Callable[[Publisher], Mapping[str, Agent]]
    """Builds the agents, which publish nowhere else."""

    registry: Registry
    notices: bool = False
    """Whether a worker's death is known at once; else the server waits for its heartbeat."""


@dataclass(frozen=True)
class Played:
    """How a run ended."""

    outcome: RunOutcome | None
    """None when it did not end in time."""

    calls: int
    """Paid or not: requests that reached the scripted model."""

    seconds: float


class RehearsedPublisher:
    """Implements `Publisher`: keeps what each run publishes, and shows it to nobody."""

    async def publish(self, article: Article) -> Published:
        """See `Publisher.publish`."""
        kept = InProcessPublisher()
        return _kept(kept, await kept.publish(article))

    async def publish_page(self, page: Page) -> Published:
        """See `Publisher.publish_page`."""
        kept = InProcessPublisher()
        return _kept(kept, await kept.publish_page(page))


def _kept(kept: InProcessPublisher, published: Published) -> Published:
    at = CURRENT.get()
    assert at is not None, "only steps publish"
    at.scene.published[published.where] = kept.published[published.where]
    return published


@dataclass
class Stage:
    """Plays runs, as many at a time as there are scripted models."""

    play: Play
    client: Client
    memory: Memory
    entries: LongTermMemory
    scenes: Scenes
    seats: dict[str, Seat]
    """By tenant, while a run has one."""

    free: asyncio.Queue[Seat] = field(default_factory=asyncio.Queue)

    async def run(self, scene: Scene) -> Played:
        """Play one run to its end.

        Raises:
            InputInvalidError: the input is none of this flow's.
        """
        lent = await self.free.get()
        lent.take(scene)
        self.scenes[scene.tenant], self.seats[scene.tenant] = scene, lent
        began = monotonic()
        try:
            flow = self.play.flow
            await seed(self.entries, scene.tenant, flow, remembered_by(flow))
            started = await self.runs(scene).start(self.play.flow.name, scene.way.input)
            outcome = await self._outcome(scene, started.run)
            return Played(outcome, lent.calls, monotonic() - began)
        finally:
            self.free.put_nowait(lent)

    def runs(self, scene: Scene) -> Runs:
        """Give access to the runs of a scene's tenant."""
        flow = _prepared(self.play.flow, short=_hangs(scene))
        shelf = Shelf({flow.name: flow}, {}, {})
        settings = Settings(tenant=scene.tenant, task_queue=QUEUE)
        return Runs(self.client, self.memory, shelf, self.play.registry, settings, self.entries)

    def gates(self, scene: Scene) -> Gates:
        """Give access to the gates of a scene's tenant."""
        return Gates(self.runs(scene))

    async def _outcome(self, scene: Scene, run: str) -> RunOutcome | None:
        handle = self.runs(scene).handle(run)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await handle.result()
        except TimeoutError:
            await handle.terminate("it did not end")
            return None
        except WorkflowFailureError as error:
            if isinstance(error.cause, ApplicationError) and error.cause.details:
                return RunOutcome.model_validate(error.cause.details[0], strict=False)
            # A run that failed without an outcome of its own has not even begun.
            return RunOutcome(run=run, outcome="failed", end="", reason=str(error.cause))


@asynccontextmanager
async def stage(play: Play, at_once: int) -> AsyncIterator[Stage]:
    """Set everything up, and end it afterwards.

    Raises:
        UnavailableError: a server program is missing or does not start.
    """
    async with AsyncExitStack() as stack:
        _quiet_core()
        stack.enter_context(_quiet())
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="orchestra-")))
        address, url = await asyncio.gather(
            stack.enter_async_context(temporal_server(skips_time=True)),
            stack.enter_async_context(valkey_server()),
        )
        client = TimeSkipper(await connect(Settings(temporal_address=address))).client
        scenes: Scenes = {}
        memory = Memory(
            RehearsedStore(url, scenes),
            RehearsedArchive(FolderArchive(folder), scenes),
            RehearsedHistory(RunHistory(client), scenes),
        )
        stack.push_async_callback(memory.aclose)
        heads = RedisHeads(url)
        stack.push_async_callback(heads.aclose)
        entries = RehearsedEntries(FolderRecords(folder), heads, memory, play.registry)
        made = Stage(play, client, memory, entries, scenes, {})
        parts = sample_flows(play.flow, play.registry)
        agents = {**play.agents(RehearsedPublisher()), **parts}
        for _ in range(at_once):
            made.free.put_nowait(await stack.enter_async_context(seat(_samples(agents))))
        await stack.enter_async_context(_worker(made, agents))
        yield made


def _worker(made: Stage, agents: Mapping[str, Agent]) -> Worker:
    assembly = Assembly(
        made.memory,
        {name: rehearsed(agent) for name, agent in agents.items()},
        RehearsedModel(made.seats),
        made.play.registry,
        entries=made.entries,
    )
    people = People(made.scenes, made.gates, made.play.flow)
    activities = RehearsedActivities(
        assembly, made.scenes, people.attend, notices=made.play.notices
    )
    return Worker(
        made.client,
        task_queue=QUEUE,
        workflows=[RunFlow],
        activities=registered(activities),
        workflow_runner=workflow_runner(),
        workflow_failure_exception_types=BUGS,
        max_concurrent_activities=_AT_WORK,
        max_concurrent_local_activities=_AT_WORK,
        graceful_shutdown_timeout=timedelta(0),
    )


def _samples(agents: Mapping[str, Agent]) -> dict[str, SampleAnswer]:
    return {
        name: agent.sample_answer for name, agent in agents.items() if isinstance(agent, ModelAgent)
    }


def _hangs(scene: Scene) -> bool:
    return scene.target is not None and scene.target.injection.what in HANGING


def _prepared(flow: CompiledFlow, *, short: bool) -> CompiledFlow:
    """Let items go one after the other, so that two rehearsals ask the same; and nobody wait."""
    flow = without_sub_flows(flow)
    steps = {name: step.model_copy(update={"parallel": 1}) for name, step in flow.steps.items()}
    agents = flow.agents
    if short:
        agents = {
            name: agent.model_copy(
                update={"limits": agent.limits.model_copy(update={"seconds": SHORT_SECONDS})}
            )
            for name, agent in flow.agents.items()
        }
    return flow.model_copy(update={"steps": steps, "agents": agents})


def _quiet_core() -> None:
    """Let the client library log errors only: attempts that died complete too late, as meant."""
    logs = LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    Runtime.set_default(
        Runtime(telemetry=TelemetryConfig(logging=logs)), error_if_already_set=False
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the worker's log of failures that are meant out of the terminal."""
    names = ("temporalio", "services", "asyncio")
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
