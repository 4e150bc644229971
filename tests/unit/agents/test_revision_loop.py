"""Any draft, checked, reviewed and revised: the loop keeps its promises whatever it starts from."""

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.agent import Capability
from contracts.content.brief import Brief, WordRange
from contracts.content.claims import ClaimReport
from contracts.content.draft import Answer, Draft, Resolution
from contracts.content.review import Comment, CommentKind, Review, ReviewVerdict
from contracts.content.section import Section, Sentence
from contracts.failure import FailureKind
from services.agents.base import Given
from services.agents.fact_checker import FactChecker
from services.agents.reviewer import Reviewer
from services.agents.reviser import Reviser
from services.agents.revision import is_mended, material
from services.errors import StepError
from tests.builders import (
    BUCKET,
    KEEP_OUT,
    QUOTES,
    SPONGE,
    WORMS,
    a_brief,
    a_draft,
    an_evidence_set,
)
from tests.desks import ScriptedDesk

EVIDENCE = an_evidence_set(*QUOTES, (SPONGE, KEEP_OUT))
TEXTS = [quote for quote, _ in QUOTES] + [
    "In worm bins, red wiggler worms replace heat.",
    "Two kilograms of worms eat scraps.",
    "Meat, fish and dairy attract rats and should go into an open heap.",
    "...",
    f"{WORMS}\n{BUCKET}",
]
PHRASES = ["rats", "sponge", "two weeks", "worms", "moon", "a balcony"]

sentences = st.builds(
    Sentence,
    text=st.sampled_from(TEXTS),
    evidence_ids=st.lists(
        st.sampled_from([f"e{n}" for n in (1, 2, 3, 4, 5, 6, 9)]), min_size=1, max_size=3
    ).map(tuple),
)
drafts = st.lists(st.lists(sentences, min_size=1, max_size=4), min_size=1, max_size=4).map(
    lambda listed: a_draft(
        sections=tuple(
            Section(id=f"s{n}", heading=f"Heading {n // 2}", sentences=tuple(each))
            for n, each in enumerate(listed, start=1)
        )
    )
)
phrase_lists = st.tuples(
    st.lists(st.sampled_from(PHRASES[:3]), unique=True),
    st.lists(st.sampled_from(PHRASES[3:]), unique=True),
    st.booleans(),
).map(lambda drawn: (drawn[0], drawn[1]) if drawn[2] else (drawn[1], drawn[0]))
briefs = st.builds(
    lambda phrases, least, more: a_brief(
        must_include=tuple(phrases[0]),
        must_avoid=tuple(phrases[1]),
        words=WordRange(min=least, max=least + more),
    ),
    phrase_lists,
    st.integers(1, 120),
    st.integers(0, 80),
)
capabilities = st.sampled_from(list(Capability))


async def _checked(draft: Draft, capability: Capability) -> ClaimReport:
    agent = FactChecker()
    report = await agent.run(
        Given({"draft": draft, "evidence": EVIDENCE}), ScriptedDesk(agent, capability=capability)
    )
    assert isinstance(report, ClaimReport)
    return report


async def _reviewed(
    brief: Brief, draft: Draft, claims: ClaimReport, capability: Capability
) -> Review:
    agent = Reviewer()
    desk = ScriptedDesk(agent, capability=capability)
    review = await agent.run(Given({"brief": brief, "draft": draft, "claims": claims}), desk)
    assert isinstance(review, Review)
    assert desk.rejected == []
    return review


async def _revised(
    brief: Brief, draft: Draft, claims: ClaimReport, review: Review, capability: Capability
) -> Draft:
    agent = Reviser()
    desk = ScriptedDesk(agent, capability=capability)
    given = {
        "brief": brief,
        "draft": draft,
        "claims": claims,
        "review": review,
        "evidence": EVIDENCE,
    }
    try:
        revised = await agent.run(Given(given), desk)
    except StepError as stopped:
        if stopped.kind is not FailureKind.NO_PROGRESS:
            raise
        return draft.model_copy(update={"answers": _declined(review, stopped)})
    assert isinstance(revised, Draft)
    assert desk.rejected == []
    return revised


