"""Writes one section of an article from the evidence that the outline gave it, and nothing else."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import JsonValue

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract, Part
from contracts.content.brief import Brief
from contracts.content.evidence import EvidenceItem, EvidenceSet
from contracts.content.outline import OutlineSection
from contracts.content.section import Section, Sentence
from contracts.failure import FailureKind
from contracts.reference import Trust
from services.agents import answer, narrowing, prompts
from services.agents.base import Desk, Given, ModelAgent, Question, Rung
from services.agents.checks.phrases import found_in, missing_from
from services.agents.checks.words import count, words
from services.agents.checks.writing import Grounds, section_faults
from services.agents.shown import Quote, Task, blocks_of, quote_of, read_back, task_of
from services.agents.written import Written, in_order, sentences_schema, vocabulary
from services.errors import StepError


class Assignment(Part):
    """The section to write."""

    heading: str
    goal: str
    words: int
    must_include: tuple[str, ...]
    """What the brief demands and this section's evidence can say."""

    must_avoid: tuple[str, ...]


class Material(Part):
    """What the free rung shows."""

    task: Task
    section: Assignment
    evidence: tuple[Quote, ...]


class Quotes(Part):
    """What the last rung shows."""

    heading: str
    quotes: tuple[str, ...]


class SectionWriter(ModelAgent):
    """Asks once for a section; on the last rung only for the quote that opens it."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="section_writer",
        version=2,
        kind=AgentKind.MODEL,
        summary="Writes one section from its own evidence, every sentence with what it rests on.",
        receives={
            "brief": "Brief@1",
            "part": "Outline@1.sections[]",
            "evidence": "EvidenceSet@1",
        },
        produces="Section@1",
        trust=Trust.MODEL,
        model="writer",
        rungs=("free", "verbatim"),
        limits=AgentLimits(questions=1, prompt_tokens=4_000, answer_tokens=900, seconds=300),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Write the section.

        Raises:
            StepError: `rule_broken` when the section's evidence is missing or all of it forbidden;
                else what the desk says.
        """
        brief = given.one("brief", Brief)
        part = given.one("part", OutlineSection)
        items = _usable(brief, part, given.one("evidence", EvidenceSet))
        question = Question((_free(brief, part, items), _verbatim(brief, part, items)))
        return await desk.ask(question)

    def sample_answer(
        self, rung: str, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]
    ) -> JsonValue:
        """Quote the evidence, word for word and in order."""
        if rung == "verbatim":
            return narrowing.first_choices(schema)
        evidence = read_back(Material, blocks).evidence
        sentences: list[JsonValue] = [
            {"text": quote.quote, "evidence_ids": [quote.id]} for quote in evidence
        ]
        return {"sentences": sentences}


def _usable(brief: Brief, part: OutlineSection, evidence: EvidenceSet) -> tuple[EvidenceItem, ...]:
    """Pick the section's evidence: each quote once, and none that holds what the brief forbids."""
    known = {item.id: item for item in evidence.items}
    missing = [cited for cited in part.evidence_ids if cited not in known]
    if missing:
        raise StepError(
            FailureKind.RULE_BROKEN,
            f"section {part.id} rests on {', '.join(missing)}, which the evidence does not hold",
        )
    items = {words(known[cited].quote): known[cited] for cited in reversed(part.evidence_ids)}
    usable = tuple(
        item for item in reversed(items.values()) if not found_in(item.quote, brief.must_avoid)
    )
    if not usable:
        raise StepError(
            FailureKind.RULE_BROKEN,
            f"all evidence of section {part.id} contains what the brief forbids;"
            " change must_avoid or the corpus",
        )
    return usable


