"""The fact checker: every sentence one verdict, by rule where that takes no understanding."""

import pytest

from contracts.agent import Capability
from contracts.content.claims import ClaimReport, ClaimVerdict
from contracts.content.draft import Draft
from services.agents.base import Given
from services.agents.fact_checker import MOST_JUDGED, FactChecker
from tests.builders import SCRAPS, WORMS, a_draft, a_sentence, an_evidence_set
from tests.desks import ScriptedDesk, written

SUPPORTED, UNSUPPORTED = ClaimVerdict.SUPPORTED, ClaimVerdict.UNSUPPORTED
CONTRADICTED = ClaimVerdict.CONTRADICTED
REWORDED = a_sentence("In worm bins, red wiggler worms replace heat.", "e1")


async def _checked(
    draft: Draft, *texts: str, capability: Capability = Capability.WRITES
) -> tuple[ClaimReport, ScriptedDesk]:
    checker = FactChecker()
    desk = ScriptedDesk(checker, *texts, capability=capability)
    given = Given({"draft": draft, "evidence": an_evidence_set()})
    report = await checker.run(given, desk)
    assert isinstance(report, ClaimReport)
    return report, desk


async def test_every_sentence_has_exactly_one_claim() -> None:
    """Nothing of the draft goes unchecked, and nothing is checked that is not there."""
    draft = a_draft()

    report, desk = await _checked(draft)

    said = [each.text for section in draft.sections for each in section.sentences]
    assert [claim.text for claim in report.claims] == said
    assert [claim.id for claim in report.claims] == ["c1", "c2", "c3", "c4", "c5"]
    assert desk.asked == []


@pytest.mark.parametrize(
    ("text", "cited", "verdict"),
    [
        (WORMS, "e1", SUPPORTED),
        (WORMS.replace(" ", "\n"), "e1", SUPPORTED),
        (WORMS, "e2", UNSUPPORTED),
        ("In worm bins, red wiggler worms replace heat.", "e1", None),
        (WORMS, "e9", UNSUPPORTED),
        (SCRAPS.replace("One", "Two"), "e2", CONTRADICTED),
        (
            SCRAPS.replace("kitchen scraps", "worms").replace("of worms", "of scraps", 1),
            "e2",
            CONTRADICTED,
        ),
        (WORMS.replace("use", "do not use"), "e1", CONTRADICTED),
    ],
    ids=[
        "quote",
        "white space",
        "other source",
        "reworded",
        "no source",
        "number",
        "swapped",
        "opposite",
    ],
)
async def test_rule_decides_before_any_model(
    text: str, cited: str, verdict: ClaimVerdict | None
) -> None:
    """Quotes, dead citations, numbers and opposites need no judge; the rest does."""
    report, desk = await _checked(a_draft(a_sentence(text, cited)))

    assert (report.claims[0].verdict == verdict) == (verdict is not None)
    assert len(desk.asked) == (verdict is None)


async def test_model_judges_the_rest_in_one_question() -> None:
    """All claims that rules cannot decide go into one question, and only they."""
    draft = a_draft(
        REWORDED, a_sentence(WORMS, "e1"), a_sentence("Worms like the dark best.", "e2")
    )
    reply = written(
        {
            "c1": {"verdict": "supported", "reason": "e1 says so"},
            "c3": {"verdict": "unsupported", "reason": "e2 is silent on light"},
        }
    )

    report, desk = await _checked(draft, reply)

    assert [claim.verdict for claim in report.claims][:3] == [SUPPORTED, SUPPORTED, UNSUPPORTED]
    assert (report.unsupported, len(desk.asked)) == (1, 1)


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        ("supported", "the quote does not say this"),
        ("supported", "it is contradicted by e1"),
        ("unsupported", "it is fully supported by e1"),
        ("supported", "the quotes say everything that the claim says"),
    ],
    ids=["denied", "contradicted", "affirmed", "echo"],
)
async def test_reason_has_to_agree_with_its_verdict(verdict: str, reason: str) -> None:
    """A judge that says one thing and decides another is asked again."""
    reply = written({"c1": {"verdict": verdict, "reason": reason}})

    _, desk = await _checked(a_draft(REWORDED), reply)

    assert "c1" in desk.rejected[0].reasons[0]


async def test_weak_model_is_not_asked() -> None:
    """A model without judgement vouches for nothing: what is no quote counts as unsupported."""
    report, desk = await _checked(a_draft(REWORDED), capability=Capability.CHOOSES)

    assert (report.claims[0].verdict, report.unsupported, desk.asked) == (UNSUPPORTED, 1, [])


async def test_claims_beyond_one_question_are_not_vouched_for() -> None:
    """What does not fit one question is unsupported rather than waved through."""
    many = [
        a_sentence(f"Worm bins of red wiggler worms smell like a{'b' * n}.", "e1")
        for n in range(50)
    ]

    report, _ = await _checked(a_draft(*many))

    assert report.claims[MOST_JUDGED - 1].verdict is SUPPORTED
    assert report.claims[MOST_JUDGED].verdict is UNSUPPORTED


async def test_verdict_without_reason_is_taken_on_the_last_rung() -> None:
    """A judge that cannot give reasons still gives verdicts, and the report says so."""
    report, _ = await _checked(a_draft(REWORDED), "no", "no", "no", written({"c1": "contradicted"}))

    assert report.claims[0].verdict is CONTRADICTED
    assert "without a reason" in report.claims[0].reason


async def test_judge_sees_only_what_is_cited() -> None:
    """The question carries the claims in doubt and their quotes, no more."""
    _, desk = await _checked(a_draft(REWORDED))

    assert desk.asked[0].blocks["quotes"].data == {"e1": WORMS}


async def test_same_draft_gets_the_same_report() -> None:
    """Checking again changes nothing."""
    first, _ = await _checked(a_draft(REWORDED))
    second, _ = await _checked(a_draft(REWORDED))

    assert first.encode() == second.encode()
