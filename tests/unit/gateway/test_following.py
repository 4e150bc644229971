"""Following a run without HTTP: nothing is missed, nothing comes twice, memory may come and go."""

import asyncio
from collections.abc import Callable

import pytest

from contracts.event import Event, EventKind
from contracts.run import RunStatus, StepStatus
from services.errors import NotFoundError, UnavailableError
from services.runs.following import (
    Ended,
    Following,
    Happened,
    Item,
    Quiet,
    Snapshot,
    page,
)
from tests.unit.gateway.recorded import (
    OTHER_RUN,
    RUN,
    FlakyStore,
    RecordedRuns,
    event,
    kinds,
    recorded_runs,
    transitions,
    whole_run,
)

FAST = 0.02


def _following(runs: RecordedRuns, last_id: str = "", look: float = 60) -> Following:
    return Following(runs, RUN, last_id, slice_seconds=FAST, look_seconds=look)


async def _all(following: Following) -> list[Item]:
    async with asyncio.timeout(5):
        return [item async for item in following.items() if not isinstance(item, Quiet)]


async def _until(following: Following, wanted: Callable[[Item], bool]) -> list[Item]:
    """Read until something wanted has come, then stop as a reader does that goes away."""
    found: list[Item] = []
    items = following.items()
    async with asyncio.timeout(5):
        async for item in items:
            found += [] if isinstance(item, Quiet) else [item]
            if wanted(item):
                break
    await items.aclose()
    return found


def _events(items: list[Item]) -> list[Event]:
    return [item.event for item in items if isinstance(item, Happened)]


def _shape(items: list[Item]) -> list[str]:
    return [type(item).__name__ for item in items]


async def test_a_reader_gets_a_snapshot_then_events_then_the_end() -> None:
    """A run followed from its start tells how it stands, what happens, and how it ended."""
    runs = await recorded_runs()
    await runs.tell(*whole_run())

    items = await _all(_following(runs))

    assert isinstance(items[0], Snapshot)
    assert _events(items) == list(whole_run())
    assert items[-1] == Ended("a.end", RunStatus.SUCCEEDED)


async def test_an_event_is_told_as_it_comes() -> None:
    """A reader that waits is told of an event within a quarter of a second."""
    runs = await recorded_runs()
    reading = asyncio.create_task(_all(Following(runs, RUN)))
    await asyncio.sleep(0.1)

    await runs.tell(*whole_run())

    async with asyncio.timeout(0.25):
        assert len(_events(await reading)) == len(whole_run())


@pytest.mark.parametrize("cut", range(len(whole_run())))
async def test_a_stream_cut_anywhere_is_taken_up_without_gap_or_repeat(cut: int) -> None:
    """Events before the cut and after it make up the run, each once."""
    runs = await recorded_runs()
    await runs.tell(*whole_run())
    whole = await _all(_following(runs))
    seen = [item for item in whole if isinstance(item, Happened)][: cut + 1]

    rest = await _all(_following(runs, seen[-1].id))

    told = [item.event for item in seen] + _events(rest)
    assert kinds(told) == kinds(whole_run())
    assert "Snapshot" not in _shape(rest)


@pytest.mark.parametrize("last_id", ["b.1-0", "a.999-0", "a.nonsense", "nonsense", "a.", ".1-0"])
async def test_an_id_that_memory_does_not_know_begins_with_a_snapshot(last_id: str) -> None:
    """Of another epoch, trimmed or made up: the reader is told how the run stands, then all."""
    runs = await recorded_runs()
    await runs.tell(*whole_run())

    items = await _all(_following(runs, last_id))

    assert isinstance(items[0], Snapshot)
    assert _events(items) == list(whole_run())


async def test_events_written_twice_are_told_once() -> None:
    """A repeated step writes its pending transitions again; the reader gets each once."""
    runs = await recorded_runs()
    await runs.tell(*whole_run()[:5], *whole_run()[:5], *whole_run()[3:])

    items = await _all(_following(runs))

    assert _events(items) == list(whole_run())


async def test_what_was_seen_before_a_cut_is_not_told_again_after_it() -> None:
    """A transition that was written again after the cut is a repeat all the same."""
    runs = await recorded_runs()
    await runs.tell(*whole_run()[:3], *whole_run())

    items = await _all(_following(runs, "a.3-0"))

    assert _events(items) == list(whole_run()[3:])


