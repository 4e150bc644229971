"""Ports: the preferred one, or the next that is free."""

import socket
from collections.abc import Iterator

import pytest

from services.errors import UnavailableError
from services.stack.ports import choose_ports, free_port


@pytest.fixture
def taken() -> Iterator[int]:
    """Give a port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_preferred_port_is_used_when_free() -> None:
    """A free port is taken as it was asked for."""
    port = free_port(0)

    assert free_port(port) == port


def test_taken_port_is_stepped_around(taken: int) -> None:
    """A port that somebody listens on is left to him."""
    assert free_port(taken) > taken


def test_no_port_is_given_twice() -> None:
    """Two parts that prefer the same port get two."""
    port = free_port(0)

    chosen = choose_ports({"one": port, "two": port, "any": 0})

    assert chosen["one"] == port
    assert len(set(chosen.values())) == 3


def test_last_port_of_all_is_followed_by_any() -> None:
    """Past the end of the numbers the system chooses."""
    assert 0 < free_port(65_535, avoid=[65_535]) < 65_535


def test_foreign_host_is_an_error() -> None:
    """A host that is no address of this machine is named."""
    with pytest.raises(UnavailableError, match=r"192\.0\.2\.1.*ORCHESTRA_GATEWAY_HOST"):
        free_port(0, "192.0.2.1")
