"""How long a step has been tried: a plan's `retry_for` counts by it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from temporalio.testing import ActivityEnvironment

from contracts.work import StepTask
from services.worker.activities import Attempt

SCHEDULED = datetime(2001, 1, 1, tzinfo=UTC)


def test_a_wrong_clock_of_a_worker_uses_up_no_retries() -> None:
    """The server's clock counts: a worker whose clock is years ahead waits no shorter."""
    info = replace(
        ActivityEnvironment().info,
        scheduled_time=SCHEDULED,
        started_time=SCHEDULED + timedelta(seconds=40),
    )
    task = StepTask(tenant="t", run="r1", flow="0" * 64, step="one", visit=1, seq=1, inputs={})

    waited = Attempt(task, 1, from_history=True).waited(info)

    assert timedelta(seconds=40) <= waited < timedelta(seconds=50)
