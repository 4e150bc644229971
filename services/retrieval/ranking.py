"""The order of what a search found: by score, then by place, so that it never varies."""

from collections.abc import Iterable, Sequence

from services.retrieval.base import Passage

RRF_CONSTANT = 60
"""From Cormack, Clarke and Buettcher (2009); the usual choice wherever ranks are fused."""

RRF_SCALE = 1_000_000


def ordered(passages: Iterable[Passage]) -> tuple[Passage, ...]:
    """Order by score, then source, then place."""
    return tuple(sorted(passages, key=lambda found: (-found.score, *_place(found))))


def fused(rankings: Sequence[Sequence[Passage]]) -> tuple[Passage, ...]:
    """Fuse rankings by reciprocal rank: high in one counts most, high in both wins.

    The score becomes the sum of 1/(60 + rank) over the rankings that found the passage, times a
    million: scores of words and of vectors cannot be compared, ranks can.
    """
    scores: dict[tuple[str, int, int], int] = {}
    found: dict[tuple[str, int, int], Passage] = {}
    for ranking in rankings:
        for rank, passage in enumerate(ranking, start=1):
            place = _place(passage)
            scores[place] = scores.get(place, 0) + RRF_SCALE // (RRF_CONSTANT + rank)
            found[place] = passage
    return ordered(
        passage.model_copy(update={"score": scores[place]}) for place, passage in found.items()
    )


def _place(passage: Passage) -> tuple[str, int, int]:
    return passage.source.id, passage.span.start, passage.span.end
