"""The rules on meaning that content contracts hold by themselves."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.base import Part
from contracts.content.brief import WordRange
from contracts.content.claims import ClaimReport, ClaimVerdict
from contracts.content.draft import Draft
from contracts.content.evidence import EvidenceSet, Span
from contracts.content.review import Review, ReviewVerdict
from tests.builders import (
    WORMS,
    a_brief,
    a_claim_report,
    a_comment,
    a_decision,
    a_draft,
    a_publication,
    a_review,
    a_section,
    a_sentence,
    a_topic_label,
    an_evidence_item,
    an_evidence_set,
    an_outline,
    an_outline_section,
    some_sections,
)

BROKEN: list[tuple[str, Callable[[], Part], str]] = [
    (
        "a phrase that must and must not appear",
        lambda: a_brief(must_include=("Worms",), must_avoid=("worms",)),
        "'worms' stands in must_include and in must_avoid; drop one",
    ),
    (
        "a key point given twice",
        lambda: a_brief(key_points=("Worms", "worms")),
        "key_points repeats a point",
    ),
    ("no key point", lambda: a_brief(key_points=()), "at least 1 item"),
    (
        "eight key points",
        lambda: a_brief(key_points=tuple(str(each) for each in range(8))),
        "at most 7 items",
    ),
    (
        "fewest words above most",
        lambda: WordRange(min=9, max=8),
        "words.min 9 is above words.max 8; swap them",
    ),
    ("no words at all", lambda: WordRange(min=0, max=8), "greater than or equal to 1"),
    ("a title of blanks", lambda: a_brief(title=" \t"), "must not be blank"),
    ("a title of two lines", lambda: a_brief(title="a\nb"), "match pattern"),
    ("a title over 300 characters", lambda: a_brief(title="a" * 301), "at most 300 characters"),
    ("a goal of blank lines", lambda: a_brief(goal="\n \n"), "must not be blank"),
    ("a locale that is none", lambda: a_brief(locale="English"), "match pattern"),
    ("a corpus that is a path", lambda: a_brief(corpus="../secrets"), "match pattern"),
    ("confidence over 100", lambda: a_topic_label(confidence=101), "less than or equal to 100"),
    ("an empty span", lambda: Span(start=4, end=4), "span 4..4 is empty"),
    ("a span backwards", lambda: Span(start=4, end=3), "span 4..3 is empty"),
    (
        "a span longer than its quote",
        lambda: an_evidence_item(1, WORMS, "worms", span=Span(start=0, end=len(WORMS) + 1)),
        "e1: the span is not as long as the quote",
    ),
    (
        "evidence ids that repeat",
        lambda: EvidenceSet(items=(an_evidence_set().items[0],) * 2),
        "evidence ids repeat",
    ),
    (
        "section ids that repeat in an outline",
        lambda: an_outline(sections=(an_outline_section(), an_outline_section())),
        "section ids repeat",
    ),
    ("an outline of nothing", lambda: an_outline(sections=()), "at least 1 item"),
    (
        "a planned section without evidence",
        lambda: an_outline_section(evidence_ids=()),
        "at least 1 item",
    ),
    ("a section without sentences", lambda: a_section(sentences=()), "at least 1 item"),
    ("a sentence that cites nothing", lambda: a_sentence("Worms eat."), "at least 1 item"),
    ("a blank sentence", lambda: a_sentence(" ", "e1"), "must not be blank"),
    ("a citation that is no id", lambda: a_sentence("Worms eat.", "e0"), "match pattern"),
    ("a draft of nothing", lambda: a_draft(sections=()), "at least 1 item"),
    (
        "section ids that repeat in a draft",
        lambda: a_draft(sections=(a_section(), a_section())),
        "section ids repeat",
    ),
    (
        "a count that the claims deny",
        lambda: ClaimReport(claims=a_claim_report().claims, unsupported=1),
        "unsupported says 1, the claims say 0",
    ),
    ("a report on no claim", lambda: ClaimReport(claims=(), unsupported=0), "at least 1 item"),
    (
        "acceptance with a blocking comment",
        lambda: a_review(a_comment(blocking=True), verdict=ReviewVerdict.ACCEPT),
        "an accepted draft cannot have a blocking comment",
    ),
    (
        "a revision without a comment",
        lambda: Review(verdict=ReviewVerdict.REVISE),
        "needs at least one comment",
    ),
    ("comment ids that repeat", lambda: a_review(a_comment(), a_comment()), "comment ids repeat"),
    ("a decision by nobody", lambda: a_decision(who=" "), "must not be blank"),
    ("a decision on no digest", lambda: a_decision(shown="abc"), "match pattern"),
    ("a publication nowhere", lambda: a_publication(where=""), "at least 1 character"),
]


@pytest.mark.parametrize(
    ("make", "message"), [each[1:] for each in BROKEN], ids=[each[0] for each in BROKEN]
)
def test_content_that_cannot_be_meant_is_refused(make: Callable[[], Part], message: str) -> None:
    """A value that contradicts itself or says nothing is refused, with what is wrong."""
    with pytest.raises(ValidationError) as refused:
        make()

    assert message in str(refused.value)


FITTING: list[tuple[str, Callable[[], Part]]] = [
    ("no evidence found", lambda: EvidenceSet(items=())),
    ("acceptance with a remark", lambda: a_review(a_comment(), verdict=ReviewVerdict.ACCEPT)),
    ("acceptance without a word", lambda: Review(verdict=ReviewVerdict.ACCEPT)),
    ("a remark on the whole article", lambda: a_comment(section_id=None)),
    ("exactly so many words", lambda: WordRange(min=50, max=50)),
]


@pytest.mark.parametrize("make", [each[1] for each in FITTING], ids=[each[0] for each in FITTING])
def test_content_that_says_little_is_still_an_answer(make: Callable[[], Any]) -> None:
    """Nothing found, nothing to remark and a narrow demand are answers, not failures."""
    assert make()


def test_contradicted_claims_count_as_unsupported() -> None:
    """A claim that the evidence denies is no better than one it does not bear out."""
    report = a_claim_report(c1=ClaimVerdict.CONTRADICTED, c2=ClaimVerdict.UNSUPPORTED)

    assert report.unsupported == 2


def test_words_are_those_of_sentences() -> None:
    """The length of a draft is counted over its sentences; headings do not count."""
    section = a_section(
        heading="Five words do not count", sentences=(a_sentence("One two.", "e1"),)
    )
    draft = Draft(title="Title", sections=(section, *some_sections()[1:2]), made_by="a-model")

    assert draft.words() == 2 + 13 + 9
