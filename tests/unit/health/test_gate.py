"""Who is let in to one model: breaker, pause, places, minutes, and tenants in turn."""

from collections import Counter

import pytest

from contracts.failure import FailureKind
from services.health.base import BreakerState, Entry, Limits, Refusal, Rules
from services.health.gate import LONGEST_PAUSE_MS, Wait
from tests.unit.health.clock import ABANDONED, OneGate, a_call, failed


def fail(gate: OneGate, times: int, kind: FailureKind = FailureKind.UNAVAILABLE) -> None:
    """Let calls in and let them fail."""
    for _ in range(times):
        call = a_call()
        entry = gate.enter(call)
        assert isinstance(entry, Entry), entry
        gate.leave(call, entry, failed(kind))


@pytest.mark.parametrize(
    "kind", [FailureKind.UNAVAILABLE, FailureKind.RATE_LIMITED, FailureKind.TIMED_OUT]
)
def test_failures_in_a_row_open_it(kind: FailureKind) -> None:
    """After five failures in a row calls are refused at once, with what was seen and until when."""
    gate = OneGate()
    fail(gate, 5, kind)

    refused = gate.enter(a_call())

    assert refused == Refusal(
        kind=FailureKind.UNAVAILABLE, wait_ms=5_000, breaker_open=True, seen={kind.value: 5}
    )


@pytest.mark.parametrize("kind", [FailureKind.DENIED, FailureKind.QUOTA, FailureKind.MALFORMED])
def test_an_answer_of_any_kind_is_an_answer(kind: FailureKind) -> None:
    """An endpoint that says no works: its refusals open nothing."""
    gate = OneGate()

    fail(gate, 20, kind)

    assert gate.state().breaker.state(gate.clock.now) is BreakerState.CLOSED


def test_a_probe_that_fails_doubles_the_cooldown() -> None:
    """Each failed probe keeps the endpoint alone for twice as long, five minutes at most."""
    gate = OneGate()
    fail(gate, 5)
    waits = []

    for _ in range(8):
        gate.clock.now += gate.state().breaker.wait_ms(gate.clock.now, Rules())
        fail(gate, 1)
        waits.append(gate.state().breaker.wait_ms(gate.clock.now, Rules()))

    assert waits == [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]


def test_an_abandoned_probe_lets_the_next_one_go() -> None:
    """A probe that was cancelled says nothing, and another takes its place at once."""
    gate = OneGate()
    fail(gate, 5)
    gate.clock.now += 5_000
    call = a_call()
    entry = gate.enter(call)
    assert isinstance(entry, Entry)
    waiting = gate.enter(a_call())

    gate.leave(call, entry, ABANDONED)

    assert isinstance(waiting, Refusal)
    assert isinstance(gate.enter(a_call()), Entry)


def test_a_wait_that_the_endpoint_asks_for_holds_for_everybody() -> None:
    """After a 429 with a delay nobody calls until the delay is over, and then the first may."""
    gate = OneGate()
    call = a_call()
    entry = gate.enter(call)
    assert isinstance(entry, Entry)
    gate.leave(call, entry, failed(FailureKind.RATE_LIMITED, retry_after_ms=30_000))
    gate.clock.now += 10_000

    refused = gate.enter(a_call())
    gate.clock.now += 20_000

    assert refused == Refusal(kind=FailureKind.RATE_LIMITED, wait_ms=20_000, breaker_open=False)
    assert isinstance(gate.enter(a_call()), Entry)


def test_one_burst_of_429_is_one_piece_of_news() -> None:
    """Twenty calls that are told to wait at once do not open the breaker."""
    gate = OneGate()
    calls = [a_call() for _ in range(20)]
    entries = [gate.enter(call) for call in calls]

    for call, entry in zip(calls, entries, strict=True):
        assert isinstance(entry, Entry)
        gate.leave(call, entry, failed(FailureKind.RATE_LIMITED, retry_after_ms=1_000))

    assert gate.state().breaker.state(gate.clock.now) is BreakerState.CLOSED


def test_a_day_s_wait_is_cut_to_an_hour() -> None:
    """An endpoint that asks for a day is asked again after an hour."""
    gate = OneGate()
    call = a_call()
    entry = gate.enter(call)
    assert isinstance(entry, Entry)

    gate.leave(call, entry, failed(FailureKind.RATE_LIMITED, retry_after_ms=86_400_000))

    refused = gate.enter(a_call())
    assert isinstance(refused, Refusal)
    assert refused.wait_ms == LONGEST_PAUSE_MS


