"""How long an endpoint asks to wait before the next try, as its headers say it."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

_LONGEST_WAIT: Final = timedelta(days=1)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Read how long an endpoint asks to wait; at most a day, None when it does not say.

    `retry-after-ms` goes before `retry-after`, which is seconds or an HTTP date.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return _wait(milliseconds / 1000)
    stated = headers.get("retry-after", "")
    seconds = _number(stated)
    return _wait_until(stated) if seconds is None else _wait(seconds)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _wait(seconds: float) -> timedelta:
    return timedelta(seconds=min(max(seconds, 0.0), _LONGEST_WAIT.total_seconds()))


def _wait_until(http_date: str) -> timedelta | None:
    try:
        moment = parsedate_to_datetime(http_date)
    except ValueError:
        return None
    return _wait((moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
