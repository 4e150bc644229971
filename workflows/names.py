"""Names that Temporal sees: workflow ids, queues, handlers and search attributes. No user data."""

import hashlib
from typing import Final

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from contracts.base import digest

WORKFLOW_TYPE: Final = "flow"
BATCH_TYPE: Final = "batch"
"""The type of the workflow that works through a list."""

LAUNCH: Final = "launch"
"""The type of the workflow that prepares a run for a schedule and sees it through."""

SUBJECT_TYPE: Final = "subject"
"""The type of the workflow that gives runs their turns on one subject."""

CLAIM: Final = "claim"
GIVEN_WAY: Final = "given_way"
"""The signals by which a run asks for its turn and tells its end."""

TURN: Final = "turn"
"""The signal by which a run is called."""

DECIDE: Final = "decide"
"""The update by which a decision reaches a run that a worker holds."""

DECIDE_LATER: Final = "decide_later"
"""The signal that carries the same decision while no worker is up."""

PAUSE: Final = "pause"
RESUME: Final = "resume"
"""The signals that hold a run up and let it go on."""

FLOW: Final = SearchAttributeKey.for_keyword("FoFlow")
STATUS: Final = SearchAttributeKey.for_keyword("FoStatus")
TENANT: Final = SearchAttributeKey.for_keyword("FoTenant")
NEEDS_PERSON: Final = SearchAttributeKey.for_bool("FoNeedsPerson")
COST_USD: Final = SearchAttributeKey.for_float("FoCostUsd")
ROLE: Final = SearchAttributeKey.for_keyword_list("FoRole")
"""The roles that an open gate waits for."""

DEADLINE: Final = SearchAttributeKey.for_datetime("FoDeadline")
"""Until when an open gate waits."""
SCHEDULE: Final = SearchAttributeKey.for_keyword("FoSchedule")
"""By which schedule of the tenant a run was started."""

BATCH: Final = SearchAttributeKey.for_keyword("FoBatch")
"""Of which batch of the tenant a run is a row."""

DUE: Final = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
"""Set by Temporal on what a schedule starts: when that was due, without jitter."""

RUN: Final = "run"
"""The memo of a launch that names its run."""

BUGS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What only a bug in the interpreter or an undecodable argument raises; such a run fails."""

SEARCH_ATTRIBUTES: Final = (
    FLOW,
    STATUS,
    TENANT,
    NEEDS_PERSON,
    COST_USD,
    ROLE,
    DEADLINE,
    SCHEDULE,
    BATCH,
)
"""Must exist in the namespace before the first start."""


def workflow_id(tenant: str, run: str) -> str:
    """One workflow a run: `default/01K…`."""
    return f"{tenant}/{run}"


def child_run(run: str, step: str, visit: int, item: str) -> str:
    """Name the run of a sub-flow: `01K….lead-1`, with a digest of its item in a fan-out.

    The item itself is data and stays out of names.
    """
    suffix = f"-{hashlib.sha256(item.encode()).hexdigest()[:8]}" if item else ""
    return f"{run}.{step}-{visit}{suffix}"


def parent_of(run: str) -> str:
    """Name the run of which another is a part; empty for one that is whole."""
    return run.rpartition(".")[0]


def run_attributes(tenant: str, flow: str) -> TypedSearchAttributes:
    """What a run is found by from its start; the rest is set while it runs."""
    return TypedSearchAttributes(
        [SearchAttributePair(FLOW, flow), SearchAttributePair(TENANT, tenant)]
    )


def schedule_id(tenant: str, schedule: str) -> str:
    """Name a schedule in Temporal, where tenants share a namespace: `default/weekly`."""
    return f"{tenant}/{schedule}"


def scheduled_launch(tenant: str, schedule: str) -> str:
    """Begin the ids of a schedule's launches; Temporal appends the time at which each was due."""
    return f"{tenant}/schedule/{schedule}"


def subject_key(flow: str, subject: str) -> str:
    """Tell subjects of a flow apart without anybody's words; case and spaces do not count."""
    text = " ".join(subject.split()).casefold()
    return digest(f"{flow}\n{text}".encode())[:32]


def subject_workflow(tenant: str, key: str) -> str:
    """Name who gives turns on a subject: `default/subject/1f3a…`."""
    return f"{tenant}/subject/{key}"


def batch_workflow(tenant: str, batch: str) -> str:
    """Name the workflow of a batch: `default/batch/01K…`."""
    return f"{tenant}/batch/{batch}"


def row_launch(tenant: str, batch: str, row: int, attempt: int) -> str:
    """Name the launch of one row; the same attempt at the same row is the same run."""
    return f"{batch_workflow(tenant, batch)}/{row}/{attempt}"


def launched_run(launch: str, content: str) -> str:
    """Name the run of a launch: of one due time and one content there is one run, ever.

    Args:
        launch: the workflow id of the launch, with the time at which it was due.
        content: what is started; a schedule that was changed may run a time again.
    """
    return "S" + digest(f"{launch}\n{content}".encode())[:25].upper()


def pure_activity(step: str) -> str:
    """Name the local activity of a pure step as the timeline shows it; no other has a space."""
    return f"{step} (pure)"


def version(slot: str, ordinal: int) -> str:
    """Identify one value of a slot within its run: `draft:2`."""
    return f"{slot}:{ordinal}"


def slot_of(version_id: str) -> str:
    """Take the slot out of `draft:2`."""
    return version_id.rpartition(":")[0]


DELIVERY_TYPE: Final = "deliver"
TRY_NOW: Final = "try_now"
"""The signal by which a person ends a delivery's pause."""


def deliveries(tenant: str, webhook: str) -> str:
    """Begin the id of every delivery to one webhook; no run has a slash in its id."""
    return f"{tenant}/webhooks/{webhook}/"


def delivery_id(tenant: str, webhook: str, notice: str) -> str:
    """One workflow a webhook and notice, so that a notice told twice is delivered once."""
    return f"{deliveries(tenant, webhook)}{notice}"


def delivery_queue(queue: str) -> str:
    """Deliveries have a queue of their own: receivers that hang hold up no run."""
    return f"{queue}-webhooks"
