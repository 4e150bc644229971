"""What callers send becomes stored values, or a list of everything that is wrong with it."""

from contextlib import nullcontext
from typing import Any

import pytest
from pydantic import JsonValue

from contracts.base import digest
from contracts.compiled import CompiledFlow
from contracts.content.brief import Brief
from contracts.reference import Value
from contracts.registry import CONTRACTS
from contracts.work import FACTS_LIMIT_BYTES, FLOW_LIMIT_BYTES, INLINE_LIMIT_BYTES, RunStart
from services.errors import FlowInvalidError, InputInvalidError
from services.runs.inputs import (
    INPUT_LIMIT_BYTES,
    as_value,
    read_input,
    read_value,
    refuse_oversize,
)
from tests.builders import a_brief
from tests.toys import HEAD, REGISTRY, Note, toy, toy_flow

BODY = """
slots: {first: Note@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""
ONE = toy_flow(BODY, toy("one", lambda given: Note())).flow
TWO = toy_flow(
    BODY,
    toy("one", lambda given: Note()),
    head=HEAD.replace("{start: Note@1}", "{start: Note@1, other: Note@1}"),
).flow


def _brief(**changes: Any) -> dict[str, JsonValue]:
    return {**a_brief().model_dump(mode="json"), **changes}


def _problems(flow: CompiledFlow, given: dict[str, JsonValue]) -> dict[str, str]:
    with pytest.raises(InputInvalidError) as refused:
        read_input(flow, given, REGISTRY)
    return {problem.pointer: problem.message for problem in refused.value.problems}


def _pointers(contract: type[Brief], given: JsonValue) -> list[str]:
    with pytest.raises(InputInvalidError) as refused:
        read_value(contract, given, "/brief")
    return [problem.pointer for problem in refused.value.problems]


@pytest.mark.parametrize("given", [{"start": {"text": "x"}}, {"text": "x"}], ids=["named", "bare"])
def test_the_only_input_may_come_bare(given: dict[str, JsonValue]) -> None:
    """A flow with one input takes its value by name or as the whole body."""
    assert read_input(ONE, given, REGISTRY) == {"start": Note(text="x")}


def test_an_empty_body_is_an_empty_value() -> None:
    """Where every field has a default, nothing is enough."""
    assert read_input(ONE, {}, REGISTRY) == {"start": Note()}


def test_two_inputs_come_by_name() -> None:
    """With more than one input each is given under its own name."""
    given: dict[str, JsonValue] = {"start": {"text": "x"}, "other": {"text": "y"}}

    assert read_input(TWO, given, REGISTRY) == {"start": Note(text="x"), "other": Note(text="y")}


def test_every_problem_is_told_with_its_place() -> None:
    """Missing, unknown and unfit inputs are all listed, each by a JSON pointer."""
    given: dict[str, JsonValue] = {
        "start": {"score": 101, "items": [{"id": "a"}, {"id": 3}]},
        "a/b~c": {},
    }

    assert _problems(TWO, given) == {
        "/start/score": "Input should be less than or equal to 100",
        "/start/items/1/id": "Input should be a valid string",
        "/a~1b~0c": "flow toy has no input 'a/b~c'; it has start, other",
        "/other": "input 'other' is missing",
    }


def test_a_bare_value_is_pointed_into_as_it_was_sent() -> None:
    """The caller's own body is what pointers lead into, not ours around it."""
    assert _problems(ONE, {"score": "high"}) == {"/score": "Input should be a valid integer"}


def test_the_message_tells_all_problems() -> None:
    """Where only one line can be shown, it has the flow and every problem."""
    with pytest.raises(InputInvalidError) as refused:
        read_input(TWO, {"start": {"score": -1}}, REGISTRY)

    assert str(refused.value) == (
        "the input does not fit flow toy: /start/score: Input should be greater than or equal to 0;"
        " /other: input 'other' is missing"
    )


@pytest.mark.parametrize(
    ("given", "pointers"),
    [
        (_brief(titel="x"), ["/brief/titel"]),
        (_brief(words={"min": 20, "max": 200, "about": 9}), ["/brief/words/about"]),
        (_brief(words={"min": 9, "max": 8}), ["/brief/words"]),
        (_brief(key_points=["a", " "]), ["/brief/key_points/1"]),
        (_brief(must_include=["x"], must_avoid=["X"]), ["/brief"]),
        (_brief(**{"a/b~c": 1}), ["/brief/a~1b~0c"]),
        ([], ["/brief"]),
        ("a brief", ["/brief"]),
        (None, ["/brief"]),
    ],
)
def test_a_misspelt_field_is_refused_where_it_stands(given: JsonValue, pointers: list[str]) -> None:
    """At the edge unknown fields are errors too, and every pointer leads to the place."""
    assert _pointers(Brief, given) == pointers


