"""The worker's health endpoint, and waiting for parts that come up later."""

import asyncio

import pytest

from services.cli.health import Health, State
from services.cli.patience import patiently
from services.errors import SettingsError, UnavailableError


async def ask(port: int, request: bytes) -> bytes:
    """Send a request and read the whole answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    ("state", "line"),
    [
        (State.STARTING, b"HTTP/1.1 503"),
        (State.OK, b"HTTP/1.1 200"),
        (State.DRAINING, b"HTTP/1.1 503"),
    ],
)
async def test_only_a_worker_that_takes_work_is_healthy(state: State, line: bytes) -> None:
    """A worker that starts or drains answers, and says that it is not ready."""
    async with Health("127.0.0.1", 0) as health:
        health.state = state

        answer = await ask(health.port, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")

    assert answer.startswith(line)
    assert answer.endswith(f'{{"status": "{state}"}}'.encode())


async def test_other_paths_are_not_found() -> None:
    """There is one path and no other."""
    async with Health("127.0.0.1", 0) as health:
        answer = await ask(health.port, b"GET / HTTP/1.1\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 404")


async def test_nonsense_gets_no_answer() -> None:
    """More than a request may hold ends the connection and nothing else."""
    async with Health("127.0.0.1", 0) as health:
        answer = await ask(health.port, b"x" * 20_000 + b"\r\n\r\n")
        again = await ask(health.port, b"GET /healthz HTTP/1.1\r\n\r\n")

    assert answer == b""
    assert again.startswith(b"HTTP/1.1 503")


async def test_taken_port_is_an_error_with_the_setting() -> None:
    """A port that is taken is told with the variable that changes it."""
    async with Health("127.0.0.1", 0) as health:
        with pytest.raises(SettingsError, match="ORCHESTRA_WORKER_HEALTH_PORT"):
            async with Health("127.0.0.1", health.port):
                pass


async def test_part_that_comes_up_later_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    """What is not there yet is tried again, and logged once."""
    tries: list[int] = []

    async def make() -> str:
        tries.append(1)
        if len(tries) < 4:
            raise UnavailableError("Temporal does not answer")
        return "made"

    assert await patiently(make, patience_seconds=5, pause_seconds=0.01) == "made"
    assert len(caplog.records) == 1


async def test_part_that_never_comes_up_is_an_error() -> None:
    """Patience ends, with the error that the part gave."""

    async def make() -> str:
        raise UnavailableError("Temporal does not answer")

    with pytest.raises(UnavailableError, match="Temporal"):
        await patiently(make, patience_seconds=0.05, pause_seconds=0.01)