def _declined(review: Review, stopped: StepError) -> tuple[Answer, ...]:
    """Read what a person is told when nothing could be changed: one reason a comment."""
    return tuple(
        Answer(comment_id=comment.id, resolution=Resolution.DECLINED, note=reason)
        for comment, reason in zip(review.comments, stopped.reasons, strict=True)
    )


@settings(max_examples=150, deadline=None)
@given(briefs, drafts, capabilities)
async def test_every_review_is_answered_truthfully(
    brief: Brief, draft: Draft, capability: Capability
) -> None:
    """Each comment has one answer, and what is called fixed has really been mended."""
    claims = await _checked(draft, capability)
    review = await _reviewed(brief, draft, claims, capability)

    revised = await _revised(brief, draft, claims, review, capability)

    by_id = {comment.id: comment for comment in review.comments}
    given = material(brief, draft, claims, review, EVIDENCE)
    fixed = [each for each in revised.answers if each.resolution is Resolution.FIXED]
    assert [each.comment_id for each in revised.answers] == list(by_id)
    assert all(is_mended(given, revised.sections, by_id[each.comment_id]) for each in fixed)
    assert [each.id for each in revised.sections] == [each.id for each in draft.sections]


@settings(max_examples=150, deadline=None)
@given(briefs, drafts, capabilities)
async def test_revising_never_makes_a_draft_worse(
    brief: Brief, draft: Draft, capability: Capability
) -> None:
    """After a revision no more claims are unsupported than before, and none that was fixed is."""
    claims = await _checked(draft, Capability.CHOOSES)
    review = await _reviewed(brief, draft, claims, capability)

    revised = await _revised(brief, draft, claims, review, capability)

    again = await _checked(revised, Capability.CHOOSES)
    assert again.unsupported <= claims.unsupported


comments = st.builds(
    lambda number, section, kind, phrase, blocking: Comment(
        id=f"r{number}",
        section_id=section,
        kind=kind,
        text=f'The text is about "{phrase}".',
        blocking=blocking,
    ),
    st.integers(1, 9),
    st.sampled_from([None, "s1", "s9"]),
    st.sampled_from(list(CommentKind)),
    st.sampled_from(PHRASES),
    st.booleans(),
)
reviews = st.lists(comments, min_size=1, max_size=5, unique_by=lambda comment: comment.id).map(
    lambda listed: Review(verdict=ReviewVerdict.REVISE, comments=tuple(listed))
)


@settings(max_examples=150, deadline=None)
@given(briefs, drafts, reviews, capabilities)
async def test_any_review_can_be_worked_on(
    brief: Brief, draft: Draft, review: Review, capability: Capability
) -> None:
    """Whatever a person or model comments, the reviser makes a valid draft or asks a person."""
    claims = await _checked(draft, Capability.CHOOSES)

    revised = await _revised(brief, draft, claims, review, capability)

    assert len(revised.answers) == len(review.comments)
    assert all(section.sentences for section in revised.sections)


async def test_loop_ends_for_a_draft_that_evidence_can_mend() -> None:
    """A weak model's faulty draft is accepted after one revision when quotes can mend it."""
    brief = a_brief(must_include=("two weeks",), words=WordRange(min=20, max=90))
    draft = a_draft(
        Sentence(text="Two kilograms of worms eat scraps.", evidence_ids=("e2",)),
        Sentence(text=SPONGE, evidence_ids=("e6",)),
    )
    claims = await _checked(draft, Capability.CHOOSES)
    review = await _reviewed(brief, draft, claims, Capability.CHOOSES)

    revised = await _revised(brief, draft, claims, review, Capability.CHOOSES)

    again = await _checked(revised, Capability.CHOOSES)
    second = await _reviewed(brief, revised, again, Capability.CHOOSES)
    assert (again.unsupported, second.verdict) == (0, ReviewVerdict.ACCEPT)
