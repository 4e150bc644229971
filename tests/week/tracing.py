"""Where a run is at work, as Temporal tells it: on which builds, in which processes."""

from collections.abc import AsyncIterator

from temporalio.client import Client


async def builds_of(client: Client, workflow: str) -> set[str]:
    """Find the builds of the workers that took the decisions in a run and its sub-flows."""
    builds: set[str] = set()
    others: set[str] = set()
    async for event in client.get_workflow_handle(workflow).fetch_history_events():
        match event.WhichOneof("attributes"):
            case "workflow_task_completed_event_attributes":
                done = event.workflow_task_completed_event_attributes
                builds.add(done.deployment_version.build_id or "none")
            case "child_workflow_execution_started_event_attributes":
                begun = event.child_workflow_execution_started_event_attributes
                others.add(begun.workflow_execution.workflow_id)
    for other in sorted(others):
        builds |= await builds_of(client, other)
    return builds


async def pids_at_work(client: Client, workflow: str) -> AsyncIterator[int]:
    """Find the processes that have a step of a run or of its sub-flows in hand."""
    told = (await client.get_workflow_handle(workflow).describe()).raw_description
    for step in told.pending_activities:
        pid = step.last_worker_identity.partition("@")[0]
        if pid.isdigit():
            yield int(pid)
    for child in told.pending_children:
        async for pid_of_child in pids_at_work(client, child.workflow_id):
            yield pid_of_child
