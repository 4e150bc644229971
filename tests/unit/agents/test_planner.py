"""The planner: outlines that use the evidence once, cover the key points and fit the length."""

from typing import Any

import pytest

from contracts.agent import Capability
from contracts.content.brief import Brief, WordRange
from contracts.content.evidence import EvidenceSet
from contracts.content.outline import Outline
from contracts.failure import FailureKind
from services.agents.base import Given
from services.agents.planner import Planner
from services.errors import StepError
from tests.builders import BOKASHI, KEEP_OUT, WORM_BINS, a_brief, an_evidence_set
from tests.desks import ScriptedDesk, written

WORMS_SECTION = {
    "heading": "Worms instead of heat",
    "goal": "Learn what a worm bin does.",
    "evidence_ids": ["e1", "e2"],
    "words": 40,
}
BUCKET_SECTION = {
    "heading": "A bucket for the balcony",
    "goal": "Learn what a bokashi bucket does.",
    "evidence_ids": ["e3", "e4"],
    "words": 40,
}
HEAP_SECTION = {
    "heading": "What attracts rats",
    "goal": "Learn what not to compost.",
    "evidence_ids": ["e5"],
    "words": 40,
}


def _reply(*sections: dict[str, Any]) -> str:
    return written({"sections": list(sections)})


async def _planned(
    *texts: str, brief: Brief | None = None, capability: Capability = Capability.WRITES
) -> tuple[Outline, ScriptedDesk]:
    planner = Planner()
    desk = ScriptedDesk(planner, *texts, capability=capability)
    given = Given({"brief": brief or a_brief(), "evidence": an_evidence_set()})
    outline = await planner.run(given, desk)
    assert isinstance(outline, Outline)
    return outline, desk


async def test_good_outline_is_taken_as_proposed() -> None:
    """A model's own headings, goals and order stand when no rule is broken."""
    outline, desk = await _planned(_reply(BUCKET_SECTION, WORMS_SECTION, HEAP_SECTION))

    assert [section.heading for section in outline.sections] == [
        "A bucket for the balcony",
        "Worms instead of heat",
        "What attracts rats",
    ]
    assert [section.id for section in outline.sections] == ["s1", "s2", "s3"]
    assert desk.rejected == []


@pytest.mark.parametrize(
    ("sections", "reason"),
    [
        ([WORMS_SECTION, BUCKET_SECTION], "no section covers the key point"),
        (
            [WORMS_SECTION, {**BUCKET_SECTION, "evidence_ids": ["e1", "e3"]}, HEAP_SECTION],
            "e1 is used more than once",
        ),
        ([WORMS_SECTION, BUCKET_SECTION, {**HEAP_SECTION, "words": 900}], "add up to 980"),
        (
            [WORMS_SECTION, {**BUCKET_SECTION, "heading": "Worms instead of heat"}, HEAP_SECTION],
            "repeats the heading",
        ),
        (
            [WORMS_SECTION, BUCKET_SECTION, {**HEAP_SECTION, "heading": "Composting in style"}],
            "shares no word",
        ),
        (
            [WORMS_SECTION, BUCKET_SECTION, {**HEAP_SECTION, "heading": "Rats of e5"}],
            '"e5" does not belong',
        ),
        (
            [
                WORMS_SECTION,
                BUCKET_SECTION,
                {**HEAP_SECTION, "goal": "Deal the evidence out: every piece belongs to me."},
            ],
            "copies the instructions",
        ),
    ],
    ids=["uncovered", "used twice", "too long", "same heading", "off topic", "leak", "echo"],
)
async def test_broken_rule_is_told_to_the_model(
    sections: list[dict[str, Any]], reason: str
) -> None:
    """Each rule of an outline is checked, and the reason says what to mend."""
    _, desk = await _planned(_reply(*sections))

    (rejected,) = desk.rejected
    assert rejected.kind is FailureKind.RULE_BROKEN
    assert any(reason in each for each in rejected.reasons)


async def test_forbidden_phrase_stays_out_of_headings() -> None:
    """What the brief forbids may not stand in a heading either."""
    _, desk = await _planned(
        _reply(WORMS_SECTION, BUCKET_SECTION, HEAP_SECTION), brief=a_brief(must_avoid=("rats",))
    )

    assert "the brief forbids" in str(desk.rejected[0].reasons)


async def test_unknown_evidence_is_malformed() -> None:
    """An id that the schema does not list is off the schema, whatever the server let pass."""
    _, desk = await _planned(_reply({**WORMS_SECTION, "evidence_ids": ["e9"]}))

    assert desk.rejected[0].kind is FailureKind.MALFORMED


async def test_weak_model_plans_by_key_points() -> None:
    """A model that only chooses gets one section a key point, with evidence dealt by code."""
    outline, desk = await _planned(capability=Capability.CHOOSES)

    assert [section.goal for section in outline.sections] == [WORM_BINS, BOKASHI, KEEP_OUT]
    assert [section.evidence_ids for section in outline.sections] == [
        ("e1", "e2"),
        ("e3", "e4"),
        ("e5",),
    ]
    assert [rung.name for rung in desk.asked] == ["verbatim"]


async def test_hopeless_answers_end_on_the_last_rung() -> None:
    """A model that cannot plan still gets a true outline, in at most four calls."""
    outline, desk = await _planned("no", "{}", _reply(WORMS_SECTION))

    assert len(outline.sections) == 3
    assert [rung.name for rung in desk.asked] == ["free", "free", "free", "verbatim"]


@pytest.mark.parametrize("words", [WordRange(min=1, max=2), WordRange(min=20_000, max=20_000)])
async def test_length_out_of_reach_does_not_block_the_plan(words: WordRange) -> None:
    """Where so few sections cannot reach the length, they come as near as they can."""
    outline, desk = await _planned(brief=a_brief(words=words))

    assert desk.rejected == []
    assert {section.words for section in outline.sections} <= {1, 5_000}


async def test_planning_without_evidence_fails() -> None:
    """There is no article without sources, and the failure says what to add."""
    planner = Planner()
    given = Given({"brief": a_brief(), "evidence": EvidenceSet()})

    with pytest.raises(StepError, match="corpus 'compost'") as failed:
        await planner.run(given, ScriptedDesk(planner))

    assert failed.value.kind is FailureKind.RULE_BROKEN
