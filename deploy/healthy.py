#!/usr/bin/env python3
"""Asks a server in the same container whether it works; the images' health check. Stdlib only.

`healthy http://127.0.0.1:8080/readyz` or `healthy redis://127.0.0.1:6379`: ends with 0 when it is
answered well, else with 1 and a sentence.
"""

import http.client
import socket
import sys
from urllib.parse import SplitResult, urlsplit

TIMEOUT_SECONDS = 4
"""Less than what the container engine allows a check, so that our sentence is what it shows."""

SHOWN_BYTES = 500


def main() -> None:
    """Ask the one address on the command line."""
    place = urlsplit(sys.argv[1])
    try:
        problem = _redis(place) if place.scheme == "redis" else _http(place)
    except (OSError, http.client.HTTPException) as error:
        problem = f"no answer: {error}"
    if problem:
        sys.exit(f"{sys.argv[1]}: {problem}")


def _http(place: SplitResult) -> str:
    connection = http.client.HTTPConnection(place.netloc, timeout=TIMEOUT_SECONDS)
    connection.request("GET", place.path or "/")
    answer = connection.getresponse()
    if 200 <= answer.status < 300:
        return ""
    return f"HTTP {answer.status} {answer.read(SHOWN_BYTES).decode(errors='replace')}"


def _redis(place: SplitResult) -> str:
    address = (place.hostname or "127.0.0.1", place.port or 6379)
    with socket.create_connection(address, timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(b"PING\r\n")
        answer = connection.recv(SHOWN_BYTES)
    # A server that still loads its data answers with an error.
    return "" if answer.startswith(b"+PONG") else answer.decode(errors="replace").strip()


if __name__ == "__main__":
    main()
