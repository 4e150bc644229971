"""How long activities may take and how they are tried again."""

from datetime import timedelta
from typing import Final

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

MARGIN: Final = timedelta(seconds=10)
"""On top of an agent's own limit: reading, writing and reporting."""

HEARTBEAT_TIMEOUT: Final = timedelta(seconds=20)
"""Four missed beats of five seconds mean that the worker is lost."""

PURE_LIMIT: Final = timedelta(seconds=2)
"""A local activity keeps updates waiting for as long as it runs."""

LOCALS_BEFORE_BOUNDARY: Final = 20
LOCAL_BYTES_BEFORE_BOUNDARY: Final = 512 * 1024
"""Finished local steps are not durable until their task completes, and 4 MB in one task ends the
run; so after so many a normal activity is forced."""


PENDING_BYTES: Final = 256 * 1024
"""Transitions that one activity carries on the side; more wait for the next one."""

INPUTS_BYTES: Final = 512 * 1024
"""References that one piece of work may be given. They stand in its task and in its start, and
Temporal takes 2 MB as one payload (`limit.blobSize.error`)."""

AT_ONCE_BYTES: Final = 3 * 1024 * 1024
"""Tasks that one workflow task may schedule: Temporal ends a run that sends it over 4 MB."""

PROGRESS_BYTES: Final = 1536 * 1024
"""The start of a next execution; of 2 MB, as any payload."""

HISTORY_BYTES: Final = 40 * 1024 * 1024
HISTORY_EVENTS: Final = 40_000
"""Past these a run ends by itself; at 50 MB or 50 Ki events Temporal would terminate it."""

REASON_CHARACTERS: Final = 500
"""Of the reason why a run ended, as whoever started it keeps it."""


def memory(summary: str) -> ActivityConfig:
    """Seal and flush: memory only, worth waiting some minutes for."""
    return ActivityConfig(
        summary=summary,
        start_to_close_timeout=timedelta(seconds=60),
        retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=15), maximum_attempts=30),
    )


def settling(summary: str) -> ActivityConfig:
    """What people have decided is never given up: memory may be away for as long as it takes."""
    return ActivityConfig(
        summary=summary,
        start_to_close_timeout=timedelta(seconds=60),
        retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
    )


def notifying(summary: str) -> ActivityConfig:
    """Tell webhooks, however long their home or Temporal's front is away: nothing else will."""
    return ActivityConfig(
        summary=summary,
        start_to_close_timeout=timedelta(seconds=60),
        retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=5)),
    )


def posting(summary: str) -> ActivityConfig:
    """One post and what is looked up for it; tried again only where a worker or the archive fails.

    The post itself takes 15 seconds at most, and never fails as an activity.
    """
    return ActivityConfig(
        summary=summary,
        start_to_close_timeout=timedelta(seconds=60),
        retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=60)),
    )


def preparing(summary: str) -> ActivityConfig:
    """A run that nobody waits for is worth a day of trying: memory or archive may be away."""
    return ActivityConfig(
        summary=summary,
        start_to_close_timeout=timedelta(seconds=60),
        schedule_to_close_timeout=timedelta(days=1),
        retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
    )


def at_end(summary: str) -> LocalActivityConfig:
    """The last events are in the outcome as well, so an ending run does not wait for memory."""
    return LocalActivityConfig(
        summary=summary,
        start_to_close_timeout=PURE_LIMIT,
        retry_policy=RetryPolicy(maximum_attempts=2),
    )


def pure(summary: str) -> LocalActivityConfig:
    """One local attempt; what fails there is made again as a normal activity, or fails."""
    return LocalActivityConfig(
        summary=summary,
        start_to_close_timeout=PURE_LIMIT,
        retry_policy=RetryPolicy(maximum_attempts=1),
    )


def step_retry(retries: int, has_time_limit: bool) -> RetryPolicy:
    """Let Temporal retry; the activity itself counts each kind and stops when it is used up.

    The cap here only catches what never reaches our code, such as a task no worker can decode.
    """
    return RetryPolicy(
        initial_interval=timedelta(seconds=1),
        backoff_coefficient=2.0,
        maximum_interval=timedelta(seconds=60),
        maximum_attempts=retries + (200 if has_time_limit else 5),
    )
