"""Sets of small numbers as bits of one whole number."""

from collections.abc import Iterable, Iterator


def mask_of(numbers: Iterable[int]) -> int:
    """Put numbers, from 0, into one."""
    mask = 0
    for each in numbers:
        mask |= 1 << each
    return mask


def members(mask: int) -> Iterator[int]:
    """List the numbers in a mask, the smallest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
