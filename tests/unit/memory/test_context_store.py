"""What every context store does, in process or on a real server: one suite for both."""

import asyncio
import time
from collections.abc import Mapping

import pytest

from contracts.event import Event, EventKind
from contracts.failure import Failure, FailureKind
from contracts.reference import Reference, Trust
from contracts.usage import Usage
from services.memory.base import QUARANTINED_BYTES, ContextStore, JournalState, Swept
from tests.unit.memory.kept import a_line, a_transition, an_event, rejected, some_work, value

ONE, OTHER = value("one"), value("other")


async def test_values_read_back_as_they_were_written(store: ContextStore, tenant: str) -> None:
    """Bytes come back as stored, in the order asked for; what is absent comes back as None."""
    odd = value(bytes(range(256)) * 3)
    await store.turn(tenant, "r1", write=dict([ONE, odd]))

    read = await store.turn(tenant, "r1", read=[odd[0], OTHER[0], ONE[0], ONE[0]])

    assert read == (odd[1], None, ONE[1], ONE[1])


async def test_one_turn_writes_before_it_reads(store: ContextStore, tenant: str) -> None:
    """A turn that writes a value and reads it gets it."""
    assert await store.turn(tenant, "r1", read=[ONE[0]], write=dict([ONE])) == (ONE[1],)


async def test_an_empty_turn_does_nothing(store: ContextStore, tenant: str) -> None:
    """A turn without anything to do answers nothing."""
    assert await store.turn(tenant, "r1") == ()


async def test_a_large_value_is_kept_whole(store: ContextStore, tenant: str) -> None:
    """Three megabytes come back as three megabytes."""
    large = value(b"\x00\xff" * 1_500_000)

    assert await store.turn(tenant, "r1", read=[large[0]], write=dict([large])) == (large[1],)


async def test_many_tasks_get_their_own_answers(store: ContextStore, tenant: str) -> None:
    """What fifty tasks ask at once is answered to each as if it had asked alone."""
    values = [value(f"value {number}") for number in range(50)]

    answers = await asyncio.gather(
        *(
            store.turn(tenant, f"r{key[:4]}", read=[key, OTHER[0]], write={key: body})
            for key, body in values
        )
    )

    assert answers == [(body, None) for _, body in values]


async def test_events_are_read_in_their_order(store: ContextStore, tenant: str) -> None:
    """A run's events come in the order written, whoever wrote them with how many others."""
    await store.turn(tenant, "r1", events=[an_event(1), an_event(2)])
    await store.turn(tenant, "r1", events=[an_event(3)])

    read = await store.events(tenant, "r1")

    assert [each.event.seq for each in read] == [1, 2, 3]
    assert len({each.id for each in read}) == 3


async def test_a_reader_goes_on_where_it_left_off(store: ContextStore, tenant: str) -> None:
    """After an id come the events behind it, at most so many."""
    await store.turn(tenant, "r1", events=[an_event(number) for number in range(1, 7)])
    first, second, *_ = await store.events(tenant, "r1")

    rest = await store.events(tenant, "r1", after=second.id, limit=3)

    assert [each.event.seq for each in (first, second)] == [1, 2]
    assert [each.event.seq for each in rest] == [3, 4, 5]


async def test_an_event_is_kept_whole(store: ContextStore, tenant: str) -> None:
    """References, failure and usage of an event come back as they were told."""
    reference = Reference(
        slot="draft",
        ordinal=1,
        contract="Draft@1",
        digest="0" * 64,
        size=3,
        trust=Trust.MODEL,
        produced_by="write",
        made_from=("brief:1",),
    )
    told = Event(
        seq=4,
        kind=EventKind.STEP_FAILED,
        at_ms=1,
        references=(reference,),
        failure=Failure(kind=FailureKind.EMPTY, message="nothing", reasons=("empty",)),
        usage=Usage(calls=1),
        text="Grüße\n",
    )

    await store.turn(tenant, "r1", events=[told])

    [read] = await store.events(tenant, "r1")
    assert read.event == told


