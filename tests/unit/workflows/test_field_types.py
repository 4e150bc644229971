"""What the checker knows of a contract's fields."""

import pytest

from contracts.base import Part
from contracts.content.brief import Brief
from contracts.content.outline import Outline, OutlineSection
from contracts.content.review import Comment
from contracts.content.topic import TopicLabel
from workflows.checking.types import ListType, PathError, ScalarType, list_at, scalar_at


class Odd(Part):
    """Fields that no rule can use."""

    share: float
    maybe: int | None = None
    words: tuple[str, ...]
    labels: dict[str, str]
    done: bool


@pytest.mark.parametrize(
    ("model", "path", "expected"),
    [
        (TopicLabel, "confidence", ScalarType(int, low=0, high=100)),
        (TopicLabel, "risk", ScalarType(str, ("low", "medium", "high"))),
        (TopicLabel, "rule", ScalarType(str)),
        (Comment, "blocking", ScalarType(bool)),
        (Brief, "words.min", ScalarType(int, low=1, high=20_000)),
        (Brief, "corpus", ScalarType(str)),
    ],
)
def test_a_scalar_has_a_type_and_its_values(
    model: type[Part], path: str, expected: ScalarType
) -> None:
    """Constraints fall away, closed sets keep their members, paths go through parts."""
    assert scalar_at(model, path) == expected


@pytest.mark.parametrize(
    ("model", "path", "message"),
    [
        (TopicLabel, "mood", "TopicLabel has no field 'mood'; it has topic, risk"),
        (TopicLabel, "__class__", "TopicLabel has no field '__class__'"),
        (TopicLabel, "rule.upper", "goes through something that has no fields"),
        (Comment, "section_id", "may be missing, and a rule cannot look at presence"),
        (Brief, "words", "is no scalar; compare one of its fields"),
        (Brief, "key_points", "is no scalar"),
        (Odd, "share", "is a fraction; rules compare whole numbers"),
        (Odd, "maybe", "may be missing"),
        (Odd, "labels", "is no scalar"),
    ],
)
def test_what_no_rule_can_compare_says_why(model: type[Part], path: str, message: str) -> None:
    """A path that leads nowhere or to something else than a scalar is told what it is."""
    with pytest.raises(PathError) as refused:
        scalar_at(model, path)

    assert message in str(refused.value)


def test_a_list_has_bounds_and_elements() -> None:
    """A list field is known by what it holds and how much of it there may be."""
    assert list_at(Outline, "sections") == ListType(OutlineSection, 1, 7)


def test_a_list_of_words_has_no_keys() -> None:
    """The elements of a list of texts have no fields to be told apart by."""
    assert "id" not in list_at(Odd, "words").element.model_fields


@pytest.mark.parametrize("path", ["done", "labels"])
def test_what_is_no_list_is_not_walked(path: str) -> None:
    """Only a list can be walked; a mapping has no order to walk in."""
    with pytest.raises(PathError, match="is no list"):
        list_at(Odd, path)
