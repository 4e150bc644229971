"""Schedules: flows that are started by themselves, kept and fired by Temporal."""

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import JsonValue
from temporalio.api.workflowservice.v1 import ListScheduleMatchingTimesRequest
from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleBackfill,
    ScheduleDescription,
    ScheduleHandle,
    SchedulePolicy,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
    WorkflowExecution,
)
from temporalio.common import Priority, SearchAttributePair
from temporalio.service import RPCError, RPCStatusCode

from contracts.base import digest
from contracts.launch import LaunchStart
from contracts.schedule import (
    Firing,
    Overlap,
    ScheduleContent,
    SchedulePreview,
    ScheduleSummary,
    ScheduleView,
    Times,
)
from contracts.work import INLINE_LIMIT_BYTES
from services.errors import (
    ConflictError,
    FlowError,
    IdempotencyMismatchError,
    InputInvalidError,
    NotFoundError,
    Problem,
)
from services.runs.inputs import INPUT_LIMIT_BYTES, invalid, read_input
from services.runs.listing import read_cursor, write_cursor
from services.runs.placeholders import filled, sources
from services.runs.runs import Runs, unavailable
from services.schedules import view
from services.schedules.spec import read_times, refused, span
from workflows import names
from workflows.launch import Launch

RECENT: Final = 10
BACKFILLED_AT_ONCE: Final = 1000
"""Temporal holds so many starts of one schedule ready; it would drop the rest without a word."""


@dataclass(frozen=True)
class Page:
    """One page of schedules and the cursor of the next, empty on the last."""

    schedules: tuple[ScheduleSummary, ...]
    cursor: str


@dataclass(frozen=True)
class Created:
    """A schedule that exists, and whether an earlier request had made it."""

    schedule: ScheduleView
    replayed: bool


