"""Model health of both kinds: of one process, and shared over a real Valkey."""

from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest

from services.health.base import Rules, Target
from services.health.in_process import InProcessGates
from services.health.redis import RedisGates
from services.health.shared import SharedHealth

RULES = Rules(failures=3, cooldown_ms=300, longest_ms=2_000, lease_ms=900)


@pytest.fixture(params=["in process", pytest.param("redis", marks=pytest.mark.servers)])
async def workers(request: pytest.FixtureRequest) -> AsyncIterator[Callable[[], SharedHealth]]:
    """Makes the health that one more worker sees; in one process there is but one to see."""
    opened: list[SharedHealth] = []
    alone = SharedHealth(InProcessGates(RULES))
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""

    def join() -> SharedHealth:
        opened.append(SharedHealth(RedisGates(url, RULES)) if url else alone)
        return opened[-1]

    yield join
    for health in opened:
        await health.aclose()


@pytest.fixture
def target() -> Target:
    """A model of the test's own."""
    return Target(endpoint="models.example:443", model=f"m-{uuid4().hex[:8]}")
