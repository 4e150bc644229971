"""Servers that are started for one purpose and leave nothing behind."""

import pytest

from services.errors import UnavailableError
from services.stack import resp
from services.stack.throwaway import valkey_server

pytestmark = pytest.mark.servers


async def test_a_throwaway_memory_answers_and_is_gone_afterwards() -> None:
    """It never evicts, as any memory of ours; nobody answers once it is no longer needed."""
    async with valkey_server() as url:
        told = await resp.ask(url, ("PING",), ("CONFIG", "GET", "maxmemory-policy"))

    assert told[0] == "PONG"
    assert "noeviction" in told[1]
    with pytest.raises(UnavailableError):
        await resp.ask(url, ("PING",))