async def test_a_late_reader_gets_only_what_the_snapshot_does_not_tell() -> None:
    """Transitions in the snapshot are not repeated; the text of the step at work is told."""
    runs = await recorded_runs()
    text = event(5, EventKind.TEXT, "two", text="so far")
    runs.record(*transitions(5))
    await runs.tell(*whole_run()[:7], text)

    items = await _until(_following(runs), lambda item: isinstance(item, Happened))

    snapshot, happened = items
    assert isinstance(snapshot, Snapshot)
    assert [step.status for step in snapshot.steps] == [StepStatus.COMPLETED, StepStatus.RUNNING]
    assert isinstance(happened, Happened)
    assert happened.event == text


async def test_a_transition_that_history_lacks_comes_from_the_stream() -> None:
    """What a step in the run's own worker told is in memory before history has it."""
    runs = await recorded_runs()
    runs.record(*transitions(2))
    await runs.tell(*whole_run())

    items = await _all(_following(runs))

    assert kinds(_events(items))[:2] == ["2 attempt_started", "2 text"]
    assert kinds(_events(items))[-1] == "8 run_ended"


async def test_an_ended_run_is_told_by_its_snapshot() -> None:
    """Who follows a run that has ended gets the snapshot and the end, nothing else."""
    runs = await recorded_runs()
    runs.record(*transitions())
    runs.end()
    await runs.tell(*whole_run())

    items = await _all(_following(runs))

    assert _shape(items) == ["Snapshot", "Ended"]


async def test_an_end_that_memory_lost_is_told_by_history() -> None:
    """The run ended while memory was wiped: a look at it brings the last snapshot and the end."""
    runs = await recorded_runs()
    following = _following(runs, look=FAST)
    reading = asyncio.create_task(_all(following))
    await asyncio.sleep(0.1)

    runs.record(*transitions())
    runs.end(RunStatus.FAILED)

    items = await reading
    assert _shape(items) == ["Snapshot", "Snapshot", "Ended"]
    assert items[-1] == Ended("a.end", RunStatus.FAILED)


async def test_a_run_resumed_after_it_ended_ends_at_once() -> None:
    """Taken up behind its last event, a stream tells the end without waiting for a look."""
    runs = await recorded_runs()
    await runs.tell(*whole_run()[:9])
    runs.end()

    items = await _all(_following(runs, "a.9-0"))

    assert _shape(items) == ["Snapshot", "Ended"]


async def test_another_life_of_memory_goes_on_without_gap_or_repeat() -> None:
    """After a wipe the stream is rebuilt from history; the reader gets each transition once."""
    store = FlakyStore()
    runs = await recorded_runs(store)
    await runs.tell(*whole_run()[:4])
    reading = asyncio.create_task(_all(_following(runs, look=FAST)))
    await asyncio.sleep(0.1)

    runs.record(*transitions(4))
    store.wipe()
    await asyncio.sleep(0.1)
    await runs.tell(*whole_run()[6:])

    items = await reading
    assert _shape(items) == ["Snapshot"] + ["Happened"] * len(whole_run()) + ["Ended"]
    assert _events(items) == list(whole_run())
    assert items[-1] == Ended("aa.end", RunStatus.SUCCEEDED)


async def test_events_after_a_wipe_wait_for_those_that_it_took() -> None:
    """What was lost before anybody read it is told first, in the order of the numbers."""
    store = FlakyStore()
    runs = await recorded_runs(store)
    await runs.tell(*transitions(3))
    reading = asyncio.create_task(_all(_following(runs)))
    await asyncio.sleep(0.1)

    store.wipe()
    runs.record(*transitions(6))
    text = event(5, EventKind.TEXT, "two", text="so far")
    await runs.tell(text, text, text, *transitions()[6:])

    assert _events(await reading) == [*transitions(5), text, *transitions()[5:]]


@pytest.mark.parametrize("known", range(1, 7))
async def test_a_reader_that_comes_back_after_a_wipe_misses_and_repeats_nothing(known: int) -> None:
    """The numbers in the id of the last event say what the reader has, whatever memory lost."""
    store = FlakyStore()
    runs = await recorded_runs(store)
    await runs.tell(*transitions(known))
    first = await _until(
        _following(runs), lambda item: isinstance(item, Happened) and item.event.seq == known
    )
    store.wipe()
    runs.record(*transitions(6))
    last = first[-1]
    assert isinstance(last, Happened)
    reading = asyncio.create_task(_all(_following(runs, last.id)))
    await asyncio.sleep(0.1)
    await runs.tell(*transitions()[6:])

    rest = await reading

    assert _events(first) + _events(rest) == list(transitions())
    assert "Snapshot" not in _shape(rest)


