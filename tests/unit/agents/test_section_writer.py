"""The section writer: sentences that rest on the section's own evidence, and nothing else."""

from typing import Any

import pytest

from contracts.agent import Capability
from contracts.content.brief import Brief
from contracts.content.evidence import EvidenceSet
from contracts.content.outline import OutlineSection
from contracts.content.section import Section
from contracts.failure import FailureKind
from contracts.reference import Trust
from services.agents.base import Given
from services.agents.section_writer import SectionWriter
from services.errors import StepError
from tests.builders import (
    SCRAPS,
    SPONGE,
    WORM_BINS,
    WORMS,
    a_brief,
    an_evidence_set,
    an_outline_section,
)
from tests.desks import ScriptedDesk, written


def _reply(*sentences: tuple[str, str]) -> str:
    listed: list[Any] = [{"text": text, "evidence_ids": [cited]} for text, cited in sentences]
    return written({"sentences": listed})


async def _section(
    *texts: str,
    brief: Brief | None = None,
    part: OutlineSection | None = None,
    evidence: EvidenceSet | None = None,
    capability: Capability = Capability.WRITES,
) -> tuple[Section, ScriptedDesk]:
    writer = SectionWriter()
    desk = ScriptedDesk(writer, *texts, capability=capability)
    given = Given(
        {
            "brief": brief or a_brief(),
            "part": part or an_outline_section(),
            "evidence": evidence or an_evidence_set(),
        }
    )
    section = await writer.run(given, desk)
    assert isinstance(section, Section)
    return section, desk


async def test_good_section_is_taken_as_written() -> None:
    """Faithful rewordings stand, under the outline's id and heading."""
    text = "In worm bins, red wiggler worms do the work instead of heat."

    section, desk = await _section(_reply((text, "e1"), (SCRAPS, "e2")))

    assert (section.id, section.heading) == ("s1", "Worm bins for kitchen scraps")
    assert [sentence.text for sentence in section.sentences] == [text, SCRAPS]
    assert desk.rejected == []


async def test_only_the_part_s_evidence_is_shown() -> None:
    """A writer sees the quotes of its section as untrusted data, without their addresses."""
    _, desk = await _section()

    block = desk.asked[0].blocks["evidence"]
    assert block.data == [{"id": "e1", "quote": WORMS}, {"id": "e2", "quote": SCRAPS}]
    assert block.trust is Trust.UNTRUSTED


@pytest.mark.parametrize(
    ("sentences", "reason"),
    [
        ([(WORMS, "e1"), (WORMS, "e1")], "sentence 2 repeats sentence 1"),
        ([("Two kilograms of worms eat scraps each day.", "e2")], 'the number "2 kilogram"'),
        ([("Worm bins [e1] use worms instead of heat.", "e1")], '"e1" does not belong'),
    ],
)
async def test_broken_rule_is_told_to_the_model(
    sentences: list[tuple[str, str]], reason: str
) -> None:
    """Each fault names its sentence, so that it can be mended."""
    _, desk = await _section(_reply(*sentences))

    assert desk.rejected[0].kind is FailureKind.RULE_BROKEN
    assert any(reason in each for each in desk.rejected[0].reasons)


async def test_demanded_phrase_of_its_evidence_has_to_be_said() -> None:
    """A phrase of the brief that stands in a section's evidence belongs to that section."""
    brief = a_brief(must_include=("red wiggler", "bokashi"))

    _, desk = await _section(_reply((SCRAPS, "e2")), brief=brief)

    assert desk.rejected[0].reasons == (
        'the section does not contain "red wiggler", which the brief demands',
    )


async def test_section_may_not_run_far_over_its_words() -> None:
    """A section stays near its share, but may always be as long as its quotes."""
    long = [(f"Worm bins use red wiggler worms number {n} instead.", "e1") for n in "abcdefgh"]

    _, desk = await _section(_reply(*long), part=an_outline_section(words=1))

    assert "write at most 41" in str(desk.rejected[0].reasons)


async def test_evidence_of_other_sections_is_malformed() -> None:
    """Evidence that was not given cannot be cited."""
    _, desk = await _section(_reply((WORMS, "e3")))

    assert desk.rejected[0].kind is FailureKind.MALFORMED


async def test_weak_model_chooses_the_opening_quote() -> None:
    """The chosen quote comes first, the others follow; each cites itself alone."""
    section, _ = await _section(written({"opening": SCRAPS}), capability=Capability.CHOOSES)

    assert [(each.text, each.evidence_ids) for each in section.sentences] == [
        (SCRAPS, ("e2",)),
        (WORMS, ("e1",)),
    ]


async def test_quotes_beyond_the_length_are_left_out() -> None:
    """Extractive sections keep to their share, except for phrases that the brief demands."""
    quotes = [
        (f"Leaf {n} holds water and feeds the worms of the bin well.", WORM_BINS) for n in "abcdefg"
    ]
    part = an_outline_section(evidence_ids=tuple(f"e{n}" for n in range(1, 8)), words=1)

    section, _ = await _section(
        brief=a_brief(must_include=("leaf g",)),
        part=part,
        evidence=an_evidence_set(*quotes),
        capability=Capability.CHOOSES,
    )

    assert [each.evidence_ids[0] for each in section.sentences] == ["e1", "e2", "e3", "e7"]


async def test_forbidden_and_doubled_quotes_are_not_offered() -> None:
    """The last rung offers each quote once, and none that the brief forbids."""
    evidence = an_evidence_set((WORMS, WORM_BINS), (WORMS, WORM_BINS), (SPONGE, WORM_BINS))

    section, _ = await _section(
        brief=a_brief(must_avoid=("sponge",)),
        part=an_outline_section(evidence_ids=("e1", "e2", "e3")),
        evidence=evidence,
        capability=Capability.CHOOSES,
    )

    assert [sentence.text for sentence in section.sentences] == [WORMS]


@pytest.mark.parametrize(
    ("brief", "part"),
    [
        (a_brief(), an_outline_section(evidence_ids=("e1", "e9"))),
        (a_brief(must_avoid=("worms",)), an_outline_section()),
    ],
    ids=["missing evidence", "all forbidden"],
)
async def test_section_that_cannot_be_written_fails(brief: Brief, part: OutlineSection) -> None:
    """Without evidence to use there is no section, and the failure names it."""
    with pytest.raises(StepError, match="s1") as failed:
        await _section(brief=brief, part=part)

    assert failed.value.kind is FailureKind.RULE_BROKEN
