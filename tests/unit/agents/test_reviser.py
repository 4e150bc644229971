"""The reviser: every comment answered, and `fixed` only where something was done."""

from typing import Any

import pytest

from contracts.agent import Capability
from contracts.content.brief import Brief, WordRange
from contracts.content.claims import ClaimReport, ClaimVerdict
from contracts.content.draft import Draft, Resolution
from contracts.content.review import Comment, CommentKind
from contracts.failure import FailureKind
from services.agents.base import Given
from services.agents.reviser import Reviser
from services.errors import StepError
from tests.builders import (
    BUCKET,
    KEEP_OUT,
    QUOTES,
    RATS,
    SCRAPS,
    SPONGE,
    WORMS,
    a_brief,
    a_claim_report,
    a_comment,
    a_draft,
    a_review,
    a_sentence,
    an_evidence_set,
)
from tests.desks import ScriptedDesk, written

FIXED, DECLINED = Resolution.FIXED, Resolution.DECLINED
WRONG = a_sentence("Worm bins use sunlight instead of heat.", "e1")
DRAFT = a_draft(WRONG, a_sentence(SCRAPS, "e2"))
CLAIMS = a_claim_report(DRAFT, c1=ClaimVerdict.UNSUPPORTED)
UNSUPPORTED = a_comment(kind=CommentKind.UNSUPPORTED, text="Not borne out.", blocking=True)
CLARITY = a_comment(id="r2", section_id="s2")


async def _revised(
    *texts: str,
    comments: tuple[Comment, ...] = (UNSUPPORTED,),
    draft: Draft = DRAFT,
    claims: ClaimReport = CLAIMS,
    brief: Brief | None = None,
    quotes: tuple[tuple[str, str], ...] = QUOTES,
    capability: Capability = Capability.WRITES,
    model: str = "a-model",
) -> tuple[Draft, ScriptedDesk]:
    reviser = Reviser()
    desk = ScriptedDesk(reviser, *texts, capability=capability, model=model)
    given = Given(
        {
            "brief": brief or a_brief(),
            "draft": draft,
            "claims": claims,
            "review": a_review(*comments),
            "evidence": an_evidence_set(*quotes),
        }
    )
    revised = await reviser.run(given, desk)
    assert isinstance(revised, Draft)
    return revised, desk


def _reply(sections: dict[str, list[tuple[str, str]]], **answers: Resolution) -> str:
    revised: list[Any] = [
        {
            "section": name,
            "sentences": [{"text": text, "evidence_ids": [cited]} for text, cited in sentences],
        }
        for name, sentences in sections.items()
    ]
    told: dict[str, Any] = {
        comment: {"resolution": each.value, "note": "as asked"} for comment, each in answers.items()
    }
    return written({"revised": revised, "answers": told})


def _texts(draft: Draft, section: int = 0) -> list[str]:
    return [sentence.text for sentence in draft.sections[section].sentences]


async def test_good_revision_is_taken_as_written() -> None:
    """Changed sections are replaced, the others stay, and every comment has its answer."""
    revised, desk = await _revised(
        _reply({"s1": [(WORMS, "e1"), (SCRAPS, "e2")]}, r1=FIXED, r2=DECLINED),
        comments=(UNSUPPORTED, CLARITY),
    )

    assert _texts(revised) == [WORMS, SCRAPS]
    assert revised.sections[1:] == DRAFT.sections[1:]
    assert [(each.comment_id, each.resolution) for each in revised.answers] == [
        ("r1", FIXED),
        ("r2", DECLINED),
    ]
    assert desk.rejected == []


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (_reply({}, r1=FIXED), "r1 is answered fixed"),
        (_reply({"s1": [(WRONG.text, "e1")]}, r1=FIXED), "r1 is answered fixed"),
        (
            _reply({"s1": [(WORMS, "e1")], "s2": [(BUCKET, "e3")]}, r1=FIXED),
            "section: s2 is none of s1",
        ),
        (_reply({"s1": [(WORMS, "e1")]}), "r1 is missing"),
        (_reply({"s1": [(WORMS, "e1")]}, r1=FIXED, r7=FIXED), "r7 is not asked for"),
        (_reply({"s1": [(WORMS, "e9")]}, r1=FIXED), "e9 is none of"),
        (_reply({"s1": [("Two kilograms of worms eat scraps.", "e2")]}, r1=FIXED), "2 kilogram"),
        (_reply({"s1": [(BUCKET, "e3")]}, r1=FIXED), "more than once"),
    ],
    ids=[
        "nothing changed",
        "flagged sentence kept",
        "section without a comment",
        "comment unanswered",
        "comment invented",
        "unknown evidence",
        "wrong number",
        "said in another section",
    ],
)
async def test_revision_that_does_not_do_what_it_says_is_rejected(reply: str, reason: str) -> None:
    """Ignored comments, claimed fixes and new faults are each told to the model."""
    _, desk = await _revised(reply)

    assert any(reason in each for each in desk.rejected[0].reasons)


