"""Mends a draft without a model: offending sentences give way to verbatim quotes, or go.

Every mend leaves a valid draft: a section never loses its last sentence, and every sentence put in
is a quote that the article does not have yet.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from contracts.content.review import Comment, CommentKind
from contracts.content.section import Section, Sentence
from services.agents.checks.drafts import repeated, sentences_text
from services.agents.checks.phrases import contains, found_in, missing_from
from services.agents.checks.words import words
from services.agents.revision import Evidence, Material, is_mended, length, meant

Sections = tuple[Section, ...]


class Mended(NamedTuple):
    """The sections after mending, and the ids of the comments that are now fixed."""

    sections: Sections
    fixed: frozenset[str]


def mend(given: Material, wanted: Collection[str]) -> Mended:
    """Mend what the wanted comments ask for, as far as the evidence allows.

    What is wrong goes first, what is missing comes then, the length is put right last. A mend that
    does not reach its aim changes nothing; a comment is fixed only if its mend holds at the end.
    """
    comments = [comment for comment in given.comments if comment.id in wanted]
    sections = given.sections
    for kind, apply in _MENDS.items():
        for comment in (each for each in comments if each.kind is kind):
            changed = apply(given, sections, comment)
            sections = changed if is_mended(given, changed, comment) else sections
    fixed = (comment.id for comment in comments if is_mended(given, sections, comment))
    return Mended(sections, frozenset(fixed))


def mendable(given: Material) -> frozenset[str]:
    """List the comments that can be mended, each taken by itself."""
    return frozenset(
        comment.id for comment in given.comments if mend(given, [comment.id]).fixed == {comment.id}
    )


def _mend_unsupported(given: Material, sections: Sections, comment: Comment) -> Sections:
    flagged = {(each.section_id, each.text) for each in given.flagged}
    return _replace_all(
        given, sections, comment, lambda section, each: (section.id, each.text) in flagged
    )


def _mend_forbidden(given: Material, sections: Sections, comment: Comment) -> Sections:
    banned = found_in(comment.text, given.must_avoid)
    return _replace_all(given, sections, comment, lambda _, each: bool(found_in(each.text, banned)))


def _mend_clarity(given: Material, sections: Sections, comment: Comment) -> Sections:
    """Drop what is said twice; where nothing is, let the sources speak for themselves."""
    for section_id in meant(given, comment):
        again = [words(text) for text in repeated(sections, section_id)]
        section = next(each for each in sections if each.id == section_id)
        kept = _without_repeats(section, again) if again else _in_quotes(given, sections, section)
        sections = _put(sections, section, kept)
    return sections


def _without_repeats(section: Section, again: list[tuple[str, ...]]) -> tuple[Sentence, ...]:
    """Drop as many sentences as were said before, the later ones first."""
    kept: list[Sentence] = []
    for sentence in reversed(section.sentences):
        if words(sentence.text) in again:
            again.remove(words(sentence.text))
        else:
            kept.append(sentence)
    return tuple(reversed(kept))


def _in_quotes(given: Material, sections: Sections, section: Section) -> tuple[Sentence, ...]:
    """Say a section again as the quotes that it cites, leaving out what others say."""
    cited = _cited_by(section.sentences)
    others = _said(other for other in sections if other.id != section.id)
    return tuple(
        _quoted(each)
        for each in given.evidence
        if each.id in cited
        and words(each.quote) not in others
        and not found_in(each.quote, given.must_avoid)
    )


def _mend_missing(given: Material, sections: Sections, comment: Comment) -> Sections:
    for phrase in missing_from(
        sentences_text(sections), found_in(comment.text, given.must_include)
    ):
        for each in _unused(given, sections):
            if contains(each.quote, phrase):
                sections = _append(given, sections, each, comment)
                break
    return sections


def _mend_length(given: Material, sections: Sections, comment: Comment) -> Sections:
    cited = _cited(sections)
    for each in _unused(given, sections):
        if length(sections) >= given.words.min:
            break
        if each.id not in cited:
            sections = _append(given, sections, each, comment)
    while length(sections) > given.words.max:
        shorter = next(_shortenings(given, sections, comment), None)
        if shorter is None:
            break
        sections = shorter
    return sections


def _shortenings(given: Material, sections: Sections, comment: Comment) -> Iterator[Sections]:
    """Try to drop one sentence: from the longest section, its last sentence first.

    What the brief demands stays in, and the text does not get too short.
    """
    demanded = found_in(sentences_text(sections), given.must_include)
    scope = [each for each in sections if each.id in meant(given, comment)]
    for section in sorted(scope, key=lambda each: -len(each.sentences)):
        for position in reversed(range(len(section.sentences))):
            kept = section.sentences[:position] + section.sentences[position + 1 :]
            shorter = _put(sections, section, kept)
            lost = missing_from(sentences_text(shorter), demanded)
            if kept and not lost and length(shorter) >= given.words.min:
                yield shorter


_Offends = Callable[[Section, Sentence], bool]


def _replace_all(
    given: Material, sections: Sections, comment: Comment, offends: _Offends
) -> Sections:
    """Put an unused quote in the place of each offending sentence, or drop the sentence."""
    for section_id in meant(given, comment):
        section = next(each for each in sections if each.id == section_id)
        for sentence in dict.fromkeys(section.sentences):
            if offends(section, sentence):
                sections = _replace(given, sections, section_id, sentence)
    return sections


def _replace(given: Material, sections: Sections, section_id: str, sentence: Sentence) -> Sections:
    """Prefer the quote that the sentence itself cites, then others on the section's subject."""
    section = next(each for each in sections if each.id == section_id)
    rest = [each for each in section.sentences if each != sentence]
    others = _cited(each for each in sections if each.id != section_id) | _cited_by(rest)
    own = [
        each
        for each in _unused(given, sections)
        if each.id not in others and each.key_point in _subjects(given, section)
    ]
    own.sort(key=lambda each: each.id not in sentence.evidence_ids)
    position = section.sentences.index(sentence)
    rest[position:position] = [_quoted(each) for each in own[:1]]
    return _put(sections, section, rest)