async def test_nothing_was_told_of_an_unknown_run(store: ContextStore, tenant: str) -> None:
    """An unknown run has no events, no journal and nothing in quarantine."""
    assert await store.events(tenant, "nobody") == ()
    assert await store.journal(some_work(tenant, run="nobody")) == ()
    assert await store.quarantined(tenant, "nobody") == ()


async def test_whoever_waits_gets_the_next_event(store: ContextStore, tenant: str) -> None:
    """A waiting reader is woken by the next event, long before its time is up."""
    await store.turn(tenant, "r1", events=[an_event(1)])
    [first] = await store.events(tenant, "r1")
    waiting = asyncio.create_task(store.wait_for_events(tenant, "r1", first.id, seconds=10))
    await asyncio.sleep(0.05)
    begun = time.monotonic()

    await store.turn(tenant, "r1", events=[an_event(2)])

    assert [each.event.seq for each in await waiting] == [2]
    assert time.monotonic() - begun < 5


async def test_whoever_waits_for_the_past_gets_it_at_once(store: ContextStore, tenant: str) -> None:
    """Events that are there already are not waited for."""
    await store.turn(tenant, "r1", events=[an_event(1), an_event(2)])

    read = await store.wait_for_events(tenant, "r1", "0-0", seconds=10)

    assert [each.event.seq for each in read] == [1, 2]


@pytest.mark.parametrize("seconds", [0, 0.0001, 0.05])
@pytest.mark.timeout(20)
async def test_waiting_ends_when_the_time_is_up(
    store: ContextStore, tenant: str, seconds: float
) -> None:
    """When nothing comes, a reader gets nothing after its time, also when it gives it none."""
    assert await store.wait_for_events(tenant, "r1", "0-0", seconds=seconds) == ()


async def test_other_runs_wake_nobody(store: ContextStore, tenant: str) -> None:
    """A reader of one run gets nothing of another's events."""
    waiting = asyncio.create_task(store.wait_for_events(tenant, "r1", "0-0", seconds=0.2))

    await store.turn(tenant, "r2", events=[an_event(1)])

    assert await waiting == ()


async def test_a_journal_is_read_in_its_order(store: ContextStore, tenant: str) -> None:
    """Lines of a journal come back whole, oldest first."""
    lines = [a_line(1), a_line(2, body="{}"), a_line(0, state=JournalState.GAVE_UP, body="refused")]
    for line in lines:
        await store.record(some_work(tenant), line)

    assert await store.journal(some_work(tenant)) == tuple(lines)


@pytest.mark.parametrize("other", [{"run": "r2"}, {"step": "revise"}, {"visit": 2}, {"item": "s1"}])
async def test_every_piece_of_work_has_a_journal_of_its_own(
    store: ContextStore, tenant: str, other: Mapping[str, object]
) -> None:
    """Another run, step, visit or item is other work, and finds nothing in this journal."""
    await store.record(some_work(tenant), a_line())

    assert await store.journal(some_work(tenant, **other)) == ()


async def test_rejected_answers_are_kept_in_their_order(store: ContextStore, tenant: str) -> None:
    """What failed a check can be looked at later, oldest first, with the reasons."""
    kept = [rejected("{}", 1), rejected("[]", 2)]
    for each in kept:
        await store.quarantine(tenant, "r1", each)

    assert await store.quarantined(tenant, "r1") == tuple(kept)


