"""Which TCP port each part listens on. Binding it for good is the part's own business."""

import socket
from collections.abc import Collection, Mapping

from services.errors import UnavailableError

STEPS = 100
"""How many ports after the preferred one are tried before the system chooses one."""


def choose_ports(preferred: Mapping[str, int], host: str = "127.0.0.1") -> dict[str, int]:
    """Give every name its preferred port or the next free one; no port is given twice.

    A preference of 0 lets the system choose. A port is free at the moment of asking only: a
    part that loses the race for it ends, and its log says so.

    Raises:
        UnavailableError: the host is no address of this machine.
    """
    chosen: dict[str, int] = {}
    for name, port in preferred.items():
        chosen[name] = free_port(port, host, avoid=chosen.values())
    return chosen


def free_port(preferred: int, host: str = "127.0.0.1", avoid: Collection[int] = ()) -> int:
    """Find the preferred port, the next free one after it, or else any.

    Raises:
        UnavailableError: the host is no address of this machine.
    """
    last = min(preferred + STEPS, 65_536)
    candidates = range(preferred, last) if preferred else range(0)
    for port in candidates:
        if port not in avoid and _is_free(port, host):
            return port
    return _any_port(host, avoid)


def _is_free(port: int, host: str) -> bool:
    with socket.socket(_family(host), socket.SOCK_STREAM) as listener:
        # As servers do: a port whose last owner has just gone counts as free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError:
            return False
    return True


def _any_port(host: str, avoid: Collection[int]) -> int:
    while True:
        with socket.socket(_family(host), socket.SOCK_STREAM) as listener:
            try:
                listener.bind((host, 0))
            except OSError as error:
                raise UnavailableError(
                    f"no TCP port can be opened on {host!r}: {error.strerror};"
                    " set ORCHESTRA_GATEWAY_HOST to an address of this machine"
                ) from error
            port = int(listener.getsockname()[1])
        if port not in avoid:
            return port


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
