"""What a caller would rather have: the header `Accept`, read as RFC 9110 says."""

from collections.abc import Sequence
from typing import Final

_MOST: Final = 1000
"""Of the header, as many characters are looked at; browsers send some hundred."""


def preferred(accept: str, offered: Sequence[str]) -> str | None:
    """Choose a media type; of two that are liked as much, the one that is offered first.

    Args:
        accept: the header; empty when the caller sent none and takes anything.
        offered: media types without parameters, the usual one first.

    Returns:
        None when the caller takes none of them.
    """
    ranges = [_range(part) for part in accept[:_MOST].split(",") if part.strip()]
    if not ranges:
        return offered[0]
    best = max(offered, key=lambda kind: (_liking(kind, ranges), -offered.index(kind)))
    return best if _liking(best, ranges) > 0 else None


def _range(part: str) -> tuple[str, float]:
    kind, *parameters = (each.strip().lower() for each in part.split(";"))
    weights = [each[2:] for each in parameters if each.startswith("q=")]
    return kind, _weight(weights[0]) if weights else 1.0


def _weight(text: str) -> float:
    """Read a quality value; one that is none counts as not given."""
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 1.0


def _liking(kind: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Say how much a media type is liked: the most exact range that covers it decides."""
    for covering in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        weights = [weight for name, weight in ranges if name == covering]
        if weights:
            return max(weights)
    return 0.0
