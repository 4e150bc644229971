"""Puts written sections together in the outline's order. It changes no word."""

from typing import ClassVar

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.brief import Brief
from contracts.content.draft import Draft
from contracts.content.outline import Outline
from contracts.content.section import Section
from contracts.failure import FailureKind
from contracts.reference import Trust
from services.agents.base import Agent, Desk, Given
from services.errors import StepError


class Assembler(Agent):
    """Makes the first draft of an article.

    The composition root says which model writes, for sections do not carry it; a section that a
    person supplied is known by its trust.
    """

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="assembler",
        version=1,
        kind=AgentKind.CODE,
        summary="Puts the written sections together in the order of the outline.",
        receives={"brief": "Brief@1", "outline": "Outline@1", "sections": "[Section@1]"},
        produces="Draft@1",
        pure=True,
        limits=AgentLimits(seconds=2),
    )

    def __init__(self, writer_model: str) -> None:
        self._writer_model = writer_model

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Assemble the draft.

        Raises:
            StepError: `rule_broken` when a section of the outline is missing, comes twice, or is
                not in the outline.
        """
        outline = given.one("outline", Outline)
        sections = given.many("sections", Section)
        wanted = [section.id for section in outline.sections]
        _require_each_once(wanted, [section.id for section in sections])
        by_id = {section.id: section for section in sections}
        return Draft(
            title=given.one("brief", Brief).title,
            sections=tuple(by_id[section_id] for section_id in wanted),
            made_by=self._made_by(given),
        )

    def _made_by(self, given: Given) -> str:
        # What a model makes is at best trusted as `model`; only a person's section has more.
        supplied = any(
            reference.trust is Trust.OPERATOR for reference in given.references.get("sections", ())
        )
        return f"{self._writer_model} and a person" if supplied else self._writer_model


def _require_each_once(wanted: list[str], present: list[str]) -> None:
    reasons = [f"section {each} is missing" for each in wanted if each not in present]
    reasons += [
        f"section {each} comes {present.count(each)} times"
        for each in dict.fromkeys(present)
        if present.count(each) > 1
    ]
    reasons += [f"section {each} is not in the outline" for each in present if each not in wanted]
    if reasons:
        raise StepError(
            FailureKind.RULE_BROKEN,
            f"the sections are not those of the outline: {'; '.join(reasons)}",
            reasons=reasons,
        )
