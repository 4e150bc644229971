"""What can be seen of runs from outside when all is over: HTTP, Temporal, memory, the folder."""

import asyncio
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import Client

from services.payloads import data_converter
from tests.chaos.client import GatewayClient
from tests.chaos.stack import ChaosStack, memory_of

AT_ONCE: Final = 4


@dataclass(frozen=True)
class RunSeen:
    """One run as it stood in the end."""

    run: str
    flow_version: int
    status: str
    place: str
    reason: str
    digests: Mapping[str, str]
    """Of every value it ever held, by `slot:ordinal:item`."""

    route: tuple[tuple[str, str, str], ...]
    """Source, target and rule of each hand-over, in order."""

    decided: tuple[str, ...]
    """Gates that a person has decided at, in order."""

    failures: tuple[str, ...]
    """Steps that failed for good, with the kind."""

    spent_calls: int
    spent_tokens: int
    output: str
    """Digest of what it has made, empty without."""

    artifact: str = ""
    """The published file's name, where it published."""

    artifact_digest: str = ""


@dataclass(frozen=True)
class Seen:
    """Everything there is to judge a load by, of one tenant."""

    runs: Mapping[str, RunSeen]
    """By marker."""

    published: Mapping[str, str]
    """SHA-256 of each file in the publishing folder, by name."""

    workflows: tuple[str, ...]
    """All that Temporal has for the tenant."""

    failed_tasks: tuple[str, ...]
    """Workflow tasks that failed, as the histories tell: bugs and lost determinism."""

    wrong_values: tuple[str, ...] = field(default=())
    """Values in memory that are not what their address says."""


async def look(
    stack: ChaosStack,
    gateway: GatewayClient,
    runs: Mapping[str, set[str]],
    before: Collection[str] = (),
) -> Seen:
    """Read all there is about some runs, by marker; workflows known from before are left out."""
    client = await Client.connect(stack.temporal_address, data_converter=data_converter())
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(marker: str, run: str) -> tuple[str, RunSeen, tuple[str, ...]]:
        async with gate:
            seen = await _run(gateway, run)
            return marker, seen, await _failed_tasks(client, f"{stack.tenant}/{run}")

    found = await asyncio.gather(*(one(marker, min(each)) for marker, each in runs.items() if each))
    query = f"FoTenant = '{stack.tenant}'"
    return Seen(
        runs={marker: seen for marker, seen, _ in found},
        published=_published(stack.published),
        workflows=tuple(
            [
                each.id
                async for each in client.list_workflows(query)
                if each.id.partition("/")[2] not in before
            ]
        ),
        failed_tasks=tuple(line for _, _, lines in found for line in lines),
        wrong_values=await _wrong_values(stack),
    )


async def _run(gateway: GatewayClient, run: str) -> RunSeen:
    view: Any = await gateway.get(f"/runs/{run}")
    context: Any = await gateway.get(f"/runs/{run}/context")
    borders: Any = await gateway.get(f"/runs/{run}/handoffs")
    steps: Any = await gateway.get(f"/runs/{run}/steps")
    output = view.get("output") or {}
    result: Any = await gateway.get(f"/runs/{run}/result") if output else {}
    spent = view["spent"]
    return RunSeen(
        run=run,
        flow_version=view["flow_version"],
        status=view["status"],
        place=view["place"],
        reason=view["reason"],
        digests={
            f"{each['slot']}:{each['ordinal']}:{each['item']}": each["digest"]
            for slot in context["slots"]
            for each in slot["versions"]
        },
        route=tuple(
            (each["source"], each["target"], each["rule"])
            for each in sorted(borders["hand_offs"], key=lambda each: each["seq"])
        ),
        decided=tuple(each["step"] for each in steps["steps"] if each["status"] == "decided"),
        failures=tuple(
            f"{each['step']}: {each['failure']['kind']}"
            for each in steps["steps"]
            if each["status"] == "failed"
        ),
        spent_calls=spent["calls"],
        spent_tokens=spent["input_tokens"] + spent["output_tokens"],
        output=output.get("digest", ""),
        artifact=result.get("where", ""),
        artifact_digest=result.get("digest", "") if result.get("where") else "",
    )


async def _failed_tasks(client: Client, workflow: str) -> tuple[str, ...]:
    found = []
    async for event in client.get_workflow_handle(workflow).fetch_history_events():
        if event.event_type != EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
            continue
        failed = event.workflow_task_failed_event_attributes
        # Something arrived while the task was being completed: an ordinary reason to do it again.
        if failed.cause != WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND:
            found.append(f"{workflow}: {failed.failure.message[:200]}")
    return tuple(found)


def _published(folder: Path) -> dict[str, str]:
    files = sorted(folder.glob("*.md")) if folder.is_dir() else []
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in files}


async def _wrong_values(stack: ChaosStack) -> tuple[str, ...]:
    async with memory_of(stack.redis_url) as memory:
        keys = [key async for key in memory.scan_iter(f"{stack.tenant}:value:*")]
        bodies = await memory.mget(keys) if keys else []
    return tuple(
        str(key)
        for key, body in zip(keys, bodies, strict=True)
        if not isinstance(body, bytes)
        or hashlib.sha256(body).hexdigest() != key.decode().rpartition(":")[2]
    )
