"""Good answers made wrong: each change leaves the schema alone and a trace to look for."""

import json
from random import Random

import pytest
from pydantic import JsonValue

from services.agents import narrowing
from services.rehearsal.changing import changed
from services.rehearsal.exchange import Exchange
from services.rehearsal.faults import Change

QUOTES = (
    "The temperature of a heap lies between 55 and 65 degrees.",
    "Gardeners turn their heaps with a fork on mornings without rain.",
)


def _exchange(answer: JsonValue) -> Exchange:
    sentence = narrowing.closed_object(
        {
            "text": narrowing.text(),
            "evidence_ids": narrowing.array(narrowing.one_of(["e1", "e2"]), least=1, most=2),
        }
    )
    schema = narrowing.closed_object(
        {
            "sentences": narrowing.array(sentence, least=1, most=5),
            "verdict": narrowing.one_of(["accept", "revise"]),
        }
    )
    return Exchange("free", {"quotes": list(QUOTES)}, schema, answer)


GOOD = _exchange(
    {
        "sentences": [
            {"text": QUOTES[0], "evidence_ids": ["e1"]},
            {"text": QUOTES[1], "evidence_ids": ["e2"]},
        ],
        "verdict": "accept",
    }
)


@pytest.mark.parametrize("change", list(Change))
def test_every_change_gives_another_answer(change: Change) -> None:
    """Whatever is drawn, a changed answer is never the good one."""
    made = changed(change, GOOD, Random(1))

    assert made is not None
    assert made.answer != GOOD.answer


@pytest.mark.parametrize("change", list(Change))
def test_one_seed_changes_alike(change: Change) -> None:
    """The same seed makes the same wrong answer."""
    assert changed(change, GOOD, Random(7)) == changed(change, GOOD, Random(7))


@pytest.mark.parametrize(
    "change",
    [
        Change.NUMBER,
        Change.QUOTE,
        Change.WORD,
        Change.NAME,
        Change.OFF_TOPIC,
        Change.OBEYED,
    ],
)
def test_a_change_of_text_leaves_its_trace(change: Change) -> None:
    """The text by which a change would be known stands in the wrong answer, and in no good one."""
    made = changed(change, GOOD, Random(1))

    assert made is not None
    [trace] = made.traces
    assert trace in json.dumps(made.answer)
    assert trace not in json.dumps(GOOD.answer)


@pytest.mark.parametrize("change", [Change.NUMBER, Change.QUOTE, Change.NAME, Change.OFF_TOPIC])
def test_where_there_is_no_text_there_is_nothing_to_change(change: Change) -> None:
    """An answer that only chooses cannot be given a wrong number or name."""
    choice = Exchange("verbatim", {}, narrowing.choices({"s1": ["clear"]}), {"s1": "clear"})

    assert changed(change, choice, Random(1)) is None


def test_a_dropped_field_is_one_that_was_required() -> None:
    """The answer without it does not fit its schema any more."""
    made = changed(
        Change.FIELD_DROPPED, _exchange({"sentences": [], "verdict": "accept"}), Random(1)
    )

    assert made is not None
    assert made.answer in ({"sentences": []}, {"verdict": "accept"})


def test_a_verdict_is_turned_around_alone() -> None:
    """Nothing else of the answer changes with it."""
    made = changed(
        Change.CONTRADICTION, _exchange({"sentences": [], "verdict": "accept"}), Random(1)
    )

    assert made is not None
    assert made.answer == {"sentences": [], "verdict": "revise"}
