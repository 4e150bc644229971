"""What code alone can say about a claim, and what a report leaves unproved."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from contracts.content.claims import ClaimReport, ClaimVerdict
from contracts.content.draft import Draft
from contracts.content.section import Sentence
from services.agents.checks.citations import cited_quotes, is_altered, stands_in, unresolved
from services.agents.checks.names import name_faults
from services.agents.checks.negation import is_turned_around, negation_faults
from services.agents.checks.numbers import number_faults
from services.agents.checks.opposites import opposite_faults
from services.agents.checks.quotations import quotation_faults

_LONGEST_REASON: Final = 300
"""Characters of a line; a number in a hostile text may be longer."""


class Judgement(NamedTuple):
    """A verdict and the one line that says why."""

    verdict: ClaimVerdict
    reason: str


class Unproved(NamedTuple):
    """A sentence of a draft that no supported claim covers."""

    section_id: str
    text: str
    reason: str


def judge_by_rule(
    sentence: Sentence, quotes: Mapping[str, str], vocabulary: Sequence[str] = ()
) -> Judgement | None:
    """Judge a sentence against what it cites, where that takes no understanding; else None.

    `vocabulary` are trusted texts whose names a sentence may use beside those of its quotes.
    """
    if unknown := unresolved(sentence.evidence_ids, quotes):
        return Judgement(
            ClaimVerdict.UNSUPPORTED, f"it cites {', '.join(unknown)}, which is not in the evidence"
        )
    for cited in sentence.evidence_ids:
        if stands_in(sentence.text, quotes[cited]):
            return Judgement(ClaimVerdict.SUPPORTED, f"it stands word for word in {cited}")
    for uncited, quote in quotes.items():
        if stands_in(sentence.text, quote):
            return Judgement(ClaimVerdict.UNSUPPORTED, f"it stands in {uncited}, not in its source")
    return _reworded(sentence, quotes, vocabulary)


def _reworded(
    sentence: Sentence, quotes: Mapping[str, str], vocabulary: Sequence[str]
) -> Judgement | None:
    text, own = sentence.text, cited_quotes(sentence.evidence_ids, quotes)
    for cited, quote in zip(sentence.evidence_ids, own, strict=True):
        if is_turned_around(text, quote):
            return Judgement(ClaimVerdict.CONTRADICTED, f"it says the opposite of {cited}")
    if faults := (*number_faults(text, own), *opposite_faults(text, own)):
        return Judgement(ClaimVerdict.CONTRADICTED, faults[0][:_LONGEST_REASON])
    for cited, quote in zip(sentence.evidence_ids, own, strict=True):
        if is_altered(text, quote):
            return Judgement(ClaimVerdict.UNSUPPORTED, f"it begins otherwise than {cited}")
    faults = (
        *negation_faults(text, own),
        *quotation_faults(text, own),
        *name_faults(text, [*own, *vocabulary]),
    )
    return Judgement(ClaimVerdict.UNSUPPORTED, faults[0][:_LONGEST_REASON]) if faults else None


def unproved(draft: Draft, report: ClaimReport) -> tuple[Unproved, ...]:
    """List the sentences that the report does not call supported, or does not mention."""
    verdicts: dict[tuple[str, str], str] = {}
    for claim in report.claims:
        key = (claim.section_id, claim.text)
        bad = claim.verdict is not ClaimVerdict.SUPPORTED
        verdicts[key] = claim.reason if bad else verdicts.get(key, "")
    return tuple(
        Unproved(section.id, sentence.text, reason)
        for section in draft.sections
        for sentence in section.sentences
        if (reason := verdicts.get((section.id, sentence.text), "nobody has checked it"))
    )
