"""The reviewer: what code measures blocks, and a model can add to it but not take away."""

from typing import Any

import pytest

from contracts.agent import Capability
from contracts.content.brief import Brief, WordRange
from contracts.content.claims import ClaimReport, ClaimVerdict
from contracts.content.draft import Draft
from contracts.content.review import CommentKind, Review, ReviewVerdict
from services.agents.base import Given
from services.agents.reviewer import Reviewer
from tests.builders import (
    SCRAPS,
    WORMS,
    a_brief,
    a_claim_report,
    a_draft,
    a_section,
    a_sentence,
    some_sections,
)
from tests.desks import ScriptedDesk, written

ACCEPT, REVISE = ReviewVerdict.ACCEPT, ReviewVerdict.REVISE


async def _reviewed(
    *texts: str,
    brief: Brief | None = None,
    draft: Draft | None = None,
    claims: ClaimReport | None = None,
    capability: Capability = Capability.WRITES,
) -> tuple[Review, ScriptedDesk]:
    reviewer = Reviewer()
    desk = ScriptedDesk(reviewer, *texts, capability=capability)
    draft = draft or a_draft()
    given = Given(
        {
            "brief": brief or a_brief(),
            "draft": draft,
            "claims": claims or a_claim_report(draft),
        }
    )
    review = await reviewer.run(given, desk)
    assert isinstance(review, Review)
    return review, desk


def _opinion(verdict: ReviewVerdict, *comments: dict[str, Any]) -> str:
    return written({"verdict": verdict.value, "comments": list(comments)})


UNCLEAR = {
    "section": "s1",
    "kind": "clarity",
    "text": "Say what wiggler worms are.",
    "blocking": False,
}


@pytest.mark.parametrize("capability", list(Capability))
async def test_faultless_draft_is_accepted(capability: Capability) -> None:
    """A draft in which nothing can be measured as wrong goes on, whatever the model."""
    review, desk = await _reviewed(capability=capability)

    assert (review.verdict, review.comments) == (ACCEPT, ())
    assert len(desk.asked) == (capability is Capability.WRITES)


@pytest.mark.parametrize("capability", list(Capability))
@pytest.mark.parametrize(
    ("brief", "draft", "kind", "section"),
    [
        (a_brief(must_include=("moon",)), a_draft(), CommentKind.MISSING, None),
        (a_brief(must_avoid=("rats",)), a_draft(), CommentKind.FORBIDDEN, "s3"),
        (a_brief(must_avoid=("a balcony",)), a_draft(), CommentKind.FORBIDDEN, "s2"),
        (a_brief(must_avoid=("kitchen scraps",)), a_draft(), CommentKind.FORBIDDEN, None),
        (a_brief(must_avoid=("garden",)), a_draft(), CommentKind.FORBIDDEN, None),
        (a_brief(words=WordRange(min=1, max=5)), a_draft(), CommentKind.LENGTH, None),
        (a_brief(words=WordRange(min=900, max=999)), a_draft(), CommentKind.LENGTH, None),
        (
            a_brief(),
            a_draft(a_sentence(WORMS, "e1"), a_sentence(WORMS, "e1")),
            CommentKind.CLARITY,
            "s1",
        ),
        (a_brief(), a_draft(a_sentence("...", "e1")), CommentKind.CLARITY, "s1"),
        (
            a_brief(),
            a_draft(
                sections=(
                    a_section(),
                    a_section(id="s2", sentences=(a_sentence("Hm, yes, well, no.", "e1"),)),
                )
            ),
            CommentKind.CLARITY,
            "s2",
        ),
    ],
    ids=[
        "missing",
        "forbidden",
        "forbidden in heading",
        "forbidden in two sections",
        "forbidden in title",
        "too long",
        "too short",
        "said twice",
        "says nothing",
        "same heading",
    ],
)
async def test_measured_fault_blocks(
    brief: Brief, draft: Draft, kind: CommentKind, section: str | None, capability: Capability
) -> None:
    """Whatever the model thinks, a measured fault makes a blocking comment with its place."""
    review, _ = await _reviewed(brief=brief, draft=draft, capability=capability)

    assert review.verdict is REVISE
    assert (kind, section, True) in [(c.kind, c.section_id, c.blocking) for c in review.comments]


@pytest.mark.parametrize("verdict", [ClaimVerdict.UNSUPPORTED, ClaimVerdict.CONTRADICTED])
async def test_unproved_claim_blocks(verdict: ClaimVerdict) -> None:
    """A sentence that the evidence does not bear out is named in a comment on its section."""
    review, _ = await _reviewed(claims=a_claim_report(c2=verdict))

    (comment,) = review.comments
    assert (comment.kind, comment.section_id) == (CommentKind.UNSUPPORTED, "s1")
    assert SCRAPS[:40] in comment.text


