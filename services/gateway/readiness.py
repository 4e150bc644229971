"""Asks every part that the gateway cannot serve without, all at once, none for long."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Final, TypeVar

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.service import RPCError

from services.errors import FlowError
from services.gateway.replies import Check, Readiness
from services.gateway.state import Services
from workflows.names import SEARCH_ATTRIBUTES

Answer = TypeVar("Answer")

LIMIT: Final = timedelta(seconds=2)
"""How long one part may take to answer."""

_NO_ANSWER: Final = (RPCError, RuntimeError, TimeoutError)
"""The second is what the client raises when it has never been connected."""

_NOWHERE: Final = "0" * 64
"""The address of no value."""

_SILENT: Final = f"does not answer within {LIMIT.total_seconds():.0f} s"


async def readiness(services: Services) -> Readiness:
    """Check every part."""
    attributes, memory, archive, workers = await asyncio.gather(
        _attributes(services), _memory(services), _archive(services), _workers(services)
    )
    checks = (*attributes, memory, archive, _flows(services), _webhooks(services), workers)
    return Readiness(ready=all(check.ok for check in checks if check.required), checks=checks)


async def _attributes(services: Services) -> tuple[Check, Check]:
    client = services.client
    request = ListSearchAttributesRequest(namespace=client.namespace)
    try:
        listed = await _soon(client.operator_service.list_search_attributes(request, timeout=LIMIT))
    except _NO_ANSWER:
        return (
            Check(name="temporal", ok=False, detail=f"the Temporal server {_SILENT}"),
            Check(name="search_attributes", ok=False, detail="Temporal cannot be asked"),
        )
    names = [key.name for key in SEARCH_ATTRIBUTES]
    missing = [name for name in names if name not in listed.custom_attributes]
    detail = f"missing: {', '.join(missing)}" if missing else ", ".join(names)
    return (
        Check(name="temporal", ok=True, detail=f"namespace {client.namespace}"),
        Check(name="search_attributes", ok=not missing, detail=detail),
    )


async def _memory(services: Services) -> Check:
    try:
        await _soon(services.store.check())
    except TimeoutError:
        return Check(name="memory", ok=False, detail=f"the memory {_SILENT}")
    except FlowError as error:
        return Check(name="memory", ok=False, detail=str(error))
    return Check(name="memory", ok=True, detail="answers and never evicts")


async def _archive(services: Services) -> Check:
    """Look for what cannot be there: an archive that says so can be read."""
    try:
        await _soon(services.runs.memory.archive.get(services.runs.tenant, [_NOWHERE]))
    except TimeoutError:
        return Check(name="archive", ok=False, detail=f"the archive {_SILENT}")
    except FlowError as error:
        return Check(name="archive", ok=False, detail=str(error))
    return Check(name="archive", ok=True, detail="can be read")


def _flows(services: Services) -> Check:
    refused = services.shelf.refused
    if refused:
        detail = f"refused: {', '.join(sorted(refused))}; GET /v1/flows says why"
        return Check(name="flows", ok=False, required=False, detail=detail)
    return Check(name="flows", ok=True, detail=", ".join(sorted(services.shelf.flows)) or "none")


def _webhooks(services: Services) -> Check:
    detail = "sent to public addresses over HTTPS only"
    if services.endpoints.private:
        detail = "ORCHESTRA_WEBHOOKS_PRIVATE lets them into private networks: for laptops and tests"
    return Check(name="webhooks", ok=True, required=False, detail=detail)


async def _workers(services: Services) -> Check:
    request = DescribeTaskQueueRequest(
        namespace=services.client.namespace,
        task_queue=TaskQueue(name=services.queue),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    try:
        described = await _soon(
            services.client.workflow_service.describe_task_queue(request, timeout=LIMIT)
        )
    except _NO_ANSWER:
        return Check(name="workers", ok=False, required=False, detail="Temporal cannot be asked")
    count = len({poller.identity for poller in described.pollers})
    detail = f"{count} on queue {services.queue}" if count else "none; runs wait until one is up"
    return Check(name="workers", ok=count > 0, required=False, detail=detail)


async def _soon(answer: Awaitable[Answer]) -> Answer:
    async with asyncio.timeout(LIMIT.total_seconds() + 0.5):
        return await answer
