"""Sentences as a model writes them: their form, their schema, the words they may use."""

from collections.abc import Iterable, Sequence
from typing import Final

from pydantic import Field

from contracts.base import Part
from contracts.content.brief import Brief
from contracts.content.evidence import EvidenceItem
from contracts.content.section import Sentence
from services.agents import narrowing
from services.agents.checks.words import tidy

MOST_SENTENCES: Final = 60
MOST_CITED: Final = 6
"""Bounds of `Section@1`: sentences of a section, and evidence of one sentence."""


class Written(Part):
    """The sentences of one section."""

    sentences: tuple[Sentence, ...] = Field(min_length=1, max_length=MOST_SENTENCES)


def sentences_schema(evidence_ids: Iterable[str]) -> narrowing.Schema:
    """Describe the sentences of a section that may cite only these pieces of evidence."""
    cited = narrowing.array(narrowing.one_of(evidence_ids), least=1, most=MOST_CITED)
    sentence = narrowing.closed_object({"text": narrowing.text(), "evidence_ids": cited})
    return narrowing.array(sentence, least=1, most=MOST_SENTENCES)


def in_order(sentences: Iterable[Sentence]) -> tuple[Sentence, ...]:
    """Put white space in order; evidence that one sentence cites twice counts once."""
    return tuple(
        Sentence(text=tidy(sentence.text), evidence_ids=tuple(dict.fromkeys(sentence.evidence_ids)))
        for sentence in sentences
    )


def vocabulary(brief: Brief, items: Sequence[EvidenceItem]) -> tuple[str, ...]:
    """Collect the texts whose words a sentence may use beside those of its quotes."""
    key_points = dict.fromkeys(item.key_point for item in items)
    return (brief.title, brief.goal, *brief.key_points, *brief.must_include, *key_points)
