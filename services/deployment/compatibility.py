"""Whether this build can go on with the runs that are open: replayed, agents and contracts held."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from temporalio.client import Client, WorkflowExecution, WorkflowHistory
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer

from contracts.agent import AgentDeclaration, AgentKind
from contracts.base import Part
from contracts.compiled import CompiledFlow, catalogued
from contracts.registry import Registry, UnknownContractError
from contracts.work import RunStart
from services.errors import UnavailableError
from services.payloads import data_converter
from services.temporal import workflow_runner
from workflows import names
from workflows.hosted import WORKFLOWS

_PINNED: Final = SearchAttributeKey.for_keyword("TemporalWorkerDeploymentVersion")
"""Set by Temporal itself, as `deployment:build`; lists of workflows carry nothing else of it."""

STARTS_AT_ONCE: Final = 20
"""A worker that comes up reads the start of every open run: one after the other, a thousand
would take longer than a rollout waits."""


class Compatibility(Part):
    """One open workflow, and what stands between it and this build."""

    workflow: str
    """Its id in Temporal; of a run `tenant/run`."""

    kind: str
    """The workflow's type: `flow` for a run."""

    flow: str = ""
    build: str = ""
    """The build that it is pinned to; empty when it goes to whatever worker there is."""

    problems: tuple[str, ...] = ()
    """Why it would break; empty when it would go on."""

    @property
    def run(self) -> str:
        """The run's id."""
        return self.workflow.partition("/")[2]


@dataclass(frozen=True)
class Build:
    """What this program can run."""

    agents: Mapping[str, AgentDeclaration]
    registry: Registry
    workflows: tuple[type, ...] = WORKFLOWS

    def problems_of(self, flow: CompiledFlow) -> Iterator[str]:
        """Say what a compiled flow needs that this program lacks."""
        for name, pinned in flow.agents.items():
            if pinned.kind not in (AgentKind.CODE, AgentKind.MODEL):
                continue
            here = self.agents.get(catalogued(name))
            if here is None or here.version != pinned.version:
                have = f"version {here.version}" if here else "none"
                yield f"needs agent {catalogued(name)} version {pinned.version}; here is {have}"
        for contract in flow.contracts:
            try:
                self.registry.get(contract)
            except UnknownContractError:
                yield f"needs contract {contract}; here it is unknown"


async def replayed(client: Client, tenant: str, build: Build) -> AsyncIterator[Compatibility]:
    """Replay every open workflow of a tenant against this build.

    Nothing is changed: histories are read and played in this process.

    Raises:
        UnavailableError: Temporal does not answer.
    """
    replayer = Replayer(
        workflows=list(build.workflows),
        namespace=client.namespace,
        data_converter=data_converter(),
        workflow_runner=workflow_runner(),
    )
    async for execution in _open(client, f"{names.TENANT.name} = '{tenant}'"):
        history = await _history(client, execution)
        if history is not None:
            yield await _judged(replayer, execution, history, build)


async def orphaned(client: Client, tenant: str, build: Build) -> AsyncIterator[Compatibility]:
    """Find open runs that need what this build lacks; only their starts are read.

    Raises:
        UnavailableError: Temporal does not answer.
    """
    query = f"{names.TENANT.name} = '{tenant}' AND WorkflowType = '{names.WORKFLOW_TYPE}'"
    found = [each async for each in _open(client, query)]
    limit = asyncio.Semaphore(STARTS_AT_ONCE)

    async def problems(execution: WorkflowExecution) -> Sequence[str]:
        async with limit:
            return _problems(await _start(client, execution), build)

    for execution, told in zip(found, await asyncio.gather(*map(problems, found)), strict=True):
        if told:
            yield _about(execution, told)


async def _judged(
    replayer: Replayer, execution: WorkflowExecution, history: WorkflowHistory, build: Build
) -> Compatibility:
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    problems = list(_problems(_read(history), build))
    if result.replay_failure is not None:
        told = str(result.replay_failure).splitlines()[0][:300]
        problems.insert(0, f"its history does not replay: {told}")
    return _about(execution, problems)


def _problems(start: RunStart | None, build: Build) -> Sequence[str]:
    if start is None:
        return ()
    try:
        flow = CompiledFlow.decode(start.flow.body or "")
    except ValidationError:
        return ("its compiled flow cannot be read",)
    return tuple(build.problems_of(flow))


def _about(execution: WorkflowExecution, problems: Sequence[str]) -> Compatibility:
    attributes = execution.typed_search_attributes
    return Compatibility(
        workflow=execution.id,
        kind=execution.workflow_type,
        flow=attributes.get(names.FLOW) or "",
        build=(attributes.get(_PINNED) or "").rpartition(":")[2],
        problems=tuple(problems),
    )


def _read(history: WorkflowHistory) -> RunStart | None:
    """Read the start of a run; None of a workflow that is none, or unreadable."""
    started = history.events[0].workflow_execution_started_event_attributes
    if started.workflow_type.name != names.WORKFLOW_TYPE:
        return None
    try:
        return RunStart.model_validate_json(started.input.payloads[0].data)
    except (LookupError, ValidationError):
        return None


async def _open(client: Client, query: str) -> AsyncIterator[WorkflowExecution]:
    try:
        async for execution in client.list_workflows(f"{query} AND ExecutionStatus = 'Running'"):
            yield execution
    except RPCError as error:
        raise _unavailable() from error


async def _history(client: Client, execution: WorkflowExecution) -> WorkflowHistory | None:
    """Fetch a history; None when the workflow has gone meanwhile."""
    handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
    try:
        return await handle.fetch_history()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise _unavailable() from error


async def _start(client: Client, execution: WorkflowExecution) -> RunStart | None:
    handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
    try:
        async for event in handle.fetch_history_events(page_size=1):
            return _read(WorkflowHistory(execution.id, [event]))
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise _unavailable() from error
    return None


def _unavailable() -> UnavailableError:
    return UnavailableError("the Temporal server does not answer; try again when it does")
