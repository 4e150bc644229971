"""Writes what following a run gives as an event stream (WHATWG HTML, section 9.2)."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

from fastapi.sse import format_sse_event

from services.errors import FlowError
from services.gateway.problems import describe
from services.runs.following import Ended, Following, Happened, Interrupted, Item, Quiet, Snapshot

BEAT_SECONDS: Final = 15.0
"""How long a stream may be silent; proxies commonly close after 30 or 60 seconds."""

RECONNECT_MILLISECONDS: Final = 2000
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""The second keeps a common proxy from holding events back."""


async def stream(
    following: Following, stopping: asyncio.Event, *, beat_seconds: float = BEAT_SECONDS
) -> AsyncIterator[bytes]:
    """Write a run's events until it has ended or the server stops."""
    written = time.monotonic()
    items = following.items()
    try:
        async for item in items:
            if stopping.is_set():
                return
            line = _line(item)
            if line is None and time.monotonic() - written >= beat_seconds:
                line = format_sse_event(comment="still here")
            if line is not None:
                yield line
                written = time.monotonic()
    except FlowError as error:
        yield _problem(error)
    finally:
        await items.aclose()


def _line(item: Item) -> bytes | None:
    match item:
        case Snapshot():
            data = item.model_dump_json()
            return format_sse_event(event="snapshot", data_str=data, retry=RECONNECT_MILLISECONDS)
        case Happened():
            data = item.event.model_dump_json(exclude_defaults=True)
            return format_sse_event(event=item.event.kind, data_str=data, id=item.id)
        case Interrupted():
            return _problem(item.error)
        case Ended():
            data = f'{{"status":"{item.status}"}}'
            return format_sse_event(event="end", data_str=data, id=item.id)
        case Quiet():
            return None


def _problem(error: FlowError) -> bytes:
    return format_sse_event(event="problem", data_str=describe(error).model_dump_json())