def test_a_contradiction_is_told_in_the_contract_s_words() -> None:
    """What a contract says about its own rules reaches the caller as it is."""
    with pytest.raises(InputInvalidError, match="'x' stands in must_include and in must_avoid"):
        read_value(Brief, _brief(must_include=["x"], must_avoid=["x"]), "")


@pytest.mark.parametrize(
    "value", ["\ud800", float("nan"), float("inf")], ids=["half a character", "NaN", "infinity"]
)
def test_what_json_cannot_say_is_refused(value: JsonValue) -> None:
    """A lone surrogate and numbers that are none do not get in."""
    assert _pointers(Brief, _brief(title=value)) in (["/brief"], ["/brief/title"])


def test_endless_nesting_is_refused() -> None:
    """A value nested deeper than JSON readers go is refused, and no crash."""
    nested: JsonValue = {}
    for _ in range(2000):
        nested = {"a": nested}

    assert _pointers(Brief, nested) == ["/brief"]


@pytest.mark.guarantee("sizes-own-error-first")
def test_a_value_has_a_limit() -> None:
    """A value over 1 MiB is refused for its size; one of just that is read."""
    frame = len(Note().encode())
    most: dict[str, JsonValue] = {
        **Note().model_dump(mode="json"),
        "text": "x" * (INPUT_LIMIT_BYTES - frame),
    }
    over: dict[str, JsonValue] = {**most, "text": str(most["text"]) + "x"}

    assert read_input(ONE, {"start": most}, REGISTRY)
    assert _problems(ONE, {"start": over}) == {"/start": "larger than 1 MiB"}


def test_a_value_is_serialised_once() -> None:
    """The bytes that are stored are the bytes that are addressed and, when small, carried."""
    value, body = as_value(a_brief(), ["words.min", "len(key_points)"])

    assert (value.digest, value.size, value.body) == (digest(body), len(body), body.decode())
    assert value.facts == {"words.min": 20, "len(key_points)": 3}
    assert CONTRACTS.get("Brief@1").decode(body) == a_brief()


@pytest.mark.parametrize(
    ("size", "is_inline"), [(INLINE_LIMIT_BYTES, True), (INLINE_LIMIT_BYTES + 1, False)]
)
@pytest.mark.guarantee("sizes-own-error-first")
def test_a_large_value_is_not_carried(size: int, is_inline: bool) -> None:
    """Over the inline limit a run's start carries the address alone."""
    value, body = as_value(Note(text="x" * (size - len(Note().encode()))), [])

    assert len(body) == size
    assert (value.body is not None) is is_inline


@pytest.mark.guarantee("sizes-own-error-first")
@pytest.mark.parametrize(("size", "is_refused"), [(FACTS_LIMIT_BYTES - 11, False), (99_999, True)])
def test_what_a_flow_routes_on_has_a_limit(size: int, is_refused: bool) -> None:
    """The interpreter holds facts for the whole run, so a text of any length may not be one."""
    with pytest.raises(InputInvalidError, match="routes on text") if is_refused else nullcontext():
        as_value(Note(text="x" * size), ["text"])


def _a_start(flow_bytes: int, *inputs: int) -> RunStart:
    values = {
        f"i{place}": Value(digest="0" * 64, size=size, body="x" * size)
        for place, size in enumerate(inputs)
    }
    flow = Value(digest="0" * 64, size=flow_bytes, body="y" * flow_bytes)
    return RunStart(tenant="t", run="r", flow=flow, input=values)


@pytest.mark.guarantee("sizes-own-error-first")
def test_a_flow_too_large_to_carry_is_refused() -> None:
    """Half a megabyte of compiled flow is the most; the author is told what to shorten."""
    refuse_oversize(_a_start(FLOW_LIMIT_BYTES), "toy")

    with pytest.raises(FlowInvalidError, match="flow toy takes 524289 bytes compiled"):
        refuse_oversize(_a_start(FLOW_LIMIT_BYTES + 1), "toy")


@pytest.mark.guarantee("sizes-own-error-first")
def test_inputs_too_large_together_are_refused() -> None:
    """Each is small enough, and all of them are not: the caller is told to send less."""
    with pytest.raises(InputInvalidError, match="send less"):
        refuse_oversize(_a_start(FLOW_LIMIT_BYTES, *[INLINE_LIMIT_BYTES] * 33), "toy")


@pytest.mark.guarantee("sizes-own-error-first")
def test_quotes_count_as_they_travel() -> None:
    """A text within a text takes more bytes than it has characters, and those are counted."""
    quotes = Value(digest="0" * 64, size=INLINE_LIMIT_BYTES, body='"' * INLINE_LIMIT_BYTES)
    start = _a_start(10).model_copy(update={"input": {f"i{n}": quotes for n in range(33)}})

    with pytest.raises(InputInvalidError, match="send less"):
        refuse_oversize(start, "toy")
