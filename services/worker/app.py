"""Runs a worker: hosts the interpreter and the activities until it is told to stop."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.worker import Worker, WorkerDeploymentConfig, WorkflowRunner

from services.runs.preparing import Preparing
from services.runs.turns import Turns
from services.temporal import workflow_runner
from services.webhooks import hosting
from services.worker.activities import Assembly, WorkerActivities
from services.worker.flows import FlowCache
from services.worker.launching import WorkerLaunchActivities
from services.worker.sub_flows import WorkerSubFlows
from workflows.hosted import WORKFLOWS
from workflows.names import BUGS
from workflows.ports import registered, registered_launching, registered_sub_flows

GRACE: Final = timedelta(seconds=10)
"""How long running steps may take to end when the worker is told to stop."""

NOTICE: Final = timedelta(seconds=5)
"""Within what time a step learns that its run was cancelled: the answer to a heartbeat tells it,
and fewer are sent than are beaten, by default one in sixteen seconds."""

CACHED_RUNS: Final = 100
"""Runs whose state stays in this process. A thousand that wait keep some 70 MB so, and some 110
with 200 (tests.bench.waiting); others are built from their history when somebody decides."""

SWEEP_EVERY_SECONDS: Final = 900
log = logging.getLogger(__name__)


def build(
    client: Client,
    queue: str,
    assembly: Assembly,
    *,
    runner: WorkflowRunner | None = None,
    concurrency: int = 100,
    pinned: WorkerDeploymentConfig | None = None,
) -> Worker:
    """Build a worker on one queue, for workflows and activities alike.

    A second queue for activities would lose eager dispatch, which costs a quarter of the
    throughput.
    """
    flows = FlowCache(assembly.memory)
    sub_flows = WorkerSubFlows(assembly.memory, flows, assembly.registry, assembly.long_term)
    activities = [*registered(WorkerActivities(assembly, flows)), *registered_sub_flows(sub_flows)]
    if assembly.shelf:
        preparing = Preparing(
            assembly.memory, assembly.shelf, assembly.registry, assembly.long_term
        )
        launching = WorkerLaunchActivities(assembly.memory, preparing, Turns(client, queue))
        activities = [*activities, *registered_launching(launching)]
    return Worker(
        client,
        task_queue=queue,
        workflows=WORKFLOWS,
        activities=activities,
        workflow_runner=runner or workflow_runner(),
        workflow_failure_exception_types=BUGS,
        max_concurrent_activities=concurrency,
        max_concurrent_workflow_tasks=concurrency,
        max_cached_workflows=CACHED_RUNS,
        graceful_shutdown_timeout=GRACE,
        max_heartbeat_throttle_interval=NOTICE,
        deployment_config=pinned,
    )


def spare_the_collector() -> None:
    """Collect garbage less often: a busy worker makes many short-lived objects and few cycles.

    What is loaded by now is never looked at again. Call it once, when a process is about to work.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@asynccontextmanager
async def running(
    client: Client,
    queue: str,
    assembly: Assembly,
    pinned: WorkerDeploymentConfig | None = None,
) -> AsyncIterator[Worker]:
    """Run a worker for as long as the context is open, after memory has proved safe.

    Raises:
        UnsafeMemoryError: the memory server may evict.
        UnavailableError: memory does not answer.
    """
    await assembly.memory.store.check()
    async with AsyncExitStack() as stack:
        if assembly.webhooks:
            await stack.enter_async_context(hosting.build(client, queue, assembly.webhooks))
        yield await stack.enter_async_context(build(client, queue, assembly, pinned=pinned))


async def sweep_for_ever(assembly: Assembly, tenant: str) -> None:
    """Remove what no kept run can reach, every quarter of an hour."""
    while True:
        await asyncio.sleep(SWEEP_EVERY_SECONDS)
        swept = await assembly.memory.store.sweep(tenant)
        log.info("swept memory", extra={"runs": swept.runs, "values": swept.values})