def _append(given: Material, sections: Sections, quote: Evidence, comment: Comment) -> Sections:
    """Add a quote to the section that is about its key point, else to the last one meant."""
    scope = [each for each in sections if each.id in meant(given, comment)]
    if not scope:
        return sections
    home = next((each for each in scope if quote.key_point in _subjects(given, each)), scope[-1])
    return _put(sections, home, (*home.sentences, _quoted(quote)))


def _subjects(given: Material, section: Section) -> set[str]:
    """Collect the key points whose evidence a section cites."""
    cited = _cited_by(section.sentences)
    return {each.key_point for each in given.evidence if each.id in cited}


def _unused(given: Material, sections: Sections) -> tuple[Evidence, ...]:
    """List quotes that the article does not have and may have, those nobody restates first."""
    said, cited = _said(sections), _cited(sections)
    unused = [
        each
        for each in given.evidence
        if words(each.quote) not in said and not found_in(each.quote, given.must_avoid)
    ]
    return tuple(sorted(unused, key=lambda each: each.id in cited))


def _cited(sections: Iterable[Section]) -> set[str]:
    return _cited_by(sentence for section in sections for sentence in section.sentences)


def _cited_by(sentences: Iterable[Sentence]) -> set[str]:
    return {cited for sentence in sentences for cited in sentence.evidence_ids}


def _said(sections: Iterable[Section]) -> set[tuple[str, ...]]:
    return {words(sentence.text) for section in sections for sentence in section.sentences}


def _quoted(evidence: Evidence) -> Sentence:
    return Sentence(text=evidence.quote, evidence_ids=(evidence.id,))


def _put(sections: Sections, section: Section, sentences: Sequence[Sentence]) -> Sections:
    """Give a section other sentences; it keeps its own rather than having none."""
    if not sentences:
        return sections
    changed = section.model_copy(update={"sentences": tuple(sentences)})
    return tuple(changed if each.id == section.id else each for each in sections)


_MENDS: Final[dict[CommentKind, Callable[[Material, Sections, Comment], Sections]]] = {
    CommentKind.UNSUPPORTED: _mend_unsupported,
    CommentKind.FORBIDDEN: _mend_forbidden,
    CommentKind.CLARITY: _mend_clarity,
    CommentKind.MISSING: _mend_missing,
    CommentKind.LENGTH: _mend_length,
}
"""In the order in which they are applied."""