class Schedules:
    """Keeps the schedules of one tenant."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._client = runs.client
        self._tenant = runs.tenant

    async def preview(self, content: ScheduleContent) -> SchedulePreview:
        """Say when a schedule would fire and on what input, and save nothing.

        The times are Temporal's own: of a paused schedule that is made for the question.

        Raises:
            NotFoundError: there is no such flow.
            InputInvalidError: times or input do not fit; each place is named.
            UnavailableError: Temporal does not answer.
        """
        self._runs.shelf.get(content.flow)
        times = await self._future(content.times)
        given = await self._filled(content, times[0])
        zone = content.times.time_zone
        return SchedulePreview(time_zone=zone, next=view.due(times, zone), input=given)

    async def create(
        self, name: str, content: ScheduleContent, *, idempotency_key: str = ""
    ) -> Created:
        """Check a schedule and save it; from then on it fires.

        The same key with the same content finds the schedule that is there.

        Raises:
            ConflictError: there is a schedule of that name.
            IdempotencyMismatchError: the key was used with another content.
            NotFoundError: there is no such flow.
            InputInvalidError: times or input do not fit; each place is named.
            UnavailableError: Temporal or the archive does not answer.
        """
        await self.preview(content)
        nonce = secrets.token_hex(8)
        memo = {"key": _hidden(idempotency_key), "content": _fingerprint(content), "nonce": nonce}
        try:
            await self._client.create_schedule(
                names.schedule_id(self._tenant, name),
                await self._schedule(name, content),
                memo=memo,
                search_attributes=names.run_attributes(self._tenant, content.flow),
            )
        except ScheduleAlreadyRunningError as error:
            found = await (await self._describe(name)).memo()
            if not idempotency_key or found.get("key") != memo["key"]:
                raise ConflictError(
                    f"there is a schedule {name!r} already; choose another name, change that one"
                    f" with `orchestra schedules add {name} --replace`, or remove it"
                ) from error
            if found.get("content") != memo["content"]:
                raise IdempotencyMismatchError(
                    "this Idempotency-Key was used before with another schedule; use a new key"
                ) from error
            return Created(await self.get(name), replayed=True)
        except RPCError as error:
            raise unavailable(error) from error
        return Created(await self.get(name), replayed=False)

    async def update(self, name: str, content: ScheduleContent) -> ScheduleView:
        """Check a new content and put it in place of the old; what is paused stays so.

        Raises:
            NotFoundError: there is no such schedule or flow.
            InputInvalidError: times or input do not fit; each place is named.
            UnavailableError: Temporal or the archive does not answer.
        """
        await self._describe(name)
        await self.preview(content)
        fresh = await self._schedule(name, content)

        def put(current: ScheduleUpdateInput) -> ScheduleUpdate:
            kept = current.description.schedule.state
            fresh.state.paused, fresh.state.note = kept.paused, kept.note
            return ScheduleUpdate(fresh, names.run_attributes(self._tenant, content.flow))

        try:
            await self._handle(name).update(put)
        except RPCError as error:
            raise _translated(error, name) from error
        return await self.get(name)

    async def get(self, name: str) -> ScheduleView:
        """Describe one schedule with its last ten starts.

        Raises:
            NotFoundError: there is no such schedule.
            UnavailableError: Temporal or the archive does not answer.
        """
        found = await self._describe(name)
        start, times = await view.action_of(self._client, found)
        shown = view.full(found, start, times, await self._firings(name), self._url(name))
        if start.given_at is None:
            return shown
        kept = await self._runs.memory.archive.get(self._tenant, [start.given_at])
        if start.given_at not in kept:
            raise NotFoundError(
                f"the archive has lost the input of schedule {name!r}; send it again with"
                f" `orchestra schedules add {name} --replace`"
            )
        given: dict[str, JsonValue] = json.loads(kept[start.given_at])
        return shown.model_copy(update={"input": given})

    async def list(self, *, limit: int = 20, cursor: str = "") -> Page:
        """List schedules; a new one shows up within about a second.

        Raises:
            InputInvalidError: the cursor is not one of ours.
            UnavailableError: Temporal does not answer.
        """
        query = f"{names.TENANT.name} = '{self._tenant}'"
        try:
            found = await self._client.list_schedules(
                query, page_size=limit, next_page_token=read_cursor(cursor, query)
            )
            await found.fetch_next_page(page_size=limit)
        except RPCError as error:
            raise unavailable(error) from error
        listed = tuple(found.current_page or ())
        own = [each.id.removeprefix(f"{self._tenant}/") for each in listed]
        last = await asyncio.gather(*(self._firings(name, 1) for name in own))
        shown = [
            view.summary(each, self._tenant, firings[0] if firings else None, self._url(name))
            for each, name, firings in zip(listed, own, last, strict=True)
        ]
        return Page(tuple(shown), write_cursor(found.next_page_token, query))

    async def pause(self, name: str, note: str) -> None:
        """Let a schedule fire no more until it is resumed; runs under way go on.

        Raises:
            NotFoundError: there is no such schedule.
            UnavailableError: Temporal does not answer.
        """
        try:
            await self._handle(name).pause(note=note or "paused")
        except RPCError as error:
            raise _translated(error, name) from error

    async def unpause(self, name: str, note: str) -> None:
        """Let a schedule fire again; what was due while it was paused is not made up for.

        Raises:
            NotFoundError: there is no such schedule.
            UnavailableError: Temporal does not answer.
        """
        try:
            await self._handle(name).unpause(note=note or "resumed")
        except RPCError as error:
            raise _translated(error, name) from error

    async def trigger(self, name: str, overlap: Overlap | None = None) -> None:
        """Fire now, paused or not; twice within one second is once.

        Raises:
            NotFoundError: there is no such schedule.
            UnavailableError: Temporal does not answer.
        """
        try:
            await self._handle(name).trigger(overlap=view.policy(overlap) if overlap else None)
        except RPCError as error:
            raise _translated(error, name) from error

    async def backfill(
        self, name: str, start: datetime, end: datetime, overlap: Overlap = Overlap.BUFFER_ALL
    ) -> int:
        """Fire for every time that was due from `start` to `end`, both included.

        A time whose run there is already is not run again while the schedule's content is the same.

        Returns:
            For how many times it fires.

        Raises:
            NotFoundError: there is no such schedule.
            InputInvalidError: nothing was due, or too much.
            UnavailableError: Temporal does not answer.
        """
        before = start - timedelta(milliseconds=1)
        count = await self._due_between(name, before, end)
        if not count:
            told = "nothing was due in this time; see `orchestra schedules next`"
            raise invalid("nothing to backfill", [Problem("/start", told)])
        if count > BACKFILLED_AT_ONCE:
            told = f"{count} times were due; take {BACKFILLED_AT_ONCE} at most at once"
            raise invalid("too much to backfill", [Problem("/end", told)])
        period = ScheduleBackfill(start_at=before, end_at=end, overlap=view.policy(overlap))
        try:
            await self._handle(name).backfill(period)
        except RPCError as error:
            raise _translated(error, name) from error
        return count

    async def delete(self, name: str) -> None:
        """Remove a schedule; runs under way go on.

        Raises:
            NotFoundError: there is no such schedule.
            UnavailableError: Temporal does not answer.
        """
        try:
            await self._handle(name).delete()
        except RPCError as error:
            raise _translated(error, name) from error

    async def _future(self, times: Times) -> tuple[datetime, ...]:
        """Ask Temporal for the next ten times, of a paused schedule under a throw-away id."""
        spec = read_times(times)
        action = ScheduleActionStartWorkflow(
            names.LAUNCH, id="preview", task_queue=self._runs.queue
        )
        asked = f"{self._tenant}/preview/{secrets.token_hex(8)}"
        state = ScheduleState(paused=True, note="made to ask for its times; may be removed")
        try:
            handle = await self._client.create_schedule(asked, Schedule(action, spec, state=state))
        except RPCError as error:
            if error.status is RPCStatusCode.INVALID_ARGUMENT:
                raise refused(times, error.message) from error
            raise unavailable(error) from error
        try:
            described = await handle.describe()
        except RPCError as error:
            raise unavailable(error) from error
        finally:
            await asyncio.shield(_discard(handle))
        if not described.info.next_action_times:
            told = "no time ever matches; look at days, skip, start_at and end_at"
            raise invalid("the times do not fit", [Problem("/times", told)])
        return tuple(described.info.next_action_times)

    async def _filled(self, content: ScheduleContent, due: datetime) -> dict[str, JsonValue]:
        """Fill the input as its first start will, and hold it against the flow."""
        flow = self._runs.shelf.get(content.flow)
        if len(_written(content.input)) > INPUT_LIMIT_BYTES:
            raise invalid("the input is too large", [Problem("/input", "larger than 1 MiB")])
        moment, zone = int(due.timestamp() * 1000), content.times.time_zone
        taken = sources(self._runs.entries, self._tenant, moment, zone)
        try:
            given = await filled(content.input, taken)
            read_input(flow, given, self._runs.registry)
        except InputInvalidError as error:
            places = [Problem(f"/input{each.pointer}", each.message) for each in error.problems]
            raise InputInvalidError(str(error), places) from error
        return given

    async def _schedule(self, name: str, content: ScheduleContent) -> Schedule:
        return Schedule(
            action=await self._action(name, content),
            spec=read_times(content.times),
            policy=SchedulePolicy(
                overlap=view.policy(content.overlap),
                catchup_window=span(content.catch_up),
                pause_on_failure=content.pause_on_failure,
            ),
            state=ScheduleState(
                limited_actions=content.at_most is not None, remaining_actions=content.at_most or 0
            ),
        )

    async def _action(self, name: str, content: ScheduleContent) -> ScheduleActionStartWorkflow:
        flow = self._runs.shelf.get(content.flow)
        written = _written(content.input)
        is_large = len(written) > INLINE_LIMIT_BYTES
        if is_large:
            await self._runs.memory.archive.put(self._tenant, {digest(written): written})
        start = LaunchStart(
            tenant=self._tenant,
            flow=content.flow,
            given="" if is_large else written.decode(),
            given_at=digest(written) if is_large else None,
            schedule=name,
            time_zone=content.times.time_zone,
        )
        own = SearchAttributePair(names.SCHEDULE, name)
        return ScheduleActionStartWorkflow(
            Launch.run,
            start,
            id=names.scheduled_launch(self._tenant, name),
            task_queue=self._runs.queue,
            memo={view.TIMES: content.times.model_dump_json(exclude_unset=True)},
            typed_search_attributes=names.run_attributes(self._tenant, flow.name).updated(own),
            static_summary=f"{flow.name} by schedule {name}",
            priority=Priority(fairness_key=self._tenant),
        )

    async def _firings(self, name: str, limit: int = RECENT) -> tuple[Firing, ...]:
        query = (
            f"WorkflowType = '{names.LAUNCH}' AND {names.TENANT.name} = '{self._tenant}'"
            f" AND {names.SCHEDULE.name} = '{name}'"
        )
        iterator = self._client.list_workflows(query, page_size=limit)
        try:
            await iterator.fetch_next_page(page_size=limit)
        except RPCError as error:
            raise unavailable(error) from error
        found = await asyncio.gather(*map(self._firing, iterator.current_page or ()))
        return tuple(sorted(found, key=lambda each: each.due_at, reverse=True))

    async def _firing(self, launch: WorkflowExecution) -> Firing:
        told = await view.firing(launch)
        if told.status not in ("failed", "expired"):
            return told
        reason = await self._runs.history.reason(launch.id)
        return told.model_copy(update={"reason": reason})

    async def _due_between(self, name: str, start: datetime, end: datetime) -> int:
        first, last = Timestamp(), Timestamp()
        first.FromDatetime(start.astimezone(UTC))
        last.FromDatetime(end.astimezone(UTC))
        asked = ListScheduleMatchingTimesRequest(
            namespace=self._client.namespace,
            schedule_id=names.schedule_id(self._tenant, name),
            start_time=first,
            end_time=last,
        )
        try:
            found = await self._client.workflow_service.list_schedule_matching_times(asked)
        except RPCError as error:
            raise _translated(error, name) from error
        return len(found.start_time)

    async def _describe(self, name: str) -> ScheduleDescription:
        try:
            return await self._handle(name).describe()
        except RPCError as error:
            raise _translated(error, name) from error

    def _handle(self, name: str) -> ScheduleHandle:
        return self._client.get_schedule_handle(names.schedule_id(self._tenant, name))

    def _url(self, name: str) -> str:
        if not self._runs.ui:
            return ""
        schedule = quote(names.schedule_id(self._tenant, name), safe="")
        return f"{self._runs.ui}/namespaces/{self._client.namespace}/schedules/{schedule}"


async def _discard(handle: ScheduleHandle) -> None:
    """Remove a throw-away schedule; where that fails it stays, paused, and says what it is."""
    try:
        await handle.delete()
    except RPCError:
        return


def _translated(error: RPCError, name: str) -> FlowError:
    if error.status is RPCStatusCode.NOT_FOUND:
        return NotFoundError(
            f"there is no schedule {name!r}; list them with `orchestra schedules list`"
        )
    return unavailable(error)


def _written(given: Mapping[str, JsonValue]) -> bytes:
    return json.dumps(given, ensure_ascii=False, separators=(",", ":")).encode()


def _fingerprint(content: ScheduleContent) -> str:
    return digest(content.model_dump_json().encode())


def _hidden(key: str) -> str:
    """Keep a caller's key as a digest: it is nobody else's business."""
    return digest(key.encode()) if key else ""