async def test_section_revised_twice_is_rejected() -> None:
    """One section has one new text."""
    reply = written(
        {
            "revised": [
                {"section": "s1", "sentences": [{"text": text, "evidence_ids": [cited]}]}
                for text, cited in ((WORMS, "e1"), (SCRAPS, "e2"))
            ],
            "answers": {"r1": {"resolution": "fixed", "note": "as asked"}},
        }
    )

    _, desk = await _revised(reply)

    assert "s1 is revised twice" in desk.rejected[0].reasons


async def test_declining_needs_no_change() -> None:
    """A model may decline what does not block, with a reason that is kept for the editor."""
    comment = a_comment()

    revised, desk = await _revised(_reply({}, r1=DECLINED), comments=(comment,))

    assert (revised.sections, revised.answers[0].resolution) == (DRAFT.sections, DECLINED)
    assert desk.rejected == []


async def test_declining_what_blocks_is_for_a_person_to_decide() -> None:
    """A draft that comes back as it was, against a blocking comment, is not called revised."""
    with pytest.raises(StepError) as stopped:
        await _revised(_reply({}, r1=DECLINED))

    assert stopped.value.kind is FailureKind.NO_PROGRESS
    assert stopped.value.reasons[0].startswith("r1 is declined: ")


@pytest.mark.parametrize(
    "text",
    ["Worm bins, use sunlight instead of heat.", WRONG.text],
    ids=["a comma", "another sentence"],
)
async def test_quoted_sentence_that_stays_is_not_fixed(text: str) -> None:
    """Neither a comma nor a change elsewhere mends the sentence that a comment quotes."""
    comment = a_comment(text=f'Nobody understands "{WRONG.text}"', blocking=True)
    reply = _reply({"s1": [(text, "e1")]}, r1=FIXED)

    _, desk = await _revised(reply, reply, reply, comments=(comment,), claims=a_claim_report(DRAFT))

    assert ["answered fixed" in each.reasons[0] for each in desk.rejected] == [True] * 3


MISSING = a_comment(
    section_id=None,
    kind=CommentKind.MISSING,
    text='The text has to contain "sponge".',
    blocking=True,
)
FORBIDDEN = a_comment(
    section_id="s3",
    kind=CommentKind.FORBIDDEN,
    text='The text may not contain "rats".',
    blocking=True,
)
LENGTH = a_comment(section_id=None, kind=CommentKind.LENGTH, text="Too many words.", blocking=True)
CLEAR = a_claim_report()
MORE = (*QUOTES, (SPONGE, KEEP_OUT))


async def test_unsupported_sentence_gives_way_to_its_own_quote() -> None:
    """Without a writing model, an unproved sentence is replaced by what its source says."""
    revised, _ = await _revised(capability=Capability.CHOOSES)

    assert _texts(revised) == [WORMS, SCRAPS]
    assert revised.answers[0].resolution is FIXED


async def test_unsupported_sentence_goes_when_no_quote_is_left() -> None:
    """What cannot be replaced is dropped, as long as the section keeps a sentence."""
    draft = a_draft(a_sentence(WORMS, "e1"), a_sentence("Worms sing at night.", "e1"))

    revised, _ = await _revised(
        draft=draft,
        claims=a_claim_report(draft, c2=ClaimVerdict.UNSUPPORTED),
        quotes=(QUOTES[0], ("Heaps like rain in spring.", KEEP_OUT), *QUOTES[2:]),
        capability=Capability.CHOOSES,
    )

    assert _texts(revised) == [WORMS]


async def test_only_sentence_of_a_section_is_not_dropped() -> None:
    """A section is never emptied: the comment is declined and a person decides."""
    draft = a_draft(a_sentence("Worms sing at night.", "e9"))

    with pytest.raises(StepError) as stopped:
        await _revised(
            draft=draft,
            claims=a_claim_report(draft, c1=ClaimVerdict.UNSUPPORTED),
            capability=Capability.CHOOSES,
        )

    assert stopped.value.kind is FailureKind.NO_PROGRESS


async def test_missing_phrase_comes_in_with_a_quote() -> None:
    """A phrase that the brief demands is added by a quote, where its key point is told."""
    revised, _ = await _revised(
        draft=a_draft(),
        claims=CLEAR,
        comments=(MISSING,),
        brief=a_brief(must_include=("sponge",)),
        quotes=MORE,
        capability=Capability.CHOOSES,
    )

    assert _texts(revised, 2) == [RATS, SPONGE]
    assert revised.answers[0].resolution is FIXED


