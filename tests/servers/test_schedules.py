"""Schedules on a real Temporal server: they fire, wait, are told, and say what they would do."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import JsonValue

from contracts.run import RunStatus
from contracts.schedule import Firing, ScheduleContent, ScheduleView
from services.agents.base import Given
from services.errors import (
    ConflictError,
    FlowError,
    IdempotencyMismatchError,
    InputInvalidError,
    NotFoundError,
)
from services.schedules.schedules import Schedules
from tests.harness import Harness, harness
from tests.servers.gateway_caller import eventually, gateway
from tests.servers.small_flows import GATE, ONE
from tests.toys import Note, ToyFlow, toy, toy_flow

pytestmark = pytest.mark.servers


def _copying() -> ToyFlow:
    return toy_flow(ONE, toy("one", lambda given: given.one("start", Note)))


def _failing() -> ToyFlow:
    def fail(given: Given) -> Note:
        raise ValueError("it does not work")

    return toy_flow(ONE, toy("one", fail))


def _held(release: asyncio.Event) -> ToyFlow:
    async def wait(given: Given) -> Note:
        await release.wait()
        return Note(text="done")

    return toy_flow(ONE, toy("one", wait))


def _content(text: str = "x", /, **changes: object) -> ScheduleContent:
    given: dict[str, object] = {
        "flow": "toy",
        "input": {"text": text},
        "times": {"cron": ["0 9 * * *"]},
        "overlap": "allow_all",
    }
    return ScheduleContent.model_validate(given | changes)


async def _until(
    schedules: Schedules, name: str, is_so: Callable[[ScheduleView], bool]
) -> ScheduleView:
    for _ in range(200):
        found = await schedules.get(name)
        if is_so(found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"the schedule did not come so far: {found}")


def _ended(found: ScheduleView) -> tuple[Firing, ...]:
    return tuple(each for each in found.recent if each.status.is_final)


def _schedules(bench: Harness) -> Schedules:
    return Schedules(bench.runs)


async def test_a_schedule_fires_by_its_interval(temporal_address: str) -> None:
    """A flow is run at each time that is due, and a limited schedule stops after its last."""
    bench = await harness(temporal_address, _copying())
    schedules = _schedules(bench)
    content = _content("{{scheduled.at}}", times={"every": "1s"}, at_most=2)

    async with bench.worker():
        await schedules.create("ticking", content)
        found = await _until(schedules, "ticking", lambda each: len(_ended(each)) == 2)

    made = [await bench.runs.result(each.run) for each in found.recent]
    assert [each.status for each in found.recent] == [RunStatus.SUCCEEDED] * 2
    assert [_text(each).replace("+00:00", "Z") for each in made] == [
        each.due_at for each in found.recent
    ]
    assert (found.remaining, found.fired, found.next) == (0, 2, ())


def _text(result: JsonValue) -> str:
    assert isinstance(result, dict)
    return str(result["text"])


async def test_past_days_are_filled_in_the_zone_of_the_schedule(temporal_address: str) -> None:
    """A backfill runs each past time once, told the day it was due and not the day it is."""
    bench = await harness(temporal_address, _copying())
    schedules = _schedules(bench)
    times = {"cron": ["30 0 * * *"], "time_zone": "Europe/Berlin"}
    await schedules.create("daily", _content("{{scheduled.date}} {{scheduled.week}}", times=times))
    first = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)

    async with bench.worker():
        filled = await schedules.backfill("daily", first, first + timedelta(days=1))
        await _until(schedules, "daily", lambda each: len(_ended(each)) == 2)
        again = await schedules.backfill("daily", first, first)
        found = await _until(schedules, "daily", lambda each: len(_ended(each)) == 3)

    texts = {_text(await bench.runs.result(each.run)) for each in found.recent}
    assert (filled, again) == (2, 1)
    assert texts == {"2026-03-02 2026-W10", "2026-03-03 2026-W10"}
    assert len({each.run for each in found.recent}) == 2
    with pytest.raises(InputInvalidError, match="nothing was due"):
        await schedules.backfill("daily", first + timedelta(hours=1), first + timedelta(hours=2))


async def test_a_failure_pauses_and_says_why(temporal_address: str) -> None:
    """With `pause_on_failure` a failed run pauses its schedule, which tells the reason."""
    bench = await harness(temporal_address, _failing())
    schedules = _schedules(bench)
    await schedules.create("fragile", _content(pause_on_failure=True, overlap="skip"))

    async with bench.worker():
        await schedules.trigger("fragile")
        found = await _until(schedules, "fragile", lambda each: each.paused and bool(_ended(each)))

    assert found.last is not None
    assert found.last.status is RunStatus.FAILED
    assert found.last.run in found.note
    assert "ValueError" in found.last.reason


async def test_a_start_is_skipped_while_the_one_before_is_at_work(temporal_address: str) -> None:
    """What is due while a run goes on is left out, and the schedule counts it."""
    release = asyncio.Event()
    bench = await harness(temporal_address, _held(release))
    schedules = _schedules(bench)
    content = _content(times={"every": "1s"}, overlap="skip")

    async with bench.worker():
        await schedules.create("slow", content)
        found = await _until(schedules, "slow", lambda each: each.skipped >= 1)
        await schedules.pause("slow", "enough")
        release.set()
        await _until(schedules, "slow", lambda each: bool(_ended(each)))

    assert (found.running, found.fired) == (1, 1)


async def test_cancelling_the_other_waits_for_its_end(temporal_address: str) -> None:
    """A run that has to make room is cancelled, and tells its end before the next begins."""
    flow = toy_flow(GATE, toy("one", lambda given: given.one("start", Note)))
    bench = await harness(temporal_address, flow)
    schedules = _schedules(bench)
    await schedules.create("turns", _content(overlap="cancel_other"))

    async with bench.worker():
        await schedules.trigger("turns")
        before = await _until(schedules, "turns", lambda each: _is_running(each, 1))
        await asyncio.sleep(1.1)
        await schedules.trigger("turns")
        await _until(schedules, "turns", lambda each: len(_ended(each)) == 1 and each.fired == 2)
        assert before.last is not None
        cancelled = await bench.runs.get(before.last.run)

    assert cancelled.status is RunStatus.CANCELLED


def _is_running(found: ScheduleView, count: int) -> bool:
    return found.running == count and bool(found.last and found.last.run)


async def test_a_preview_saves_nothing(temporal_address: str) -> None:
    """The next ten times are told in both zones, with the first input, and nothing is left."""
    bench = await harness(temporal_address, _copying())
    schedules = _schedules(bench)
    times = {"cron": ["0 9 1 7 *"], "time_zone": "America/New_York"}

    shown = await schedules.preview(_content("{{scheduled.date}}", times=times))

    assert len(shown.next) == 10
    assert shown.next[0].at.endswith("-07-01T13:00:00Z")
    assert shown.next[0].local.endswith("-07-01T09:00:00-04:00")
    assert shown.input["text"] == shown.next[0].at[:10]
    assert (await schedules.list()).schedules == ()


async def test_a_schedule_is_kept_changed_and_removed(temporal_address: str) -> None:
    """A schedule is found by its name, changed as a whole, paused with a note, and removed."""
    bench = await harness(temporal_address, _copying())
    schedules = _schedules(bench)
    large = _content("long " * 5000, times={"every": "1h", "offset": "5m"}, catch_up="10m")

    made = await schedules.create("kept", large, idempotency_key="k")
    replayed = await schedules.create("kept", large, idempotency_key="k")
    await schedules.pause("kept", "the editor is away")
    changed = await schedules.update("kept", _content("short", times={"every": "2h"}))

    assert (made.replayed, replayed.replayed) == (False, True)
    assert made.schedule.input == large.input
    assert made.schedule.times == large.times
    assert (changed.paused, changed.note) == (True, "the editor is away")
    assert (changed.input, changed.times.every) == ({"text": "short"}, "2h")
    with pytest.raises(ConflictError, match="already"):
        await schedules.create("kept", _content())
    with pytest.raises(IdempotencyMismatchError):
        await schedules.create("kept", _content("other"), idempotency_key="k")
    await schedules.unpause("kept", "")
    assert not (await schedules.get("kept")).paused
    await schedules.delete("kept")
    with pytest.raises(NotFoundError, match="orchestra schedules list"):
        await schedules.get("kept")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"times": {"cron": ["61 9 * * *"]}}, "/times/cron: .*Minute"),
        ({"times": {"cron": ["0 9 30 2 *"]}}, "no time ever matches"),
        ({"times": {"cron": ["0 9 * * *"], "time_zone": "Europe/Nowhere"}}, "/times/time_zone"),
        ({"times": {}}, "give cron, every or calendar"),
        ({"input": {"text": "{{scheduled.year}}", "score": 101}}, "/score"),
        ({"input": {"text": "{{schedule.date}}"}}, "there are scheduled.date"),
        ({"flow": "nothing"}, "nothing"),
    ],
)
async def test_what_does_not_fit_is_refused_before_saving(
    temporal_address: str, changes: dict[str, object], told: str
) -> None:
    """A schedule that could never fire, or never run, is refused with the field that is wrong."""
    bench = await harness(temporal_address, _copying())

    with pytest.raises(FlowError, match=told):
        await _schedules(bench).create("wrong", _content("x", **changes))


async def test_schedules_over_http(temporal_address: str) -> None:
    """Everything that can be done to a schedule can be done over HTTP."""
    bench = await harness(temporal_address, _copying())
    content = _content("{{scheduled.date}}").model_dump(mode="json")
    async with gateway(bench) as caller:
        shown = await caller.post("/v1/schedules/preview", json=content)
        added = await caller.post("/v1/schedules", json=content | {"id": "daily"})
        taken = await caller.post("/v1/schedules", json=content | {"id": "daily"})
        paused = await caller.post("/v1/schedules/daily/pause", json={"note": "holidays"})
        coming = await caller.get("/v1/schedules/daily/next")
        period = {"start": "2026-03-02T00:00:00Z", "end": "2026-03-03T00:00:00Z"}
        filled = await caller.post("/v1/schedules/daily/backfill", json=period)
        fired = await caller.post("/v1/schedules/daily/trigger", json={})
        listed = await eventually(caller, "/v1/schedules", "schedules", 1)
        changed = await caller.put("/v1/schedules/daily", json=content | {"overlap": "skip"})
        resumed = await caller.post("/v1/schedules/daily/unpause", json={})
        removed = await caller.delete("/v1/schedules/daily")
        gone = await caller.get("/v1/schedules/daily")

    assert len(shown.json()["next"]) == 10
    assert (added.status_code, added.headers["Location"]) == (201, "/v1/schedules/daily")
    assert (taken.status_code, taken.json()["code"]) == (409, "ConflictError")
    assert (paused.json()["paused"], paused.json()["note"]) == (True, "holidays")
    assert (coming.json()["paused"], len(coming.json()["next"])) == (True, 10)
    assert (filled.status_code, filled.json()["times"]) == (202, 1)
    assert fired.status_code == 202
    assert (listed[0]["id"], listed[0]["flow"]) == ("daily", "toy")
    assert changed.json()["overlap"] == "skip"
    assert not resumed.json()["paused"]
    assert (removed.status_code, gone.status_code) == (200, 404)


async def test_a_wrong_schedule_is_told_field_by_field(temporal_address: str) -> None:
    """A problem document points at every field of a schedule that is wrong."""
    bench = await harness(temporal_address, _copying())
    content = _content("{{scheduled.day}}").model_dump(mode="json")
    times = {"cron": ["9 daily"], "calendar": [{"hour": "25"}], "offset": "5m"}
    async with gateway(bench) as caller:
        wrong_times = await caller.post("/v1/schedules/preview", json=content | {"times": times})
        wrong_input = await caller.post("/v1/schedules/preview", json=content)

    assert [each["pointer"] for each in wrong_times.json()["errors"]] == [
        "/times/offset",
        "/times/cron/0",
        "/times/calendar/0/hour",
    ]
    assert [each["pointer"] for each in wrong_input.json()["errors"]] == ["/input/text"]
