"""Valid contracts with one thing changed: `a_brief(words=...)`. All belong to one article."""

from typing import Any, TypeVar

from contracts.base import Part
from contracts.content.brief import Brief, WordRange
from contracts.content.claims import Claim, ClaimReport, ClaimVerdict
from contracts.content.decision import Decision, DecisionVerdict
from contracts.content.draft import Draft
from contracts.content.evidence import EvidenceItem, EvidenceSet, Source, Span
from contracts.content.outline import Outline, OutlineSection
from contracts.content.publication import Publication
from contracts.content.review import Comment, CommentKind, Review, ReviewVerdict
from contracts.content.section import Section, Sentence
from contracts.content.topic import Risk, Topic, TopicLabel

Built = TypeVar("Built", bound=Part)

WORMS = "Worm bins use red wiggler worms instead of heat."
SCRAPS = "One kilogram of worms can eat about half a kilogram of kitchen scraps each day."
BUCKET = "A bokashi bucket ferments kitchen scraps in a sealed container on a balcony."
TWO_WEEKS = "Fermenting takes two weeks after the bucket is full."
RATS = "Meat, fish and dairy attract rats and should not go into an open heap."
SPONGE = "Compost should be as damp as a wrung-out sponge."

WORM_BINS = "worm bins for kitchen scraps"
BOKASHI = "a bokashi bucket on a balcony"
KEEP_OUT = "what should stay out of a heap"

QUOTES = (
    (WORMS, WORM_BINS),
    (SCRAPS, WORM_BINS),
    (BUCKET, BOKASHI),
    (TWO_WEEKS, BOKASHI),
    (RATS, KEEP_OUT),
)
"""Quotes with the key points that they support: `e1` to `e5`. `SPONGE` is left for tests."""


def _built(kind: type[Built], given: dict[str, Any], changes: dict[str, Any]) -> Built:
    return kind.model_validate({**given, **changes})


def a_brief(**changes: Any) -> Brief:
    """Ask for an article on composting without a garden."""
    return _built(
        Brief,
        {
            "title": "Composting without a garden",
            "goal": "Know how to compost kitchen scraps in a flat.",
            "audience": "people who live in flats",
            "key_points": (WORM_BINS, BOKASHI, KEEP_OUT),
            "words": WordRange(min=20, max=200),
            "corpus": "compost",
        },
        changes,
    )


def a_topic_label(**changes: Any) -> TopicLabel:
    """Label a brief as harmless."""
    given = {"topic": Topic.HOME, "risk": Risk.LOW, "confidence": 90, "rule": "home: compost"}
    return _built(TopicLabel, given, changes)


def an_evidence_item(ordinal: int, quote: str, key_point: str, **changes: Any) -> EvidenceItem:
    """Quote the beginning of a document of its own."""
    return _built(
        EvidenceItem,
        {
            "id": f"e{ordinal}",
            "source": Source(id=f"d{ordinal}", title=f"Leaflet {ordinal}", uri=f"{ordinal}.md"),
            "quote": quote,
            "span": Span(start=0, end=len(quote)),
            "key_point": key_point,
        },
        changes,
    )


def an_evidence_set(*quotes: tuple[str, str]) -> EvidenceSet:
    """Collect quotes, each with its key point, as `e1` and on; those of `QUOTES` by default."""
    return EvidenceSet(
        items=tuple(
            an_evidence_item(ordinal, quote, key_point)
            for ordinal, (quote, key_point) in enumerate(quotes or QUOTES, start=1)
        )
    )


def an_outline_section(**changes: Any) -> OutlineSection:
    """Plan the section on worm bins."""
    return _built(
        OutlineSection,
        {
            "id": "s1",
            "heading": "Worm bins for kitchen scraps",
            "goal": WORM_BINS,
            "evidence_ids": ("e1", "e2"),
            "words": 40,
        },
        changes,
    )


