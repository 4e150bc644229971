"""What model health promises, of one process and shared by two workers over a real Valkey."""

import asyncio
import time
from collections.abc import Callable

from contracts.failure import FailureKind
from services.health.base import BreakerState, Call, Entry, Limits, Refusal, Target
from services.health.shared import SharedHealth
from tests.unit.health.clock import ABANDONED, ANSWERED, UNLIMITED, a_call, failed

Workers = Callable[[], SharedHealth]
ONE_PLACE = Limits(concurrency=1)


async def entered(
    health: SharedHealth, call: Call, limits: Limits = UNLIMITED, patience: float = 5
) -> Entry:
    """Let a call in that has to be let in."""
    found = await health.enter(call, limits, patience)
    assert isinstance(found, Entry), found
    return found


async def fail(health: SharedHealth, target: Target, times: int) -> None:
    """Let calls fail."""
    for _ in range(times):
        call = a_call(target=target)
        await health.leave(call, await entered(health, call), failed(), UNLIMITED)


async def test_what_one_worker_sees_holds_for_the_other(workers: Workers, target: Target) -> None:
    """Failures of two workers count together, and the breaker that opens is open for both."""
    one, other = workers(), workers()
    await fail(one, target, 2)
    await fail(other, target, 1)

    refused = [await each.enter(a_call(target=target), UNLIMITED, 0) for each in (one, other)]

    for each in refused:
        assert isinstance(each, Refusal)
        assert (each.breaker_open, each.seen) == (True, {"unavailable": 3})
        assert 0 < each.wait_ms <= 300


async def test_one_probe_at_a_time_closes_it(workers: Workers, target: Target) -> None:
    """Of twenty calls after the cooldown one goes; its answer lets all others in."""
    one, other = workers(), workers()
    await fail(one, target, 3)
    await asyncio.sleep(0.35)
    calls = [a_call(target=target) for _ in range(20)]

    found = await asyncio.gather(
        *(health.enter(call, UNLIMITED, 0) for health in (one, other) for call in calls[:10])
    )
    [(probe, entry)] = [
        (call, each)
        for call, each in zip([*calls[:10], *calls[:10]], found, strict=True)
        if isinstance(each, Entry)
    ]
    await other.leave(probe, entry, ANSWERED, UNLIMITED)

    assert entry.leased
    assert isinstance(await one.enter(calls[-1], UNLIMITED, 0), Entry)


async def test_a_dead_prober_blocks_nobody(workers: Workers, target: Target) -> None:
    """A probe whose worker died is followed by another when its lease is over."""
    one, other = workers(), workers()
    await fail(one, target, 3)
    await asyncio.sleep(0.35)
    await entered(one, a_call(target=target))

    at_once = await other.enter(a_call(target=target), UNLIMITED, 0)
    await asyncio.sleep(0.95)

    assert isinstance(at_once, Refusal)
    await entered(other, a_call(target=target))


async def test_a_free_place_is_told_at_once(workers: Workers, target: Target) -> None:
    """Whoever waits for another worker's place has it within milliseconds of its coming free."""
    one, other = workers(), workers()
    first, second = a_call(target=target), a_call(target=target)
    entry = await entered(one, first, ONE_PLACE)
    waiting = asyncio.create_task(entered(other, second, ONE_PLACE))
    await asyncio.sleep(0.2)
    assert not waiting.done()

    await one.leave(first, entry, ANSWERED, ONE_PLACE)
    begun = time.monotonic()
    got = await waiting

    assert time.monotonic() - begun < 0.2
    await other.leave(second, got, ANSWERED, ONE_PLACE)


async def test_patience_ends(workers: Workers, target: Target) -> None:
    """Who has waited long enough is refused, told when to come back, and stands in nobody's way."""
    one, other = workers(), workers()
    first = a_call(target=target)
    entry = await entered(one, first, ONE_PLACE)
    begun = time.monotonic()

    refused = await other.enter(a_call(target=target), ONE_PLACE, 0.3)

    assert 0.25 < time.monotonic() - begun < 1
    assert isinstance(refused, Refusal)
    assert refused.kind is FailureKind.RATE_LIMITED
    assert refused.wait_ms > 0
    await one.leave(first, entry, ANSWERED, ONE_PLACE)
    await entered(one, a_call(target=target), ONE_PLACE, patience=0)


async def test_who_stops_waiting_leaves_the_line(workers: Workers, target: Target) -> None:
    """A call that is cancelled while it waits holds no place up."""
    health = workers()
    first, third = a_call(target=target), a_call(target=target)
    entry = await entered(health, first, ONE_PLACE)
    leaving = asyncio.create_task(health.enter(a_call(target=target), ONE_PLACE, 5))
    await asyncio.sleep(0.1)

    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await health.leave(first, entry, ABANDONED, ONE_PLACE)

    await entered(health, third, ONE_PLACE, patience=0.2)


async def test_never_more_than_the_places(workers: Workers, target: Target) -> None:
    """Forty calls of two tenants over two workers: three at once at most, and all get through."""
    both, limits = (workers(), workers()), Limits(concurrency=3)
    inside, most, served = 0, 0, list[str]()

    async def one(number: int) -> None:
        nonlocal inside, most
        health, tenant = both[number % 2], "b" if number >= 35 else "a"
        call = a_call(target=target, tenant=tenant)
        entry = await entered(health, call, limits, patience=30)
        inside, most = inside + 1, max(most, inside + 1)
        served.append(tenant)
        await asyncio.sleep(0.005)
        inside -= 1
        await health.leave(call, entry, ANSWERED, limits)

    await asyncio.gather(*(one(number) for number in range(40)))

    assert most == 3
    assert len(served) == 40
    assert max(place for place, tenant in enumerate(served) if tenant == "b") < 30


async def test_standings_tell_what_is_known(workers: Workers, target: Target) -> None:
    """Everybody is told how a model stands: open since when, why, and when it is tried again."""
    one, other = workers(), workers()
    await fail(one, target, 3)

    [found] = [each for each in await other.standings() if each.target == target]

    assert found.state is BreakerState.OPEN
    assert found.failures == {"unavailable": 3}
    assert 0 < found.next_probe_ms - found.open_since_ms <= 300
