"""A gateway on loopback answers under its own names only."""

from contextlib import nullcontext

import httpx
import pytest

from services.gateway.app import create_app
from services.gateway.state import Services

OWN = ("localhost", "127.0.0.1", "::1")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8080", 200),
        ("127.0.0.1", 200),
        ("LOCALHOST", 200),
        ("[::1]:8080", 200),
        ("evil.example:8080", 421),
        ("localhost.evil.example", 421),
        ("[::2]", 421),
        ("", 421),
    ],
)
async def test_a_foreign_name_is_refused(services: Services, host: str, status: int) -> None:
    """A name that somebody made to point here gets a problem, never data."""
    app = create_app(lambda: nullcontext(services), OWN)
    transport = httpx.ASGITransport(app)

    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as caller:
        reply = await caller.get("/healthz", headers={"Host": host})

    assert reply.status_code == status
