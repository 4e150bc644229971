"""What is wrong with a value of a flow file, in words that name the value and the remedy."""

import re
from collections.abc import Iterator
from copy import deepcopy

import pytest
from pydantic import JsonValue, ValidationError

from contracts.flow import FlowDocument
from services.flows.complaints import complaints
from services.flows.composing import compose
from workflows.checking.examples import LETTER, PLAN

PYDANTIC = re.compile("Input should|Value error|String should|List should|Dictionary|Field req")
WRONG: tuple[JsonValue, ...] = (
    None,
    True,
    -1,
    10**9,
    1.5,
    "",
    "Wrong One",
    [],
    ["x"],
    {},
    {"x": 1},
)


def _places(value: object, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place of a document, the parts before what they hold."""
    inner = list(value.items()) if isinstance(value, dict) else []
    inner += list(enumerate(value)) if isinstance(value, list) else []
    for key, child in inner:
        yield (*way, key)
        yield from _places(child, (*way, key))


def _said(data: dict[str, object], way: tuple[str | int, ...], wrong: JsonValue) -> list[str]:
    spoilt = deepcopy(data)
    holder: object = spoilt
    for part in way[:-1]:
        assert isinstance(holder, dict | list)
        holder = holder[part]  # type: ignore[index]  # the way was read off this very data
    assert isinstance(holder, dict | list)
    holder[way[-1]] = wrong  # type: ignore[index]
    try:
        FlowDocument.model_validate(spoilt)
    except ValidationError as error:
        return [f"{each.message} {each.remedy}" for each in complaints(error.errors())]
    return []


@pytest.mark.parametrize("text", [PLAN, LETTER], ids=["plan", "letter"])
def test_no_word_of_the_validator_reaches_an_author(text: str) -> None:
    """Whatever stands in the place of whatever else, the message is one of ours."""
    data = compose("a.yaml", text).data
    said = [each for way in _places(data) for wrong in WRONG for each in _said(data, way, wrong)]

    assert len(said) > 300
    assert [each for each in said if PYDANTIC.search(each) or "what can stand here" in each] == []
