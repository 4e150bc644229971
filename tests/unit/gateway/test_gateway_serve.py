"""Starting the gateway: it fails fast, in one line, before anything is served."""

import socket
import time
from pathlib import Path

import pytest

from services.errors import SettingsError, UnavailableError
from services.gateway.serve import listen, serve
from services.settings import Settings
from tests.unit.gateway.recorded import NOBODY


async def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """The message names the address and the settings that change it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = Settings(gateway_port=taken.getsockname()[1])

        with pytest.raises(SettingsError, match="ORCHESTRA_GATEWAY_PORT"):
            await serve(settings)


async def test_an_address_of_another_machine_is_named() -> None:
    """An address that is not ours cannot be listened at."""
    with pytest.raises(SettingsError, match="ORCHESTRA_GATEWAY_HOST"):
        listen("192.0.2.1", 0)


async def test_a_missing_temporal_server_ends_the_start() -> None:
    """Within seconds, as one error of ours, with nothing served."""
    settings = Settings.from_environ(
        {"ORCHESTRA_TEMPORAL_ADDRESS": NOBODY, "ORCHESTRA_GATEWAY_PORT": "0"}
    )
    began = time.monotonic()

    with pytest.raises(UnavailableError, match=NOBODY):
        await serve(settings)

    assert time.monotonic() - began < 15


def test_replies_are_not_held_back() -> None:
    """The socket states its protocol, so that asyncio switches Nagle's algorithm off."""
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
