"""Hosts deliveries: what a worker needs to tell webhooks, and the worker that delivers."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.worker import Worker, WorkflowRunner

from services.temporal import workflow_runner
from services.webhooks.activities import WebhookActivities
from services.webhooks.sending import Sender
from workflows import names
from workflows.deliver import Deliver

AT_ONCE: Final = 20
"""Posts under way at once of one process; each takes 15 seconds at most."""

GRACE: Final = timedelta(seconds=10)
"""How long posts under way may take when the worker is told to stop; then they are made again."""


@dataclass(frozen=True)
class Webhooks:
    """How notices get to receivers."""

    sender: Sender
    activities: WebhookActivities


def build(
    client: Client, queue: str, webhooks: Webhooks, *, runner: WorkflowRunner | None = None
) -> Worker:
    """Build the worker of the deliveries that belong to a queue of runs.

    It is of no deployment: any build goes on with any delivery.
    """
    return Worker(
        client,
        task_queue=names.delivery_queue(queue),
        workflows=[Deliver],
        activities=[webhooks.activities.post, webhooks.activities.give_up],
        workflow_runner=runner or workflow_runner(),
        workflow_failure_exception_types=names.BUGS,
        max_concurrent_activities=AT_ONCE,
        graceful_shutdown_timeout=GRACE,
    )