async def test_memory_that_was_rolled_back_is_brought_up_to_date() -> None:
    """A reader whose last event is gone, in the same life of memory, has the stream rebuilt."""
    store = FlakyStore()
    runs = await recorded_runs(store)
    await runs.tell(*transitions(5))
    reading = asyncio.create_task(_all(_following(runs, look=FAST)))
    await asyncio.sleep(0.1)

    runs.record(*transitions(6))
    store.roll_back(2)
    await asyncio.sleep(0.2)
    await runs.tell(*transitions()[6:])

    assert _events(await reading) == list(transitions())
    kept = await store.events("test", RUN)
    assert [each.event.seq for each in kept] == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_a_transition_that_never_reached_memory_is_fetched_from_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A number that stays away is looked up, and comes into the stream."""
    monkeypatch.setattr("services.runs.following.GAP_SECONDS", 0.05)
    runs = await recorded_runs()
    reading = asyncio.create_task(_all(_following(runs)))
    await asyncio.sleep(0.05)
    runs.record(*transitions(6))
    await runs.tell(*transitions(4), *transitions()[5:7])
    await asyncio.sleep(0.3)
    await runs.tell(*transitions()[7:])

    told = _events(await reading)

    assert [each.seq for each in told] == [1, 2, 3, 4, 6, 7, 5, 8]


async def test_without_memory_history_tells_how_the_run_stands() -> None:
    """With memory away a reader gets the snapshot, is told once what is missing, and the end."""
    store = FlakyStore()
    store.is_down = True
    runs = await recorded_runs(store)
    runs.record(*transitions(3))
    reading = asyncio.create_task(_all(_following(runs, look=FAST)))
    await asyncio.sleep(0.2)

    runs.end()

    items = await reading
    assert _shape(items) == ["Snapshot", "Interrupted", "Snapshot", "Ended"]


async def test_a_stream_goes_on_when_memory_is_back() -> None:
    """Memory that was away and has kept everything is read on where it was left."""
    store = FlakyStore()
    runs = await recorded_runs(store)
    await runs.tell(*whole_run()[:4])
    reading = asyncio.create_task(_all(_following(runs)))
    await asyncio.sleep(0.1)

    store.is_down = True
    await asyncio.sleep(0.2)
    store.is_down = False
    await runs.tell(*whole_run()[4:])

    items = await reading
    assert _shape(items).count("Interrupted") == 1
    assert _shape(items).count("Snapshot") == 1
    assert _events(items) == list(whole_run())


async def test_memory_that_is_back_and_empty_is_rebuilt() -> None:
    """What memory lost while it was away is told from history, each transition once."""
    store = FlakyStore()
    runs = await recorded_runs(store)
    await runs.tell(*whole_run()[:4])
    reading = asyncio.create_task(_all(_following(runs)))
    await asyncio.sleep(0.1)

    store.is_down = True
    await asyncio.sleep(0.1)
    store.wipe()
    runs.record(*transitions(7))
    store.is_down = False
    await asyncio.sleep(0.1)
    await runs.tell(whole_run()[9])

    items = await reading
    assert [each for each in _shape(items) if each != "Happened"] == [
        "Snapshot",
        "Interrupted",
        "Ended",
    ]
    assert _events(items) == list(whole_run())


async def test_a_silent_temporal_server_does_not_hold_events_back() -> None:
    """A look that gets no answer changes nothing; events go on."""
    runs = await recorded_runs()
    reading = asyncio.create_task(_all(_following(runs, look=FAST)))
    await asyncio.sleep(0.1)

    runs.error = UnavailableError("the Temporal server does not answer")
    await asyncio.sleep(0.1)
    await runs.tell(*whole_run())

    items = await reading
    assert _shape(items) == ["Snapshot", *["Happened"] * len(whole_run()), "Ended"]


async def test_a_run_that_is_not_there_cannot_be_followed() -> None:
    """Following asks history, which knows no such run."""
    runs = await recorded_runs()

    with pytest.raises(NotFoundError, match=OTHER_RUN):
        await _all(Following(runs, OTHER_RUN))


async def test_a_page_holds_events_and_where_the_next_begins() -> None:
    """Pages follow each other by cursor until nothing is left."""
    runs = await recorded_runs()
    await runs.tell(*whole_run())

    first = await page(runs, RUN, "", 6)
    second = await page(runs, RUN, first.cursor, 6)
    third = await page(runs, RUN, second.cursor, 6)

    told = [each.event for each in (*first.events, *second.events)]
    assert told == list(whole_run())
    assert (third.events, third.cursor) == ((), second.cursor)


async def test_a_first_page_also_tells_what_memory_has_lost() -> None:
    """Transitions that only history has stand first, without an id."""
    runs = await recorded_runs()
    runs.record(*transitions())
    await runs.tell(*whole_run()[3:])

    found = await page(runs, RUN, "of.another-life", 100)

    assert [each.id for each in found.events[:3]] == ["", "", "1-0"]
    assert [each.event.seq for each in found.events[:3]] == [1, 2, 2]