async def test_a_rejected_answer_is_cut(store: ContextStore, tenant: str) -> None:
    """Of an answer of megabytes 64 KiB are kept, and no half character at the end."""
    await store.quarantine(tenant, "r1", rejected("x" + "ü" * 1_000_000))

    [kept] = await store.quarantined(tenant, "r1")
    assert kept.answer == "x" + "ü" * ((QUARANTINED_BYTES - 1) // 2)


async def test_the_epoch_lasts_as_long_as_the_store(store: ContextStore, tenant: str) -> None:
    """Asked again, the store names the same life."""
    assert await store.epoch(tenant) == await store.epoch(tenant) != ""


async def test_a_safe_store_passes_its_check(store: ContextStore) -> None:
    """A store that never evicts may be used."""
    await store.check()


async def _keep_everything(store: ContextStore, tenant: str, run: str, *texts: str) -> None:
    await store.turn(tenant, run, write=dict(value(text) for text in texts), events=[an_event(1)])
    await store.record(some_work(tenant, run=run), a_line())
    await store.quarantine(tenant, run, rejected())


@pytest.mark.guarantee("kept-while-reachable")
async def test_an_expired_run_is_swept_with_all_it_has(store: ContextStore, tenant: str) -> None:
    """After its time an ended run leaves nothing: no value, event, journal or rejected answer."""
    await _keep_everything(store, tenant, "r1", "one", "two")
    await store.expire(tenant, "r1", seconds=0)

    swept = await store.sweep(tenant)

    assert swept == Swept(runs=1, values=2)
    assert await store.turn(tenant, "r1", read=[ONE[0]]) == (None,)
    assert await store.events(tenant, "r1") == ()
    assert await store.journal(some_work(tenant)) == ()
    assert await store.quarantined(tenant, "r1") == ()


@pytest.mark.guarantee("kept-while-reachable")
async def test_a_sweep_takes_nothing_from_a_live_run(store: ContextStore, tenant: str) -> None:
    """What a live run can reach stays, also when an expired run could reach it too."""
    await _keep_everything(store, tenant, "r1", "one", "shared")
    await _keep_everything(store, tenant, "r2", "shared", "other")
    await store.expire(tenant, "r1", seconds=0)

    swept = await store.sweep(tenant)

    assert swept == Swept(runs=1, values=1)
    read = await store.turn(tenant, "r2", read=[ONE[0], value("shared")[0], OTHER[0]])
    assert read == (None, b"shared", OTHER[1])
    assert len(await store.events(tenant, "r2")) == 1
    assert len(await store.journal(some_work(tenant, run="r2"))) == 1
    assert len(await store.quarantined(tenant, "r2")) == 1


@pytest.mark.guarantee("kept-while-reachable")
async def test_an_ended_run_is_kept_for_its_time(store: ContextStore, tenant: str) -> None:
    """Until its retention is over an ended run can be read."""
    await _keep_everything(store, tenant, "r1", "one")
    await store.expire(tenant, "r1", seconds=60)

    assert await store.sweep(tenant) == Swept(runs=0, values=0)
    assert await store.turn(tenant, "r1", read=[ONE[0]]) == (ONE[1],)


async def test_late_work_does_not_revive_an_ended_run(store: ContextStore, tenant: str) -> None:
    """What an activity writes after the run's end goes with the run."""
    await _keep_everything(store, tenant, "r1", "one")
    await store.expire(tenant, "r1", seconds=0)
    await _keep_everything(store, tenant, "r1", "late")

    assert await store.sweep(tenant) == Swept(runs=1, values=2)


async def test_a_second_sweep_finds_nothing(store: ContextStore, tenant: str) -> None:
    """What was swept is gone, and sweeping again does nothing."""
    await _keep_everything(store, tenant, "r1", "one")
    await store.expire(tenant, "r1", seconds=0)
    await store.sweep(tenant)

    assert await store.sweep(tenant) == Swept(runs=0, values=0)


async def test_a_run_is_not_taken_for_one_whose_name_it_begins(
    store: ContextStore, tenant: str
) -> None:
    """Sweeping `r1` leaves `r10` alone."""
    await _keep_everything(store, tenant, "r1", "one")
    await _keep_everything(store, tenant, "r10", "other")
    await store.expire(tenant, "r1", seconds=0)

    await store.sweep(tenant)

    assert len(await store.events(tenant, "r10")) == 1
    assert await store.turn(tenant, "r10", read=[OTHER[0]]) == (OTHER[1],)


@pytest.mark.guarantee("tenants-apart")
async def test_two_tenants_never_see_each_other(store: ContextStore, tenant: str) -> None:
    """Same run, same value, another tenant: nothing is found."""
    await _keep_everything(store, tenant, "r1", "one")
    neighbour = f"{tenant}-2"

    assert await store.turn(neighbour, "r1", read=[ONE[0]]) == (None,)
    assert await store.events(neighbour, "r1") == ()
    assert await store.journal(some_work(neighbour)) == ()
    assert await store.quarantined(neighbour, "r1") == ()


@pytest.mark.guarantee("tenants-apart")
async def test_a_sweep_leaves_other_tenants_alone(store: ContextStore, tenant: str) -> None:
    """Sweeping one tenant removes nothing of another, expired or not."""
    neighbour = f"{tenant}-2"
    await _keep_everything(store, neighbour, "r1", "one")
    await store.expire(neighbour, "r1", seconds=0)

    assert await store.sweep(tenant) == Swept(runs=0, values=0)
    assert await store.turn(neighbour, "r1", read=[ONE[0]]) == (ONE[1],)


async def test_lost_transitions_come_back_where_they_belong(
    store: ContextStore, tenant: str
) -> None:
    """What was lost at the beginning or in between stands before what came later, ids unchanged."""
    told = [a_transition(seq) for seq in range(1, 8)]
    await store.turn(tenant, "r1", events=[told[2], an_event(3, "text")])
    await asyncio.sleep(0.01)
    await store.turn(tenant, "r1", events=[told[5]])
    before = await store.events(tenant, "r1")

    assert await store.rebuild_events(tenant, "r1", told) == 5
    after = await store.events(tenant, "r1")

    assert [each.event.seq for each in after] == [1, 2, 3, 3, 4, 5, 6, 7]
    assert set(before) < set(after)
    assert await store.rebuild_events(tenant, "r1", told) == 0
    assert await store.events(tenant, "r1") == after


async def test_a_rebuilt_stream_is_written_on(store: ContextStore, tenant: str) -> None:
    """A wiped stream is rebuilt with the same ids each time, and what is told next comes after."""
    told = [a_transition(seq) for seq in (1, 2)]
    await store.rebuild_events(tenant, "r1", told)
    first = await store.events(tenant, "r1")
    await store.rebuild_events(f"{tenant}-2", "r1", told)

    await store.turn(tenant, "r1", events=[a_transition(3)])

    assert await store.events(f"{tenant}-2", "r1") == first
    assert [each.event.seq for each in await store.events(tenant, "r1", first[-1].id)] == [3]


async def test_a_waiting_reader_is_told_of_rebuilt_events(store: ContextStore, tenant: str) -> None:
    """Whoever waits for events after a wipe is woken by the rebuild."""
    waiting = asyncio.create_task(store.wait_for_events(tenant, "r1", "0-0", 5))
    await asyncio.sleep(0.05)

    await store.rebuild_events(tenant, "r1", [a_transition(1)])

    assert [each.event.seq for each in await waiting] == [1]


async def test_a_stream_rebuilt_while_it_is_written_loses_nothing(
    store: ContextStore, tenant: str
) -> None:
    """Writers and those who rebuild at the same time do not undo each other's work."""
    told = [a_transition(seq) for seq in range(1, 21)]
    await asyncio.gather(
        *(store.rebuild_events(tenant, "r1", told[:10]) for _ in range(3)),
        *(store.turn(tenant, "r1", events=[event]) for event in told[10:]),
    )

    kept = await store.events(tenant, "r1")

    assert sorted(each.event.seq for each in kept) == list(range(1, 21))


async def test_a_run_keeps_what_it_is_told_to_hold(store: ContextStore, tenant: str) -> None:
    """Held values are listed, and their run is kept without an end until it gets one."""
    await store.hold(tenant, "r1", ["a" * 64])
    await store.hold(tenant, "r2", [])

    assert await store.held(tenant, "r1") == {"a" * 64}
    assert await store.kept_runs(tenant) == {"r1": float("inf")}
    assert await store.kept_until(tenant, "r1") == float("inf")
    assert await store.kept_until(tenant, "nobody") is None