def test_no_more_are_let_in_than_there_are_places() -> None:
    """With two places the third waits, and is called when one leaves."""
    gate = OneGate(Limits(concurrency=2))
    first, second, third = a_call(), a_call(), a_call()
    entry = gate.enter(first)
    assert isinstance(entry, Entry)
    gate.enter(second)

    waits = gate.enter(third)
    gate.leave(first, entry)

    assert isinstance(waits, Wait)
    assert gate.called == [third.ticket]
    assert isinstance(gate.enter(third), Entry)


def test_a_dead_worker_s_place_comes_free() -> None:
    """A place that nobody renews is another's when its lease is over; a renewed one is not."""
    gate = OneGate(Limits(concurrency=2))
    dead, alive, waiting = a_call(), a_call(), a_call()
    gate.enter(dead)
    gate.enter(alive)
    gate.enter(waiting)

    gate.clock.now += 10_000
    gate.renew(alive)
    gate.enter(waiting)
    gate.clock.now += 6_000

    assert isinstance(gate.enter(waiting), Entry)
    assert isinstance(gate.enter(a_call()), Wait)
    assert sorted(gate.state().places) == sorted([alive.ticket, waiting.ticket])


def test_tenants_are_served_in_turn() -> None:
    """Behind a burst of twenty of one tenant, another's three are among the next few."""
    gate = OneGate(Limits(concurrency=2))
    burst = [a_call(tenant="a") for _ in range(20)]
    few = [a_call(tenant="b") for _ in range(3)]
    entries = {call.ticket: gate.enter(call) for call in (*burst, *few)}
    inside = [call for call in burst if isinstance(entries[call.ticket], Entry)]
    names = {call.ticket: call for call in (*burst, *few)}

    for _ in range(8):
        call = inside.pop(0)
        entry = gate.enter(call)
        assert isinstance(entry, Entry)
        gate.leave(call, entry)
        inside.append(names[gate.called[-1]])

    order = [names[ticket].tenant for ticket in gate.called]
    assert order.index("b") <= 1
    assert Counter(order[:6])["b"] == 3


def test_a_minute_s_requests_are_kept() -> None:
    """Of sixty a minute six may go at once, then one a second."""
    gate = OneGate(Limits(requests_a_minute=60))
    calls = [a_call() for _ in range(9)]
    found = [gate.enter(call) for call in calls]

    gate.clock.now += 2_000
    later = [gate.enter(call) for call in calls[6:]]

    assert [type(each) for each in found] == [Entry] * 6 + [Wait] * 3
    assert found[6] == Wait(look_ms=1_000)
    assert found[8] == Wait(look_ms=3_000)
    assert [type(each) for each in later] == [Entry, Entry, Wait]


def test_tokens_that_were_not_used_are_given_back() -> None:
    """A call is counted at the most it may use, and afterwards at what it used."""
    gate = OneGate(Limits(tokens_a_minute=6_000))
    call = a_call(tokens=600)
    entry = gate.enter(call)
    assert isinstance(entry, Entry)
    waits = gate.enter(a_call(tokens=500, ticket="w"))

    gate.leave(call, entry)

    assert isinstance(waits, Wait)
    assert gate.called == ["w"]


def test_a_call_larger_than_a_bucket_goes_when_it_is_full() -> None:
    """A prompt of over a tenth of a minute's tokens is let through, and its debt is waited off."""
    gate = OneGate(Limits(tokens_a_minute=6_000))

    first = gate.enter(a_call(tokens=3_000))
    second = gate.enter(a_call(tokens=100))

    assert isinstance(first, Entry)
    assert second == Wait(look_ms=15_000)


def test_whoever_waits_is_told_when_the_breaker_opens() -> None:
    """Calls in line are called to look, and learn that the endpoint is down."""
    gate = OneGate(Limits(concurrency=5))
    calls = [a_call() for _ in range(5)]
    entries = [gate.enter(call) for call in calls]
    waiting = a_call()
    gate.enter(waiting)

    for call, entry in zip(calls[:4], entries, strict=False):
        assert isinstance(entry, Entry)
        gate.leave(call, entry, failed())
    assert isinstance(gate.enter(waiting), Entry)
    last = a_call()
    refilled = [gate.enter(a_call()) for _ in range(3)]
    behind = gate.enter(last)
    entry = entries[4]
    assert isinstance(entry, Entry)
    gate.leave(calls[4], entry, failed())

    refused = gate.enter(last)
    assert all(isinstance(each, Entry) for each in refilled)
    assert isinstance(behind, Wait)
    assert last.ticket in gate.called
    assert isinstance(refused, Refusal)
    assert refused.breaker_open


def test_nothing_is_kept_of_a_healthy_model() -> None:
    """A model without trouble and without limits leaves no trace, so its calls cost no write."""
    gate = OneGate()
    before = gate.state()
    call = a_call()
    entry = gate.enter(call)
    assert isinstance(entry, Entry)

    gate.leave(call, entry)

    assert gate.state() == before
    assert not entry.leased
