"""Over HTTP everybody can see which model is left alone, since when, why and until when."""

import httpx

from contracts.failure import FailureKind
from services.gateway.state import Services
from services.health.base import Call, Entry, Limits, Result, Target


async def test_an_open_breaker_is_told(caller: httpx.AsyncClient, services: Services) -> None:
    """A model that failed five times in a row is listed as open, with its next probe."""
    target = Target(endpoint="models.example", model="m1")
    for number in range(5):
        call = Call(ticket=f"c{number}", target=target)
        entry = await services.health.enter(call, Limits(), 0)
        assert isinstance(entry, Entry)
        timed_out = Result(kind=FailureKind.TIMED_OUT)
        await services.health.leave(call, entry, timed_out, Limits())

    reply = await caller.get("/v1/health/models")

    [found] = reply.json()["models"]
    assert reply.status_code == 200
    assert (found["endpoint"], found["model"], found["state"]) == ("models.example", "m1", "open")
    assert found["failures"] == {"timed_out": 5}
    assert found["open_since"] < found["next_probe"]
    assert found["paused_until"] is None


async def test_nothing_is_told_of_healthy_models(caller: httpx.AsyncClient) -> None:
    """Where nothing speaks against any model the list is empty."""
    reply = await caller.get("/v1/health/models")

    assert reply.json() == {"models": []}
