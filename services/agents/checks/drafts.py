"""What a whole draft has to keep to, measured by code: each fault is a blocking review comment."""

from collections.abc import Iterator, Sequence

from contracts.content.brief import Brief
from contracts.content.claims import ClaimReport
from contracts.content.draft import Draft
from contracts.content.review import Comment, CommentKind
from contracts.content.section import Section
from services.agents.checks.claims import unproved
from services.agents.checks.phrases import contains, found_in, missing_from
from services.agents.checks.sentences import is_same
from services.agents.checks.words import words
from services.agents.checks.writing import repetitions

_MOST_NAMED = 5
_LONGEST_NAME = 80
"""How many sentences one comment names, and with how many characters each."""


def measured_comments(brief: Brief, draft: Draft, claims: ClaimReport) -> tuple[Comment, ...]:
    """Compare a draft with its brief and its fact check; ids run from `r1`.

    There is at most one comment on a section's claims, one a phrase, one on the length and one on a
    section's clarity, so that a review of seven sections stays within its fifty comments.
    """
    found = [
        *_unproved_comments(draft, claims),
        *_missing_comments(brief, draft),
        *_forbidden_comments(brief, draft),
        *_length_comments(brief, draft),
        *_clarity_comments(draft),
    ]
    return tuple(
        Comment(id=f"r{ordinal}", section_id=section_id, kind=kind, text=text, blocking=True)
        for ordinal, (section_id, kind, text) in enumerate(found, start=1)
    )


_Found = tuple[str | None, CommentKind, str]


def sentences_text(sections: Sequence[Section]) -> str:
    """Join all sentences, one a line; headings are left out."""
    return "\n".join(sentence.text for section in sections for sentence in section.sentences)


def _unproved_comments(draft: Draft, claims: ClaimReport) -> Iterator[_Found]:
    open_claims = unproved(draft, claims)
    for section in draft.sections:
        own = [each for each in open_claims if each.section_id == section.id]
        if own:
            named = "; ".join(
                f'"{each.text[:_LONGEST_NAME]}" ({each.reason})' for each in own[:_MOST_NAMED]
            )
            more = f"; and {len(own) - _MOST_NAMED} more" if len(own) > _MOST_NAMED else ""
            yield (
                section.id,
                CommentKind.UNSUPPORTED,
                f"Not borne out by its sources: {named}{more}.",
            )


def _missing_comments(brief: Brief, draft: Draft) -> Iterator[_Found]:
    for phrase in missing_from(sentences_text(draft.sections), brief.must_include):
        yield None, CommentKind.MISSING, f'The text has to contain "{phrase}".'


def _forbidden_comments(brief: Brief, draft: Draft) -> Iterator[_Found]:
    everything = "\n".join(
        [draft.title, *(each.heading for each in draft.sections), sentences_text(draft.sections)]
    )
    for phrase in found_in(everything, brief.must_avoid):
        holders = [each.id for each in draft.sections if _holds(each, phrase)]
        elsewhere = len(holders) != 1 or contains(draft.title, phrase)
        yield (
            None if elsewhere else holders[0],
            CommentKind.FORBIDDEN,
            f'The text may not contain "{phrase}".',
        )


def _holds(section: Section, phrase: str) -> bool:
    return contains(f"{section.heading}\n{sentences_text([section])}", phrase)


def _length_comments(brief: Brief, draft: Draft) -> Iterator[_Found]:
    length = draft.words()
    if not brief.words.min <= length <= brief.words.max:
        yield (
            None,
            CommentKind.LENGTH,
            f"The text has {length} words; the brief asks for {brief.words.min} to"
            f" {brief.words.max}.",
        )


def _clarity_comments(draft: Draft) -> Iterator[_Found]:
    for section in draft.sections:
        if faults := clarity_faults(draft.sections, section.id):
            yield section.id, CommentKind.CLARITY, " ".join(faults)


def clarity_faults(sections: Sequence[Section], section_id: str) -> tuple[str, ...]:
    """Say where a section repeats what stands before it in the article, or says nothing."""
    position = [section.id for section in sections].index(section_id)
    section = sections[position]
    faults = []
    if again := repeated(sections, section_id):
        named = "; ".join(f'"{text[:_LONGEST_NAME]}"' for text in again[:_MOST_NAMED])
        faults.append(f"Said before in this text: {named}.")
    if not words(sentences_text([section])):
        faults.append("The section says nothing.")
    if any(is_same(section.heading, other.heading) for other in sections[:position]):
        faults.append(f'The heading "{section.heading}" is that of an earlier section.')
    return tuple(faults)


def repeated(sections: Sequence[Section], section_id: str) -> tuple[str, ...]:
    """List the sentences of a section that were said before, in the article's order."""
    places = [(each.id, sentence.text) for each in sections for sentence in each.sentences]
    again = {later for _, later in repetitions([text for _, text in places])}
    return tuple(
        text for at, (owner, text) in enumerate(places) if at in again and owner == section_id
    )
