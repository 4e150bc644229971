"""What an outline has to keep to: evidence dealt out once, key points covered, lengths that fit."""

from collections.abc import Sequence

from contracts.content.brief import Brief, WordRange
from contracts.content.outline import Outline, OutlineSection
from services.agents.checks.leaks import echo_faults, leak_faults
from services.agents.checks.sentences import is_same
from services.agents.checks.writing import Grounds, heading_faults
from services.agents.key_points import MOST_WORDS, Group


def outline_faults(
    outline: Outline, brief: Brief, groups: Sequence[Group], instructions: str
) -> tuple[str, ...]:
    """Say what is wrong with an outline, in words that a planner can act on."""
    grounds = Grounds(quotes={}, must_avoid=brief.must_avoid, instructions=instructions)
    faults = [
        f"section {ordinal}, {fault}"
        for ordinal, section in enumerate(outline.sections, start=1)
        for fault in _text_faults(section, outline.sections[: ordinal - 1], groups, grounds)
    ]
    return (*_evidence_faults(outline, groups), *_length_faults(outline, brief.words), *faults)


def _evidence_faults(outline: Outline, groups: Sequence[Group]) -> list[str]:
    used = [cited for section in outline.sections for cited in section.evidence_ids]
    twice = [cited for cited in dict.fromkeys(used) if used.count(cited) > 1]
    faults = [f"{cited} is used more than once; use each piece of evidence once" for cited in twice]
    faults += [
        f'no section covers the key point "{each.key_point}"; use some of its evidence'
        for each in groups
        if not any(quote.id in used for quote in each.quotes)
    ]
    return faults


def _length_faults(outline: Outline, words: WordRange) -> list[str]:
    """Compare the sum of words with the brief, as far as this many sections can reach it."""
    total = sum(section.words for section in outline.sections)
    least = min(words.min, len(outline.sections) * MOST_WORDS)
    most = max(words.max, len(outline.sections))
    if least <= total <= most:
        return []
    return [
        f"the words of all sections add up to {total}; they have to add up to {least} to {most}"
    ]


def _text_faults(
    section: OutlineSection,
    earlier: Sequence[OutlineSection],
    groups: Sequence[Group],
    grounds: Grounds,
) -> list[str]:
    subjects = _subjects(section, groups)
    faults = [f"heading: {fault}" for fault in heading_faults(section.heading, subjects, grounds)]
    if any(is_same(section.heading, other.heading) for other in earlier):
        faults.append("heading: it repeats the heading of an earlier section")
    if section.goal not in subjects:
        found = (
            *leak_faults(section.goal, subjects),
            *echo_faults(section.goal, grounds.instructions),
        )
        faults += [f"goal: {fault}" for fault in found]
    return faults


def _subjects(section: OutlineSection, groups: Sequence[Group]) -> list[str]:
    """Collect what a section is about: its quotes and the key points they support."""
    subjects = []
    for each in groups:
        quotes = [quote.quote for quote in each.quotes if quote.id in section.evidence_ids]
        if quotes:
            subjects += [each.key_point, *quotes]
    return subjects
