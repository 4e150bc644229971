"""Lists of runs: filters as a visibility query, states as Temporal tells them, cursors."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from temporalio.api.enums.v1 import WorkflowExecutionStatus as Status
from temporalio.client import WorkflowExecution

from contracts.notation import NAME
from contracts.run import RunStatus
from services.errors import InputInvalidError
from workflows import names

_CHECKSUM_BYTES: Final = 8


@dataclass(frozen=True)
class Filters:
    """Which runs to list; empty means any."""

    flow: str = ""
    status: RunStatus | None = None
    needs_person: bool = False
    role: str = ""
    """Who is asked at a gate."""

    since: str = ""
    """Ended since then, or begun where they have not ended; ISO 8601."""


class Waiting(NamedTuple):
    """A run that waits at a gate; sorted by deadline."""

    deadline_ms: int
    """As far away as can be, where an older program opened the gate."""

    run: str


def waiting(execution: WorkflowExecution) -> Waiting:
    """Say until when a run waits."""
    deadline = execution.typed_search_attributes.get(names.DEADLINE)
    milliseconds = int(deadline.timestamp() * 1000) if deadline else 1 << 62
    return Waiting(milliseconds, execution.id.partition("/")[2])


def status_of(execution: WorkflowExecution) -> RunStatus:
    """Say how a run stands, from what Temporal knows without a worker."""
    told = execution.typed_search_attributes.get(names.STATUS) or ""
    match execution.status:
        case None | Status.WORKFLOW_EXECUTION_STATUS_RUNNING:
            if told in (RunStatus.INPUT_REQUIRED, RunStatus.PAUSED, RunStatus.QUEUED):
                return RunStatus(told)
            begun = told or execution.history_length > 2
            return RunStatus.RUNNING if begun else RunStatus.QUEUED
        case Status.WORKFLOW_EXECUTION_STATUS_COMPLETED:
            return RunStatus.REJECTED if told == RunStatus.REJECTED else RunStatus.SUCCEEDED
        case Status.WORKFLOW_EXECUTION_STATUS_FAILED:
            return RunStatus.EXPIRED if told == RunStatus.EXPIRED else RunStatus.FAILED
        case Status.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
            return RunStatus.EXPIRED
        case (
            Status.WORKFLOW_EXECUTION_STATUS_CANCELED | Status.WORKFLOW_EXECUTION_STATUS_TERMINATED
        ):
            return RunStatus.CANCELLED
        case _:
            return RunStatus.RUNNING


def query_for(tenant: str, filters: Filters) -> str:
    """Build a visibility query; every value is of a closed set or has no quotes in it."""
    parts = [f"{names.TENANT.name} = '{tenant}'", f"WorkflowType = '{names.WORKFLOW_TYPE}'"]
    if filters.flow:
        if not filters.flow.replace("_", "").isalnum():
            raise InputInvalidError(f"{filters.flow!r} is no name of a flow")
        parts.append(f"{names.FLOW.name} = '{filters.flow}'")
    if filters.needs_person:
        parts.append(f"{names.NEEDS_PERSON.name} = true AND ExecutionStatus = 'Running'")
    if filters.role:
        if not re.fullmatch(NAME, filters.role):
            raise InputInvalidError(f"{filters.role!r:.60} is no name of a role")
        role = names.ROLE.name
        parts.append(f"({role} = '{filters.role}' OR {role} IS NULL)")
    if filters.status:
        parts.append(_STATUS_QUERIES[filters.status])
    if filters.since:
        field = "StartTime" if _is_open(filters) else "CloseTime"
        parts.append(f"{field} >= '{filters.since}'")
    return " AND ".join(parts)


def _is_open(filters: Filters) -> bool:
    return filters.needs_person or (filters.status is not None and not filters.status.is_final)


_OPEN: Final = "ExecutionStatus = 'Running'"
_STATUS_QUERIES: Final = {
    RunStatus.QUEUED: (
        f"{_OPEN} AND ({names.STATUS.name} IS NULL OR {names.STATUS.name} = 'queued')"
    ),
    RunStatus.RUNNING: (
        f"{_OPEN} AND ({names.STATUS.name} IS NULL OR {names.STATUS.name} = 'running')"
    ),
    RunStatus.INPUT_REQUIRED: f"{_OPEN} AND {names.STATUS.name} = 'input_required'",
    RunStatus.PAUSED: f"{_OPEN} AND {names.STATUS.name} = 'paused'",
    RunStatus.SUCCEEDED: f"{names.STATUS.name} = 'succeeded'",
    RunStatus.REJECTED: f"{names.STATUS.name} = 'rejected'",
    RunStatus.FAILED: f"ExecutionStatus = 'Failed' AND ({names.STATUS.name} IS NULL OR"
    f" {names.STATUS.name} != 'expired')",
    RunStatus.CANCELLED: "ExecutionStatus IN ('Canceled', 'Terminated')",
    RunStatus.EXPIRED: f"{names.STATUS.name} = 'expired'",
}


def write_cursor(token: bytes | None, query: str) -> str:
    """Wrap Temporal's page token with a checksum: it answers a foreign one with a server error."""
    return base64.urlsafe_b64encode(_checksum(token, query) + token).decode() if token else ""


def read_cursor(cursor: str, query: str) -> bytes | None:
    """Unwrap a cursor of ours.

    Raises:
        InputInvalidError: it is not, or belongs to a list with other filters.
    """
    if not cursor:
        return None
    try:
        wrapped = base64.urlsafe_b64decode(cursor)
    except (binascii.Error, ValueError):
        wrapped = b""
    checksum, token = wrapped[:_CHECKSUM_BYTES], wrapped[_CHECKSUM_BYTES:]
    if checksum != _checksum(token, query):
        raise InputInvalidError(
            f"the cursor {cursor[:40]!r} is not one of ours, or of a list with other filters;"
            " begin again without it"
        )
    return token


def _checksum(token: bytes, query: str) -> bytes:
    return hashlib.sha256(query.encode() + token).digest()[:_CHECKSUM_BYTES]
