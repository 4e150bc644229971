"""The assembler: every section of the outline once, in its order, no word changed."""

import pytest

from contracts.content.draft import Draft
from contracts.content.section import Section
from contracts.failure import FailureKind
from contracts.reference import Reference, Trust
from services.agents.assembler import Assembler
from services.agents.base import Given
from services.errors import StepError
from tests.builders import a_brief, a_section, an_outline, some_sections
from tests.desks import SilentDesk


def _given(*sections: Section, trust: Trust = Trust.MODEL) -> Given:
    references = tuple(
        Reference(
            slot="sections",
            ordinal=1,
            item=section.id,
            contract="Section@1",
            digest="0" * 64,
            size=1,
            trust=trust,
            produced_by="write",
        )
        for section in sections
    )
    return Given(
        {"brief": a_brief(), "outline": an_outline(), "sections": sections},
        {"sections": references},
    )


async def _assembled(given: Given) -> Draft:
    draft = await Assembler("a-model").run(given, SilentDesk())
    assert isinstance(draft, Draft)
    return draft


async def test_sections_come_in_the_outline_s_order() -> None:
    """The order in which sections were finished does not matter."""
    draft = await _assembled(_given(*reversed(some_sections())))

    assert draft.sections == some_sections()
    assert (draft.title, draft.made_by, draft.answers) == (a_brief().title, "a-model", ())


@pytest.mark.parametrize(
    "sections",
    [
        some_sections()[:2],
        (*some_sections(), a_section()),
        (*some_sections(), a_section(id="s9")),
    ],
    ids=["missing", "twice", "strange"],
)
async def test_sections_have_to_be_those_of_the_outline(sections: tuple[Section, ...]) -> None:
    """A missing, doubled or strange section stops the step instead of the article losing it."""
    with pytest.raises(StepError) as failed:
        await _assembled(_given(*sections))

    assert failed.value.kind is FailureKind.RULE_BROKEN


async def test_section_supplied_by_a_person_is_said() -> None:
    """The article says when not all of it was made by the model."""
    draft = await _assembled(_given(*some_sections(), trust=Trust.OPERATOR))

    assert draft.made_by == "a-model and a person"