def _free(brief: Brief, part: OutlineSection, items: Sequence[EvidenceItem]) -> Rung[Section]:
    quotes = tuple(quote_of(item) for item in items)
    shown = Material(
        task=task_of(brief),
        section=_assignment(brief, part, quotes),
        evidence=quotes,
    )
    grounds = Grounds(
        quotes={quote.id: quote.quote for quote in quotes},
        vocabulary=vocabulary(brief, items),
        must_avoid=brief.must_avoid,
        instructions=prompts.prompt("section_writer", "free"),
    )

    def accept(text: str) -> Section:
        written = answer.read(text, Written)
        cited = [cited for each in written.sentences for cited in each.evidence_ids]
        answer.require_known(cited, grounds.quotes, "evidence_ids")
        answer.require_rules(_faults(written.sentences, shown.section, grounds), "section")
        return Section(id=part.id, heading=part.heading, sentences=in_order(written.sentences))

    return Rung(
        name="free",
        blocks=blocks_of(shown, {"section": Trust.MODEL, "evidence": Trust.UNTRUSTED}),
        schema=narrowing.closed_object({"sentences": sentences_schema(grounds.quotes)}),
        accept=accept,
        places={"language": brief.locale, "words": str(part.words)},
        max_output_tokens=SectionWriter.declaration.limits.answer_tokens,
    )


def _verbatim(brief: Brief, part: OutlineSection, items: Sequence[EvidenceItem]) -> Rung[Section]:
    quotes = tuple(quote_of(item) for item in items)
    options = {"opening": [quote.quote for quote in quotes]}
    schema = narrowing.choices(options)

    def accept(text: str) -> Section:
        opening = answer.read_choices(text, options)["opening"]
        sentences = _quoted(quotes, opening, _assignment(brief, part, quotes))
        return Section(id=part.id, heading=part.heading, sentences=sentences)

    return Rung(
        name="verbatim",
        blocks=blocks_of(
            Quotes(heading=part.heading, quotes=tuple(options["opening"])),
            {"heading": Trust.MODEL, "quotes": Trust.UNTRUSTED},
        ),
        schema=schema,
        accept=accept,
        max_output_tokens=min(
            narrowing.longest_choice(schema), SectionWriter.declaration.limits.answer_tokens
        ),
    )


def _assignment(brief: Brief, part: OutlineSection, quotes: Sequence[Quote]) -> Assignment:
    everything = "\n".join(quote.quote for quote in quotes)
    return Assignment(
        heading=part.heading,
        goal=part.goal,
        words=part.words,
        must_include=found_in(everything, brief.must_include),
        must_avoid=brief.must_avoid,
    )


def _room(section: Assignment) -> int:
    """Say how many words a section may have; three fifths and forty above its aim.

    The forty let a short section have one sentence more.
    """
    return section.words * 8 // 5 + 40


def _faults(
    sentences: Sequence[Sentence], section: Assignment, grounds: Grounds
) -> tuple[str, ...]:
    text = "\n".join(sentence.text for sentence in sentences)
    faults = list(section_faults(sentences, grounds))
    faults += [
        f'the section does not contain "{phrase}", which the brief demands'
        for phrase in missing_from(text, section.must_include)
    ]
    most = max(_room(section), sum(count(quote) for quote in grounds.quotes.values()))
    if count(text) > most:
        faults.append(f"the section has {count(text)} words; write at most {most}")
    return tuple(faults)


def _quoted(quotes: Sequence[Quote], opening: str, section: Assignment) -> tuple[Sentence, ...]:
    """Put the chosen quote first and the others after it, as far as the length allows.

    A quote that holds a phrase which no quote before it held is never left out.
    """
    first = next(quote for quote in quotes if quote.quote == opening)
    room = _room(section)
    kept: list[Quote] = []
    for quote in (first, *(other for other in quotes if other.quote != opening)):
        said = "\n".join(each.quote for each in kept)
        needed = found_in(quote.quote, missing_from(said, section.must_include))
        if not kept or needed or count(said) + count(quote.quote) <= room:
            kept.append(quote)
    return tuple(Sentence(text=each.quote, evidence_ids=(each.id,)) for each in kept)
