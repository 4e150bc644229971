"""Vectors without a model: hashed words, so that texts which share words lie near each other."""

import hashlib
import math
import re
from collections import Counter
from typing import Final

DIMENSIONS: Final = 64
_WORD: Final = re.compile(r"\w+")


def hashed_vector(text: str, dimensions: int = DIMENSIONS) -> tuple[float, ...]:
    """Embed a text as its hashed word counts, scaled to length 1; the same on every machine."""
    sums = [0.0] * dimensions
    for word, times in Counter(_WORD.findall(text.lower()) or [text]).items():
        place, sign = _place(word, dimensions)
        sums[place] += sign * times
    length = math.hypot(*sums)
    if not length:
        # Words may cancel out; a vector of length 0 has no direction to compare.
        return (1.0, *sums[1:])
    return tuple(value / length for value in sums)


def _place(word: str, dimensions: int) -> tuple[int, int]:
    number = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8])
    return number // 2 % dimensions, 1 if number % 2 else -1
