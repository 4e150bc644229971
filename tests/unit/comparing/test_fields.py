"""JSON values are compared field by field: elements by their id, texts word by word."""

from pydantic import JsonValue

from services.comparing.fields import changed_fields
from services.comparing.words import Change

Told = tuple[str, tuple[tuple[Change, str], ...]]


def _told(before: JsonValue, after: JsonValue) -> list[Told]:
    return [
        (each.path, tuple((piece.change, piece.text) for piece in each.pieces))
        for each in changed_fields(before, after)
    ]


def test_equal_values_differ_in_nothing() -> None:
    """Also where objects name their fields in another order."""
    assert _told({"a": [1, {"b": "c"}], "d": 1}, {"d": 1, "a": [1, {"b": "c"}]}) == []


def test_elements_are_known_by_their_id() -> None:
    """One that moved is the same, one that changed is compared with itself."""
    before: JsonValue = [{"id": "a", "text": "one"}, {"id": "b", "text": "two"}]
    after: JsonValue = [{"id": "b", "text": "two more"}, {"id": "a", "text": "one"}]

    assert _told(before, after) == [
        ("[b].text", ((Change.KEPT, "two"), (Change.ADDED, " more"))),
    ]


def test_elements_without_an_id_are_compared_between_equal_ones() -> None:
    """An insertion changes nothing of what stands behind it."""
    assert _told({"x": ["a", "c"]}, {"x": ["a", "b", "c"]}) == [("x[1]", ((Change.ADDED, "b"),))]


def test_what_came_or_went_is_told_whole() -> None:
    """Each field of it by its own path; numbers as JSON writes them."""
    assert _told({"gone": {"n": 1}}, {"came": [True]}) == [
        ("came[0]", ((Change.ADDED, "true"),)),
        ("gone.n", ((Change.REMOVED, "1"),)),
    ]
