"""Names that Temporal sees: workflow ids, queues, handlers and search attributes. No user data."""

import hashlib
from typing import Final

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

WORKFLOW_TYPE: Final = "flow"
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


def pure_activity(step: str) -> str:
    """Name the local activity of a pure step as the timeline shows it; no other has a space."""
    return f"{step} (pure)"


def version(slot: str, ordinal: int) -> str:
    """Identify one value of a slot within its run: `draft:2`."""
    return f"{slot}:{ordinal}"


def slot_of(version_id: str) -> str:
    """Take the slot out of `draft:2`."""
    return version_id.rpartition(":")[0]
