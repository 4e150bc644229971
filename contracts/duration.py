"""Durations as flow files write them."""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator

from contracts.notation import WrittenDuration

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

_LONGEST_DAYS: Final = 3650
"""Longer waits are slips of the pen, and Temporal takes no timer beyond 10,000 years."""


def seconds(text: object) -> object:
    """Read `90s`, `30m`, `72h` or `7d` as whole seconds; anything else is an error."""
    match = re.fullmatch(r"(0+|[1-9][0-9]*)([smhd])", text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r:.60} is no duration; write a number and s, m, h or d, as in 30m")
    digits, unit = match[1], match[2]
    longest = _LONGEST_DAYS * _UNITS["d"]
    # The count of digits first: text of many thousands is no number that Python reads.
    if len(digits) > len(str(longest)) or int(digits) * _UNITS[unit] > longest:
        raise ValueError(f"{text:.60} is longer than {_LONGEST_DAYS}d, the longest there is")
    if not int(digits):
        raise ValueError(f"{text} is no time at all; the shortest there is is 1s")
    return int(digits) * _UNITS[unit]


Duration = Annotated[int, BeforeValidator(seconds, json_schema_input_type=WrittenDuration)]
"""Whole seconds, written `30m`."""
