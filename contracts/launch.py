"""What starts a run from inside Temporal: a schedule, a batch, whatever is not a request."""

from pydantic import Field

from contracts.base import Part
from contracts.reference import Digest, Reference
from contracts.usage import Usage


class LaunchTask(Part):
    """A run that is to be prepared: which flow, on what input, and when it was due."""

    tenant: str
    run: str
    """The id that the run is going to have; who repeats the task names the same."""

    flow: str
    """The name under which the flow is offered at that moment."""

    given: str = ""
    """The inputs by slot, or the one input bare, as a JSON object; at most 16 KiB."""

    given_at: Digest | None = None
    """Where larger inputs are kept instead."""

    row: int = Field(default=-1, ge=-1)
    """Which of several inputs kept there it is; -1 where it is the only one."""

    scheduled_ms: int = Field(default=0, ge=0)
    """When it was due, in Unix milliseconds; 0 when nothing but a person said when."""

    time_zone: str = "UTC"
    """In which the inputs speak of that time."""


class LaunchStart(Part):
    """The argument of the workflow that starts one run and sees it through."""

    tenant: str
    flow: str
    given: str = ""
    """As in `LaunchTask`."""

    given_at: Digest | None = None
    schedule: str = ""
    """Who starts it; empty when nothing does by itself."""

    time_zone: str = "UTC"
    batch: str = ""
    """The batch that it is a row of; empty when it is of none."""

    row: int = Field(default=-1, ge=-1)
    """As in `LaunchTask`."""


class LaunchOutcome(Part):
    """How the run that was started has ended."""

    run: str
    outcome: str
    """As the run's; `repeated` when an earlier start had made the same run, `refused` when another
    run on its subject goes on and the flow declares no other way."""

    reason: str = ""
    output: Reference | None = None
    spent: Usage = Field(default_factory=Usage)
