"""Plans an article: from a brief and its evidence to sections with headings and quotes.

It does not write and does not search.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field, JsonValue

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract, Part
from contracts.content.brief import Brief, WordRange
from contracts.content.evidence import EvidenceSet
from contracts.content.outline import Outline, OutlineSection
from contracts.content.text import Line
from contracts.failure import FailureKind
from contracts.reference import Trust
from services.agents import answer, narrowing, prompts
from services.agents.base import Desk, Given, ModelAgent, Question, Rung
from services.agents.checks.outlines import outline_faults
from services.agents.key_points import (
    MOST_QUOTES,
    MOST_SECTIONS,
    MOST_WORDS,
    Group,
    deal,
    group,
    heading_options,
)
from services.agents.shown import Task, blocks_of, read_back, task_of
from services.errors import StepError


class Material(Part):
    """What the free rung shows."""

    task: Task
    words: WordRange
    must_avoid: tuple[str, ...]
    evidence: tuple[Group, ...]


class KeyPoints(Part):
    """What the last rung shows: the key point of each section, by its id."""

    title: str
    key_points: dict[str, str]


class ProposedSection(Part):
    """One section as a model proposes it; its id is its place."""

    heading: Line
    goal: Line
    evidence_ids: tuple[str, ...] = Field(min_length=1, max_length=MOST_QUOTES)
    words: int = Field(ge=1, le=MOST_WORDS)


class Proposal(Part):
    """The free answer."""

    sections: tuple[ProposedSection, ...] = Field(min_length=1, max_length=MOST_SECTIONS)


class Planner(ModelAgent):
    """Asks once for an outline; on the last rung only the form of the headings is open."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="planner",
        version=2,
        kind=AgentKind.MODEL,
        summary="Plans the sections of an article and deals the evidence out to them.",
        receives={"brief": "Brief@1", "evidence": "EvidenceSet@1"},
        produces="Outline@1",
        trust=Trust.MODEL,
        model="writer",
        rungs=("free", "verbatim"),
        # Four calls of a minute each: a first answer, two repairs, the last rung; and some air.
        limits=AgentLimits(questions=1, prompt_tokens=5_000, answer_tokens=900, seconds=300),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Plan the article.

        Raises:
            StepError: `rule_broken` when there is no evidence to plan from; else what the desk
                says.
        """
        brief = given.one("brief", Brief)
        groups = group(brief, given.one("evidence", EvidenceSet))
        if not groups:
            raise StepError(
                FailureKind.RULE_BROKEN,
                f"there is no evidence to plan from; add documents to corpus {brief.corpus!r}",
            )
        return await desk.ask(Question((_free(brief, groups), _verbatim(brief, groups))))

    def sample_answer(
        self, rung: str, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]
    ) -> JsonValue:
        """Make one section of each key point, headed by its own words."""
        if rung == "verbatim":
            return narrowing.first_choices(schema)
        material = read_back(Material, blocks)
        options = heading_options(
            [each.key_point for each in material.evidence], material.must_avoid
        )
        outline = deal(material.evidence, [each[0] for each in options], material.words)
        sections: list[JsonValue] = [
            each.model_dump(mode="json", exclude={"id"}) for each in outline.sections
        ]
        return {"sections": sections}


def _free(brief: Brief, groups: Sequence[Group]) -> Rung[Outline]:
    ids = [quote.id for each in groups for quote in each.quotes]

    def accept(text: str) -> Outline:
        proposal = answer.read(text, Proposal)
        cited = [cited for each in proposal.sections for cited in each.evidence_ids]
        answer.require_known(cited, ids, "evidence_ids")
        outline = _outline(proposal)
        instructions = prompts.prompt("planner", "free")
        answer.require_rules(outline_faults(outline, brief, groups, instructions), "outline")
        return outline

    shown = Material(
        task=task_of(brief),
        words=brief.words,
        must_avoid=brief.must_avoid,
        evidence=tuple(groups),
    )
    return Rung(
        name="free",
        blocks=blocks_of(shown, {"evidence": Trust.UNTRUSTED}),
        schema=_proposal_schema(ids),
        accept=accept,
        places={
            "language": brief.locale,
            "least_words": str(brief.words.min),
            "most_words": str(brief.words.max),
        },
        max_output_tokens=Planner.declaration.limits.answer_tokens,
    )


def _verbatim(brief: Brief, groups: Sequence[Group]) -> Rung[Outline]:
    key_points = {f"s{ordinal}": each.key_point for ordinal, each in enumerate(groups, start=1)}
    headings = heading_options(tuple(key_points.values()), brief.must_avoid)
    options = dict(zip(key_points, headings, strict=True))
    schema = narrowing.choices(options)

    def accept(text: str) -> Outline:
        chosen = answer.read_choices(text, options)
        return deal(groups, [chosen[section] for section in options], brief.words)

    return Rung(
        name="verbatim",
        blocks=blocks_of(KeyPoints(title=brief.title, key_points=key_points), {}),
        schema=schema,
        accept=accept,
        max_output_tokens=min(
            narrowing.longest_choice(schema), Planner.declaration.limits.answer_tokens
        ),
    )


def _proposal_schema(ids: Sequence[str]) -> narrowing.Schema:
    section = narrowing.closed_object(
        {
            "heading": narrowing.text(),
            "goal": narrowing.text(),
            "evidence_ids": narrowing.array(narrowing.one_of(ids), least=1, most=MOST_QUOTES),
            "words": narrowing.integer(1, MOST_WORDS),
        }
    )
    return narrowing.closed_object(
        {"sections": narrowing.array(section, least=1, most=MOST_SECTIONS)}
    )


def _outline(proposal: Proposal) -> Outline:
    return Outline(
        sections=tuple(
            OutlineSection(id=f"s{ordinal}", **each.model_dump())
            for ordinal, each in enumerate(proposal.sections, start=1)
        )
    )
