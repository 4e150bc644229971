"""The activities of workflows that start runs: what a request would have done, done by a worker."""

import json

from pydantic import JsonValue
from temporalio import activity
from temporalio.exceptions import ApplicationError

from contracts.double_start import ClaimTask, RunToFind
from contracts.launch import LaunchTask
from contracts.work import RunStart
from services.errors import ConflictError, InputInvalidError, Problem
from services.memory.memory import Memory
from services.runs.inputs import invalid
from services.runs.placeholders import Source, filled, sources
from services.runs.preparing import Preparing
from services.runs.turns import Turns
from services.worker.failures import as_final_unless_passing
from workflows.launching import REFUSED
from workflows.ports import LaunchActivities


class WorkerLaunchActivities(LaunchActivities):
    """Implements the ports of workflows that start runs."""

    def __init__(self, memory: Memory, preparing: Preparing, turns: Turns) -> None:
        self._memory = memory
        self._turns = turns
        self._preparing = preparing

    @activity.defn(name="prepare")
    async def prepare(self, task: LaunchTask) -> RunStart:
        """See `LaunchActivities.prepare`."""
        try:
            given = read_given(await self._text(task), task.row)
            if task.scheduled_ms:
                given = await filled(given, self._sources(task))
            start, _ = await self._preparing.prepare(task.tenant, task.run, task.flow, given)
        except Exception as error:  # the edge: only what may pass is tried again
            raise as_final_unless_passing(error) from error
        return start

    @activity.defn(name="claim")
    async def claim(self, task: ClaimTask) -> None:
        """See `LaunchActivities.claim`."""
        try:
            await self._turns.claim(task)
        except ConflictError as error:
            raise ApplicationError(str(error), type=REFUSED, non_retryable=True) from error

    @activity.defn(name="has_ended")
    async def has_ended(self, asked: RunToFind) -> bool:
        """See `LaunchActivities.has_ended`."""
        return await self._turns.has_ended(asked.tenant, asked.run)

    def _sources(self, task: LaunchTask) -> dict[str, Source]:
        return sources(self._preparing.entries, task.tenant, task.scheduled_ms, task.time_zone)

    async def _text(self, task: LaunchTask) -> str:
        if task.given_at is None:
            return task.given
        stored, _ = await self._memory.read(
            task.tenant, task.run, [task.given_at], from_history=False
        )
        return stored[task.given_at].decode()


def read_given(text: str, row: int = -1) -> dict[str, JsonValue]:
    """Read the inputs of a launch, where there are several the one of a row.

    Raises:
        InputInvalidError: the text is no JSON object, or no list of them.
    """
    try:
        given: JsonValue = json.loads(text)
    except ValueError as error:
        raise InputInvalidError(f"the inputs are no JSON: {error}") from error
    if row >= 0:
        given = given[row] if isinstance(given, list) and row < len(given) else None
    if not isinstance(given, dict):
        raise invalid("the inputs are no JSON object", [Problem("", "give inputs by slot")])
    return given
