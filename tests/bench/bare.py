"""The floor: a bare Temporal workflow that passes its whole context from activity to activity.

Five sequential agents do nothing but add a body to the context they were handed. Run as
`python -m tests.bench.bare ADDRESS RUNS CONCURRENCY BODY_BYTES`; prints one JSON line.
"""

import asyncio
import os
import sys
import uuid
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

from tests.bench.measuring import measure, report

Context = dict[str, Any]


@activity.defn
async def add_body(context: Context) -> Context:
    """Hand on everything received, and as much again as one body."""
    body = {"text": os.urandom(context["body"] // 2).hex()}
    return {"parts": [*context["parts"], body], "body": context["body"]}


@workflow.defn
class Bare:
    """Five activities in a row."""

    @workflow.run
    async def run(self, body: int) -> int:
        """Return how many parts there are at the end."""
        context: Context = {"parts": [], "body": body}
        for _ in range(5):
            context = await workflow.execute_activity(
                add_body, context, start_to_close_timeout=timedelta(seconds=60)
            )
        return len(context["parts"])


async def main(address: str, runs: int, concurrency: int, body: int) -> None:
    """Measure so many runs, so many at a time."""
    client = await Client.connect(address)
    queue = f"bare-{uuid.uuid4().hex[:8]}"
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[Bare],
        activities=[add_body],
        max_concurrent_activities=200,
        max_concurrent_workflow_tasks=200,
    )
    async with worker:

        async def one() -> str:
            name = uuid.uuid4().hex
            await client.execute_workflow(Bare.run, body, id=name, task_queue=queue)
            return name

        measured = await measure(one, runs, concurrency)
        await report("bare", client, measured, body)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:5])))