async def test_forbidden_sentence_gives_way_to_another_quote() -> None:
    """A sentence with a forbidden phrase is replaced by a quote on the same subject."""
    revised, _ = await _revised(
        draft=a_draft(),
        claims=CLEAR,
        comments=(FORBIDDEN,),
        brief=a_brief(must_avoid=("rats",)),
        quotes=MORE,
        capability=Capability.CHOOSES,
    )

    assert _texts(revised, 2) == [SPONGE]


async def test_long_text_is_shortened_without_losing_what_is_demanded() -> None:
    """Sentences are dropped until the length fits; demanded phrases and every section stay."""
    revised, _ = await _revised(
        draft=a_draft(),
        claims=CLEAR,
        comments=(LENGTH,),
        brief=a_brief(must_include=("two weeks",), words=WordRange(min=20, max=40)),
        capability=Capability.CHOOSES,
    )

    assert 20 <= revised.words() <= 40
    assert "two weeks" in str(revised.sections)
    assert [section.id for section in revised.sections] == ["s1", "s2", "s3"]


async def test_short_text_is_lengthened_with_unused_quotes() -> None:
    """Quotes that the article does not have yet fill it up."""
    draft = a_draft(a_sentence(WORMS, "e1"))

    revised, _ = await _revised(
        draft=draft,
        claims=a_claim_report(draft),
        comments=(LENGTH,),
        brief=a_brief(words=WordRange(min=55, max=90)),
        capability=Capability.CHOOSES,
    )

    assert _texts(revised) == [WORMS, SCRAPS]


async def test_what_the_evidence_cannot_mend_is_declined() -> None:
    """Where no valid change exists a person is told so, comment by comment."""
    with pytest.raises(StepError) as stopped:
        await _revised(
            draft=a_draft(),
            claims=CLEAR,
            comments=(MISSING,),
            brief=a_brief(must_include=("sponge",)),
            capability=Capability.CHOOSES,
        )

    assert stopped.value.reasons == ("r1 is declined: Nothing in the evidence mends this.",)


async def test_repeated_sentence_is_dropped_where_it_comes_again() -> None:
    """What was said before is not said again."""
    draft = a_draft(a_sentence(WORMS, "e1"), a_sentence(SCRAPS, "e2"), a_sentence(WORMS, "e1"))

    revised, _ = await _revised(
        draft=draft,
        claims=a_claim_report(draft),
        comments=(a_comment(blocking=True),),
        capability=Capability.CHOOSES,
    )

    assert _texts(revised) == [WORMS, SCRAPS]


async def test_weak_model_chooses_among_what_is_feasible() -> None:
    """Blocking comments that code can mend are mended; others are the model's choice."""
    draft = a_draft(a_sentence("In worm bins, red wiggler worms replace heat.", "e1"))

    _, desk = await _revised(
        draft=draft,
        claims=a_claim_report(draft),
        comments=(
            a_comment(),
            FORBIDDEN.model_copy(update={"id": "r2"}),
            MISSING.model_copy(update={"id": "r3"}),
        ),
        brief=a_brief(must_avoid=("rats",), must_include=("sponge",)),
        quotes=MORE,
        capability=Capability.CHOOSES,
    )

    properties: Any = desk.asked[0].schema["properties"]
    assert [each["enum"] for each in properties.values()] == [
        ["fixed", "declined"],
        ["fixed"],
        ["fixed"],
    ]


async def test_model_may_decline_what_does_not_block() -> None:
    """A declined comment changes nothing."""
    draft = a_draft(a_sentence("In worm bins, red wiggler worms replace heat.", "e1"))

    revised, _ = await _revised(
        written({"r1": "declined"}),
        draft=draft,
        claims=a_claim_report(draft),
        comments=(a_comment(),),
        capability=Capability.CHOOSES,
    )

    assert revised.sections == draft.sections


@pytest.mark.parametrize(
    ("model", "made_by"), [("a-model", "a-model"), ("b-model", "a-model, revised by b-model")]
)
async def test_reviser_is_named_once(model: str, made_by: str) -> None:
    """The article says which models made it."""
    revised, _ = await _revised(model=model)

    assert revised.made_by == made_by


async def test_review_without_comments_changes_nothing() -> None:
    """There is nothing to ask, and the draft comes back as it is."""
    revised, desk = await _revised(comments=())

    assert (revised, desk.asked) == (DRAFT, [])
