"""The publishing agent: nothing goes out that nobody vouches for, or without its sources."""

import pytest

from contracts.content.claims import ClaimReport, ClaimVerdict
from contracts.content.decision import Decision, DecisionVerdict
from contracts.content.draft import Draft
from contracts.content.publication import Publication
from contracts.failure import FailureKind
from services.agents.base import Given
from services.agents.publisher import ArticlePublisher
from services.errors import StepError
from services.publishing.in_process import InProcessPublisher
from tests.builders import (
    RATS,
    SCRAPS,
    a_claim_report,
    a_decision,
    a_draft,
    a_sentence,
    an_evidence_set,
)
from tests.desks import SilentDesk

UNSUPPORTED = a_claim_report(c1=ClaimVerdict.UNSUPPORTED)


async def _published(
    draft: Draft | None = None,
    claims: ClaimReport | None = None,
    decision: Decision | None = None,
) -> tuple[Publication, str]:
    publisher = InProcessPublisher()
    draft = draft or a_draft()
    given = Given(
        {
            "draft": draft,
            "claims": claims or a_claim_report(draft),
            "evidence": an_evidence_set(),
            "decision": decision,
        }
    )
    publication = await ArticlePublisher(publisher).run(given, SilentDesk())
    assert isinstance(publication, Publication)
    return publication, publisher.published[publication.where].decode()


async def test_supported_draft_is_published_with_its_sources() -> None:
    """A draft whose claims all hold goes out, and says what vouches for it."""
    publication, text = await _published()

    assert [source.id for source in publication.sources] == ["d1", "d2", "d3", "d4", "d5"]
    assert "status: all 5 claims supported by their sources" in text
    assert publication.made_by == "a-model"


async def test_person_may_publish_what_no_report_supports() -> None:
    """An approval vouches for the version that was shown, and the text says so."""
    _, text = await _published(claims=UNSUPPORTED, decision=a_decision())

    assert "status: approved by a person" in text
    assert "an editor" not in text


@pytest.mark.parametrize(
    ("claims", "decision"),
    [
        (UNSUPPORTED, None),
        (UNSUPPORTED, a_decision(verdict=DecisionVerdict.EDITED)),
        (ClaimReport(claims=a_claim_report().claims[:2], unsupported=0), None),
        (a_claim_report(), a_decision(verdict=DecisionVerdict.REJECT)),
    ],
    ids=["unsupported", "edited only", "report of something else", "rejected"],
)
async def test_draft_that_nothing_vouches_for_is_refused(
    claims: ClaimReport, decision: Decision | None
) -> None:
    """Whatever led here, an unproved or rejected draft is not published."""
    with pytest.raises(StepError) as failed:
        await _published(claims=claims, decision=decision)

    assert failed.value.kind is FailureKind.RULE_BROKEN


async def test_draft_without_its_sources_is_refused() -> None:
    """A citation that leads nowhere stops publication even after an approval."""
    with pytest.raises(StepError, match="e9"):
        await _published(a_draft(a_sentence(RATS, "e9")), decision=a_decision())


async def test_sources_are_numbered_in_the_order_of_reading() -> None:
    """The first source a reader meets is [1]."""
    _, text = await _published(a_draft(a_sentence(SCRAPS, "e2"), a_sentence(RATS, "e5", "e2")))

    assert "each day. [1] Meat" in text
    assert "open heap. [2][1]" in text


async def test_publishing_again_changes_nothing() -> None:
    """A step that is redone after a crash makes the same publication."""
    assert await _published() == await _published()
