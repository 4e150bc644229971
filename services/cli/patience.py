"""Waits for parts that are started at the same time as this process."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from services.errors import UnavailableError

START_SECONDS: Final = 60.0
"""How long Temporal and memory may take to come up after what needs them was started."""

RETRY_SECONDS: Final = 1.0
Made = TypeVar("Made")
log = logging.getLogger(__name__)


async def patiently(
    make: Callable[[], Awaitable[Made]],
    *,
    patience_seconds: float = START_SECONDS,
    pause_seconds: float = RETRY_SECONDS,
) -> Made:
    """Try until it works; what is not there yet is logged once.

    Raises:
        UnavailableError: it does not work in time.
    """
    deadline = time.monotonic() + patience_seconds
    logged = False
    while True:
        try:
            return await make()
        except UnavailableError as error:
            if time.monotonic() + pause_seconds > deadline:
                raise
            if not logged:
                log.warning("waiting for up to %.0f s: %s", patience_seconds, error)
                logged = True
        await asyncio.sleep(pause_seconds)