def an_outline(**changes: Any) -> Outline:
    """Plan a section for each key point."""
    return _built(
        Outline,
        {
            "sections": (
                an_outline_section(),
                an_outline_section(
                    id="s2",
                    heading="A bokashi bucket on a balcony",
                    goal=BOKASHI,
                    evidence_ids=("e3", "e4"),
                ),
                an_outline_section(
                    id="s3",
                    heading="What should stay out of a heap",
                    goal=KEEP_OUT,
                    evidence_ids=("e5",),
                ),
            )
        },
        changes,
    )


def a_sentence(text: str, *evidence_ids: str) -> Sentence:
    """Say something that rests on evidence."""
    return Sentence(text=text, evidence_ids=evidence_ids)


def a_section(**changes: Any) -> Section:
    """Write the section on worm bins in its quotes."""
    return _built(
        Section,
        {
            "id": "s1",
            "heading": "Worm bins for kitchen scraps",
            "sentences": (a_sentence(WORMS, "e1"), a_sentence(SCRAPS, "e2")),
        },
        changes,
    )


def some_sections() -> tuple[Section, ...]:
    """Write all sections of `an_outline` in their quotes."""
    return (
        a_section(),
        a_section(
            id="s2",
            heading="A bokashi bucket on a balcony",
            sentences=(a_sentence(BUCKET, "e3"), a_sentence(TWO_WEEKS, "e4")),
        ),
        a_section(
            id="s3",
            heading="What should stay out of a heap",
            sentences=(a_sentence(RATS, "e5"),),
        ),
    )


def a_draft(*sentences: Sentence, **changes: Any) -> Draft:
    """Assemble the article; sentences given replace those of the first section."""
    first, *others = some_sections()
    if sentences:
        first = first.model_copy(update={"sentences": sentences})
    return _built(
        Draft,
        {
            "title": "Composting without a garden",
            "sections": (first, *others),
            "made_by": "a-model",
        },
        changes,
    )


def a_claim_report(draft: Draft | None = None, **verdicts: ClaimVerdict) -> ClaimReport:
    """Call every sentence of a draft supported, but for the claims named: `c2=...`."""
    sentences = [
        (section.id, sentence)
        for section in (draft or a_draft()).sections
        for sentence in section.sentences
    ]
    claims = tuple(
        Claim(
            id=f"c{ordinal}",
            section_id=section_id,
            text=sentence.text,
            evidence_ids=sentence.evidence_ids,
            verdict=verdicts.get(f"c{ordinal}", ClaimVerdict.SUPPORTED),
            reason="a test says so",
        )
        for ordinal, (section_id, sentence) in enumerate(sentences, start=1)
    )
    unsupported = sum(claim.verdict is not ClaimVerdict.SUPPORTED for claim in claims)
    return ClaimReport(claims=claims, unsupported=unsupported)


def a_comment(**changes: Any) -> Comment:
    """Ask for a clearer first section, without blocking."""
    return _built(
        Comment,
        {
            "id": "r1",
            "section_id": "s1",
            "kind": CommentKind.CLARITY,
            "text": "Say what wiggler worms are.",
            "blocking": False,
        },
        changes,
    )


def a_review(*comments: Comment, **changes: Any) -> Review:
    """Accept the draft, or ask for a revision when comments are given."""
    verdict = ReviewVerdict.REVISE if comments else ReviewVerdict.ACCEPT
    return _built(Review, {"verdict": verdict, "comments": comments}, changes)


def a_decision(**changes: Any) -> Decision:
    """Approve what was shown."""
    given = {"verdict": DecisionVerdict.APPROVE, "who": "an editor", "shown": "0" * 64}
    return _built(Decision, given, changes)


def a_publication(**changes: Any) -> Publication:
    """Say where the article went."""
    given = {
        "where": "composting-without-a-garden-00000000.md",
        "digest": "0" * 64,
        "title": "Composting without a garden",
        "sources": (Source(id="d1", title="Leaflet 1", uri="1.md"),),
        "made_by": "a-model",
    }
    return _built(Publication, given, changes)