async def test_sentence_without_a_claim_blocks() -> None:
    """A fact check that skipped sentences does not vouch for them."""
    report = a_claim_report()
    partial = ClaimReport(claims=report.claims[:3], unsupported=0)

    review, _ = await _reviewed(claims=partial)

    assert [comment.section_id for comment in review.comments] == ["s2", "s3"]


async def test_model_cannot_overrule_a_measured_fault() -> None:
    """An accepting model does not get a faulty draft through."""
    review, _ = await _reviewed(_opinion(ACCEPT), brief=a_brief(must_include=("moon",)))

    assert review.verdict is REVISE


async def test_blocking_comment_outweighs_the_verdict_beside_it() -> None:
    """A model that accepts and blocks at once blocks; it is not asked to think again."""
    review, desk = await _reviewed(_opinion(ACCEPT, {**UNCLEAR, "blocking": True}))

    assert (review.verdict, review.comments[0].blocking) == (REVISE, True)
    assert desk.rejected == []


async def test_model_s_comments_follow_the_measured_ones() -> None:
    """Comments are numbered through, and one of the model's is enough for a revision."""
    review, _ = await _reviewed(_opinion(REVISE, UNCLEAR), brief=a_brief(must_include=("moon",)))

    assert [(comment.id, comment.kind) for comment in review.comments] == [
        ("r1", CommentKind.MISSING),
        ("r2", CommentKind.CLARITY),
    ]


@pytest.mark.parametrize(
    ("opinion", "reason"),
    [
        (_opinion(REVISE), "revise without a comment"),
        (_opinion(REVISE, UNCLEAR, UNCLEAR), "repeats an earlier comment"),
        (_opinion(REVISE, {**UNCLEAR, "text": "worms " * 61}), "longer than 60 words"),
        (_opinion(REVISE, {**UNCLEAR, "text": "The tone is off."}), "names nothing of the section"),
        (
            _opinion(REVISE, {**UNCLEAR, "text": "Look at what measuring cannot see: worms."}),
            "copies the instructions",
        ),
    ],
    ids=["no comment", "repeated", "rewriting", "empty talk", "echo"],
)
async def test_contradictory_opinion_is_rejected(opinion: str, reason: str) -> None:
    """A reviewer that contradicts itself or does another's work is asked again."""
    _, desk = await _reviewed(opinion)

    assert any(reason in each for each in desk.rejected[0].reasons)


@pytest.mark.parametrize("change", [{"section": "s9"}, {"kind": "unsupported"}])
async def test_comment_outside_its_schema_is_rejected(change: dict[str, str]) -> None:
    """Sections that do not exist, and kinds that code measures, are not the model's to name."""
    _, desk = await _reviewed(_opinion(REVISE, {**UNCLEAR, **change}))

    assert desk.rejected[0].kind == "malformed"


async def test_objection_without_a_comment_does_not_become_an_acceptance() -> None:
    """Who wanted a revision three times and then finds every section clear has not accepted."""
    clear = written({"s1": "clear", "s2": "clear", "s3": "clear"})

    review, _ = await _reviewed(_opinion(REVISE), _opinion(REVISE), _opinion(REVISE), clear)

    assert (review.verdict, review.comments[0].blocking) == (REVISE, True)


async def test_last_rung_asks_for_clear_or_unclear() -> None:
    """A model that cannot comment can still point at a section."""
    reply = written({"s1": "clear", "s2": "unclear", "s3": "clear"})

    review, _ = await _reviewed("no", "no", "no", reply)

    assert [(c.section_id, c.blocking) for c in review.comments] == [("s2", False)]


async def test_review_of_the_worst_draft_stays_within_its_contract() -> None:
    """However much is wrong, the review holds at most fifty comments."""
    banned = tuple(f"bad{n}" for n in range(20))
    wanted = tuple(f"good{n}" for n in range(10))
    text = " ".join(banned)
    sections = tuple(
        a_section(id=f"s{n}", sentences=(a_sentence(text, "e9"), a_sentence(text, "e9")))
        for n in range(1, 8)
    )
    draft = a_draft(sections=sections)
    opinion = _opinion(REVISE, *({**UNCLEAR, "text": f"Explain bad{n}."} for n in range(5)))

    review, _ = await _reviewed(
        opinion,
        brief=a_brief(must_avoid=banned, must_include=wanted, words=WordRange(min=1, max=2)),
        draft=draft,
        claims=a_claim_report(draft, **{f"c{n}": ClaimVerdict.UNSUPPORTED for n in range(1, 15)}),
    )

    assert len(review.comments) == 50


async def test_known_faults_are_shown_to_the_model() -> None:
    """The model need not find what code has found."""
    _, desk = await _reviewed(
        draft=a_draft(sections=some_sections()), brief=a_brief(must_include=("moon",))
    )

    assert desk.asked[0].blocks["known_faults"].data == ['The text has to contain "moon".']
