"""How long endpoints ask to wait."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from services.llm.waiting import retry_after


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "20"}, timedelta(seconds=20)),
        ({"retry-after": "1.5"}, timedelta(seconds=1.5)),
        ({"retry-after-ms": "250"}, timedelta(milliseconds=250)),
        ({"retry-after-ms": "250", "retry-after": "20"}, timedelta(milliseconds=250)),
        ({"retry-after-ms": "soon", "retry-after": "20"}, timedelta(seconds=20)),
        ({"retry-after": "-5"}, timedelta(0)),
        ({"retry-after": "1e300"}, timedelta(days=1)),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, timedelta(0)),
    ],
)
def test_wait_is_read(headers: dict[str, str], wait: timedelta | None) -> None:
    """Seconds, milliseconds and past dates are read; what makes no sense counts as not said."""
    assert retry_after(headers) == wait


def test_date_is_read() -> None:
    """A wait may be given as the moment when it ends."""
    moment = datetime.now(UTC) + timedelta(minutes=10)

    wait = retry_after({"retry-after": format_datetime(moment, usegmt=True)})

    assert wait is not None
    assert timedelta(minutes=9) < wait <= timedelta(minutes=10)
