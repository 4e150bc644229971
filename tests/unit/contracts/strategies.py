"""Any valid content, for properties that hold of all of it."""

from typing import Final

from hypothesis import settings
from hypothesis import strategies as st

from contracts.base import Contract
from contracts.content.brief import Brief, WordRange
from contracts.content.claims import Claim, ClaimReport, ClaimVerdict
from contracts.content.draft import Draft
from contracts.content.evidence import EvidenceItem, EvidenceSet, Source, Span
from contracts.content.outline import Outline, OutlineSection
from contracts.content.review import Comment, CommentKind, Review, ReviewVerdict
from contracts.content.section import Section, Sentence

thoroughly: Final = settings(deadline=None, derandomize=True, max_examples=50)

_CHARACTERS: Final = st.characters(exclude_categories=["Cs"])
_ONE_LINE: Final = st.characters(exclude_categories=["Cs"], exclude_characters="\r\n")

lines: Final = st.text(_ONE_LINE, min_size=1, max_size=30).filter(str.strip)
prose: Final = st.text(_CHARACTERS, min_size=1, max_size=60).filter(str.strip)


def numbered(letter: str, *, at_most: int) -> st.SearchStrategy[str]:
    """Identifiers of one kind, `e1` and on."""
    return st.integers(1, at_most).map(lambda number: f"{letter}{number}")


word_ranges: Final = st.tuples(st.integers(1, 20_000), st.integers(1, 20_000)).map(
    lambda pair: WordRange(min=min(pair), max=max(pair))
)
briefs: Final = st.builds(
    Brief,
    title=lines,
    goal=prose,
    audience=lines,
    locale=st.sampled_from(["en", "de-AT", "fil"]),
    key_points=st.lists(lines, min_size=1, max_size=7, unique_by=str.casefold).map(tuple),
    words=word_ranges,
    corpus=st.from_regex(r"[a-z0-9][a-z0-9_-]{0,10}", fullmatch=True),
)
sources: Final = st.builds(Source, id=lines, title=lines, uri=lines)
evidence_items: Final = st.builds(
    lambda number, quote, start, source, point: EvidenceItem(
        id=f"e{number}",
        source=source,
        quote=quote,
        span=Span(start=start, end=start + len(quote)),
        key_point=point,
    ),
    st.integers(1, 99),
    prose,
    st.integers(0, 10**6),
    sources,
    lines,
)
evidence_sets: Final = st.builds(
    EvidenceSet,
    items=st.lists(evidence_items, max_size=4, unique_by=lambda item: item.id).map(tuple),
)
outlines: Final = st.builds(
    Outline,
    sections=st.lists(
        st.builds(
            OutlineSection,
            id=numbered("s", at_most=9),
            heading=lines,
            goal=lines,
            evidence_ids=st.lists(numbered("e", at_most=24), min_size=1, max_size=4).map(tuple),
            words=st.integers(1, 5000),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda section: section.id,
    ).map(tuple),
)
sentences: Final = st.builds(
    Sentence,
    text=prose,
    evidence_ids=st.lists(numbered("e", at_most=24), min_size=1, max_size=3).map(tuple),
)
sections: Final = st.builds(
    Section,
    id=numbered("s", at_most=9),
    heading=lines,
    sentences=st.lists(sentences, min_size=1, max_size=3).map(tuple),
)
drafts: Final = st.builds(
    Draft,
    title=lines,
    sections=st.lists(sections, min_size=1, max_size=3, unique_by=lambda section: section.id).map(
        tuple
    ),
    made_by=lines,
)
claims: Final = st.lists(
    st.builds(
        Claim,
        id=numbered("c", at_most=99),
        section_id=numbered("s", at_most=9),
        text=prose,
        verdict=st.sampled_from(ClaimVerdict),
        reason=lines,
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda claim: claim.id,
)
claim_reports: Final = claims.map(
    lambda judged: ClaimReport(
        claims=tuple(judged),
        unsupported=sum(claim.verdict is not ClaimVerdict.SUPPORTED for claim in judged),
    )
)
comments: Final = st.builds(
    Comment,
    id=numbered("r", at_most=50),
    section_id=st.none() | numbered("s", at_most=9),
    kind=st.sampled_from(CommentKind),
    text=prose,
    blocking=st.booleans(),
)
reviews: Final = st.builds(
    Review,
    verdict=st.just(ReviewVerdict.REVISE),
    comments=st.lists(comments, min_size=1, max_size=4, unique_by=lambda each: each.id).map(tuple),
)
contents: Final[st.SearchStrategy[Contract]] = st.one_of(
    briefs, evidence_sets, outlines, sections, drafts, claim_reports, reviews
)
