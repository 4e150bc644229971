"""The order of what a search found."""

from contracts.content.evidence import Source, Span
from services.retrieval.base import Passage
from services.retrieval.ranking import fused, ordered


def a_passage(source: str, start: int, score: int) -> Passage:
    """Make a passage of one character at a place."""
    return Passage(
        source=Source(id=source, title="T", uri="u"),
        text="x",
        span=Span(start=start, end=start + 1),
        score=score,
    )


def test_passages_are_ordered_by_score_then_source_then_place() -> None:
    """The best comes first; equals come in the order of their source and place."""
    best, first, second, other = (
        a_passage("z", 0, 9),
        a_passage("a", 3, 5),
        a_passage("a", 7, 5),
        a_passage("b", 0, 5),
    )

    assert ordered([other, second, best, first]) == (best, first, second, other)


def test_passage_in_both_rankings_stands_above_those_in_one() -> None:
    """Second place twice beats first place once."""
    one, both, two = a_passage("one", 0, 99), a_passage("both", 0, 5), a_passage("two", 0, 7)

    found = fused([(one, both), (two, both)])

    assert [passage.source.id for passage in found] == ["both", "one", "two"]
    assert [passage.score for passage in found] == [2 * (1_000_000 // 62), 16393, 16393]
