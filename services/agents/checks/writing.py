"""What a written sentence, heading or section has to keep to: the checks of this folder together.

A sentence that is one of the quotes it cites is right by construction and only has to keep clear
of what the brief forbids.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from contracts.content.section import Sentence
from services.agents.checks.citations import cited_quotes, is_verbatim, unresolved
from services.agents.checks.grounding import grounding_faults
from services.agents.checks.leaks import echo_faults, leak_faults
from services.agents.checks.names import heading_name_faults, name_faults
from services.agents.checks.negation import is_negated, negation_faults
from services.agents.checks.numbers import number_faults, quantities
from services.agents.checks.opposites import opposite_faults
from services.agents.checks.phrases import found_in
from services.agents.checks.quotations import quotation_faults
from services.agents.checks.sentences import form_faults, is_same
from services.agents.checks.words import content, count, share_content, words

_LEAST_FOR_SENSE = 4
"""Content words; with fewer, the words between them make the difference."""

LONGEST_HEADING = 12
"""Words; a longer heading is a sentence."""


@dataclass(frozen=True)
class Grounds:
    """What writing may rest on and has to avoid."""

    quotes: Mapping[str, str]
    """By evidence id."""

    vocabulary: Sequence[str] = ()
    """Trusted texts whose words are welcome too: the brief's, the key points, headings."""

    must_avoid: Sequence[str] = ()
    instructions: str = ""
    """The prompt, so that an echo of it is noticed."""

    kept: Sequence[Sentence] = ()
    """Sentences that stood there before: not this writer's to answer for."""


def sentence_faults(sentence: Sentence, grounds: Grounds) -> tuple[str, ...]:
    """Say what is wrong with one sentence, in words that a writer can act on."""
    if sentence in grounds.kept:
        return ()
    unknown = unresolved(sentence.evidence_ids, grounds.quotes)
    if unknown:
        return (f"it cites {', '.join(unknown)}, which is not evidence of this text",)
    quotes = cited_quotes(sentence.evidence_ids, grounds.quotes)
    banned = tuple(
        f'it contains "{phrase}", which the brief forbids'
        for phrase in found_in(sentence.text, grounds.must_avoid)
    )
    if is_verbatim(sentence.text, quotes):
        return banned
    return banned + rewording_faults(sentence.text, quotes, grounds)


def rewording_faults(text: str, quotes: Sequence[str], grounds: Grounds) -> tuple[str, ...]:
    """Say what is wrong with a sentence that is none of the quotes it rests on."""
    return (
        *form_faults(text),
        *leak_faults(text, quotes),
        *echo_faults(text, grounds.instructions),
        *number_faults(text, quotes),
        *negation_faults(text, quotes),
        *opposite_faults(text, quotes),
        *quotation_faults(text, quotes),
        *name_faults(text, [*quotes, *grounds.vocabulary]),
        *grounding_faults(text, [*quotes, *grounds.vocabulary]),
    )


def numbered_faults(sentences: Sequence[Sentence], grounds: Grounds) -> tuple[str, ...]:
    """Say what is wrong with each of several sentences, by its number from 1."""
    return tuple(
        f"sentence {ordinal}: {fault}"
        for ordinal, sentence in enumerate(sentences, start=1)
        for fault in sentence_faults(sentence, grounds)
    )


def section_faults(sentences: Sequence[Sentence], grounds: Grounds) -> tuple[str, ...]:
    """Say what is wrong with the sentences of a section, taken singly and together."""
    repeated = (
        f"sentence {later + 1} repeats sentence {earlier + 1}"
        for earlier, later in repetitions([sentence.text for sentence in sentences])
    )
    return (*numbered_faults(sentences, grounds), *repeated)


def repetitions(texts: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Find texts that say again what one before them said: pairs of positions from 0.

    Another order of the same content words, with the same numbers, is no other sentence.
    """
    first: dict[Hashable, int] = {}
    pairs = []
    for position, text in enumerate(texts):
        earlier = first.setdefault(sense(text), position)
        if earlier != position:
            pairs.append((earlier, position))
    return tuple(pairs)


def sense(text: str) -> Hashable:
    """Reduce a sentence to what two sentences of one meaning have in common.

    Content words without their order, negation and numbers; a short sentence is its words.
    """
    listed = content(text)
    if len(listed) < _LEAST_FOR_SENSE:
        return words(text)
    numbers = tuple(sorted(str(quantity) for quantity in quantities(text)))
    return (tuple(sorted(listed)), is_negated(text), numbers)


def heading_faults(heading: str, subjects: Sequence[str], grounds: Grounds) -> tuple[str, ...]:
    """Say what is wrong with a heading; `subjects` are the quotes and key points under it."""
    faults = [
        f'it contains "{phrase}", which the brief forbids'
        for phrase in found_in(heading, grounds.must_avoid)
    ]
    if any(is_same(heading, subject) for subject in subjects):
        return tuple(faults)
    if not any(share_content(heading, subject) for subject in subjects):
        faults.append("it shares no word with its evidence or key point")
    if count(heading) > LONGEST_HEADING:
        faults.append(f"it has {count(heading)} words; write at most {LONGEST_HEADING}")
    return (
        *faults,
        *leak_faults(heading, subjects),
        *echo_faults(heading, grounds.instructions),
        *number_faults(heading, subjects),
        *heading_name_faults(heading, subjects),
        *grounding_faults(heading, subjects),
    )
