"""What a revision works on, and whether it has mended what a comment asks for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from contracts.base import Part
from contracts.content.brief import Brief, WordRange
from contracts.content.claims import ClaimReport
from contracts.content.decision import Decision
from contracts.content.draft import Draft
from contracts.content.evidence import EvidenceSet
from contracts.content.review import Comment, CommentKind, Review
from contracts.content.section import Section
from contracts.content.text import AnyCommentId
from services.agents.checks.claims import unproved
from services.agents.checks.drafts import clarity_faults, sentences_text
from services.agents.checks.phrases import found_in, missing_from
from services.agents.checks.quotations import quoted_in
from services.agents.checks.words import count, tidy, words


class Evidence(Part):
    """A quote and the key point that it supports."""

    id: str
    quote: str
    key_point: str


class Flagged(Part):
    """A sentence that the fact check does not bear out."""

    section_id: str
    text: str
    reason: str


MOST_ANSWERED: Final = 50
"""Answers that a draft holds; of more comments, those of a person come first."""


class Remark(Comment):
    """A comment of the review, `r1`, or of a person, `c1`."""

    id: AnyCommentId


class Material(Part):
    """Everything that a revision may look at; also what the free rung shows."""

    sections: tuple[Section, ...]
    comments: tuple[Remark, ...]
    flagged: tuple[Flagged, ...]
    evidence: tuple[Evidence, ...]
    must_include: tuple[str, ...]
    must_avoid: tuple[str, ...]
    words: WordRange


def material(
    brief: Brief,
    draft: Draft,
    claims: ClaimReport,
    review: Review,
    evidence: EvidenceSet,
    decision: Decision | None = None,
) -> Material:
    """Put together what a revision needs: the comments of a person first, then the review's."""
    comments = (*_of_person(brief, decision), *(Remark(**dict(each)) for each in review.comments))
    return Material(
        sections=draft.sections,
        comments=comments[:MOST_ANSWERED],
        flagged=tuple(
            Flagged(section_id=each.section_id, text=each.text, reason=each.reason)
            for each in unproved(draft, claims)
        ),
        evidence=tuple(
            Evidence(id=item.id, quote=tidy(item.quote), key_point=item.key_point)
            for item in evidence.items
        ),
        must_include=brief.must_include,
        must_avoid=brief.must_avoid,
        words=brief.words,
    )


def _of_person(brief: Brief, decision: Decision | None) -> Iterator[Remark]:
    """Read what a person wants changed as a review's comments, of the kind that code can tell."""
    for each in decision.comments if decision else ():
        yield Remark(
            id=each.id,
            section_id=each.section_id,
            kind=_kind_of(each.text, brief),
            text=each.text,
            blocking=each.blocking,
        )


def _kind_of(text: str, brief: Brief) -> CommentKind:
    if found_in(text, brief.must_avoid):
        return CommentKind.FORBIDDEN
    return CommentKind.MISSING if found_in(text, brief.must_include) else CommentKind.CLARITY


def open_sections(given: Material) -> tuple[str, ...]:
    """List the sections that comments let a revision change, in the article's order."""
    named = {comment.section_id for comment in given.comments}
    return tuple(each.id for each in given.sections if None in named or each.id in named)


def meant(given: Material, comment: Comment) -> tuple[str, ...]:
    """List the sections that one comment is about; none when it names one that is not there."""
    named = comment.section_id
    return tuple(section.id for section in given.sections if named in (None, section.id))


def is_mended(given: Material, revised: Sequence[Section], comment: Comment) -> bool:
    """Whether a revision may call a comment fixed.

    The words of the section meant, or of any section where none is, must have changed; and what
    code can measure of the comment must hold: no flagged sentence is left, the phrase is in or out,
    the length fits, nothing is said twice, no sentence that the comment quotes stands as it stood.
    """
    scope = meant(given, comment)
    before = {section.id: section for section in given.sections}
    after = {section.id: section for section in revised}
    if all(_said(before.get(each)) == _said(after.get(each)) for each in scope):
        return False
    return not _remaining(given, after, comment)


def _said(section: Section | None) -> tuple[tuple[str, ...], ...]:
    """List the words of a section's sentences: a comma more or less is no change."""
    return tuple(words(each.text) for each in section.sentences) if section else ()


def _still_quoted(given: Material, sections: Sequence[Section], comment: Comment) -> list[str]:
    """List the sentences that a comment quotes in full and that stand there still.

    What is said twice is quoted too, and may stand once.
    """
    if any(clarity_faults(given.sections, each.id) for each in sections):
        return []
    stood = {words(each.text) for section in given.sections for each in section.sentences}
    left = {words(each.text) for section in sections for each in section.sentences}
    return [each for each in quoted_in(comment.text) if words(each) in stood & left]


def _remaining(given: Material, after: Mapping[str, Section], comment: Comment) -> Sequence[object]:
    """List what of a comment is still to be done, as far as code can tell."""
    sections = tuple(after.values())
    scope = [after[each] for each in meant(given, comment)]
    if comment.kind is CommentKind.UNSUPPORTED:
        texts = {(each.id, sentence.text) for each in scope for sentence in each.sentences}
        return [each for each in given.flagged if (each.section_id, each.text) in texts]
    if comment.kind is CommentKind.MISSING:
        return missing_from(sentences_text(sections), found_in(comment.text, given.must_include))
    if comment.kind is CommentKind.FORBIDDEN:
        banned = found_in(comment.text, given.must_avoid)
        headings = "\n".join(section.heading for section in scope)
        return found_in(f"{headings}\n{sentences_text(scope)}", banned)
    if comment.kind is CommentKind.LENGTH:
        return [] if given.words.min <= length(sections) <= given.words.max else [comment]
    unclear = [fault for each in scope for fault in clarity_faults(sections, each.id)]
    return [*unclear, *_still_quoted(given, scope, comment)]


def length(sections: Sequence[Section]) -> int:
    """Count the words of all sentences."""
    return count(sentences_text(sections))
