"""The gateway in this process, over recorded runs."""

from collections.abc import AsyncIterator
from contextlib import nullcontext

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from services.gateway.app import create_app
from services.gateway.state import Services
from services.retrieval.in_process import InProcessCorpora
from tests.unit.gateway.recorded import RecordedGates, RecordedRuns, recorded_runs


@pytest.fixture
async def runs() -> RecordedRuns:
    """One run that has just been started."""
    return await recorded_runs()


@pytest.fixture
def gates(runs: RecordedRuns) -> RecordedGates:
    """Gates that take what they are sent."""
    return RecordedGates(runs)


@pytest.fixture
def services(runs: RecordedRuns, gates: RecordedGates) -> Services:
    """Everything the gateway needs, without servers."""
    url = "http://gateway.example"
    return Services(runs=runs, gates=gates, corpora=InProcessCorpora(), queue="test", url=url)


@pytest.fixture
async def caller(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    app = create_app(lambda: nullcontext(services))
    async with app.router.lifespan_context(app) as state:

        async def stateful(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "state": dict(state or {})}, receive, send)

        transport = httpx.ASGITransport(stateful, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield client
