"""The topic classifier: closed labels, decided by rule."""

import pytest

from contracts.content.brief import Brief
from contracts.content.topic import Risk, Topic, TopicLabel
from services.agents.base import Given
from services.agents.topic_classifier import TopicClassifier
from tests.builders import a_brief
from tests.desks import SilentDesk


async def _label(brief: Brief) -> TopicLabel:
    label = await TopicClassifier().run(Given({"brief": brief}), SilentDesk())
    assert isinstance(label, TopicLabel)
    return label


def _about(title: str) -> Brief:
    return a_brief(title=title, goal="Tell it.", audience="readers", key_points=("it",))


@pytest.mark.parametrize(
    ("title", "topic", "risk"),
    [
        ("Composting without a garden", Topic.HOME, Risk.LOW),
        ("Which dosage of a painkiller is too much", Topic.HEALTH, Risk.HIGH),
        ("How to invest in a pension", Topic.FINANCE, Risk.HIGH),
        ("When to ask a lawyer about custody", Topic.LEGAL, Risk.HIGH),
        ("Carbon monoxide: how to notice a gas leak", Topic.SAFETY, Risk.HIGH),
        ("A healthy diet", Topic.HEALTH, Risk.MEDIUM),
        ("A household budget", Topic.HOME, Risk.MEDIUM),
        ("What a database index does", Topic.TECHNOLOGY, Risk.LOW),
        ("Birds of the river", Topic.NATURE, Risk.LOW),
    ],
)
async def test_subject_decides_topic_and_risk(title: str, topic: Topic, risk: Risk) -> None:
    """Strong terms of a sensitive subject make a brief risky, mild ones somewhat."""
    label = await _label(_about(title))

    assert (label.topic, label.risk) == (topic, risk)


async def test_unknown_subject_is_general() -> None:
    """A brief in which no term occurs gets the default, with confidence 0."""
    label = await _label(_about("Chess openings"))

    assert (label.topic, label.risk, label.confidence) == (Topic.GENERAL, Risk.LOW, 0)


async def test_one_risky_word_counts_whatever_the_topic() -> None:
    """An article on software that gives medical advice waits for a person all the same."""
    label = await _label(_about("Software, a database and a server that tell the right dosage"))

    assert (label.topic, label.risk) == (Topic.TECHNOLOGY, Risk.HIGH)
    assert "health: dosage" in label.rule


async def test_tie_goes_to_the_more_harmful_subject() -> None:
    """Between equal weights the subject in which errors do more harm wins."""
    label = await _label(_about("Debt and asthma"))

    assert (label.topic, label.confidence) == (Topic.HEALTH, 50)


async def test_confidence_is_the_share_of_the_topic() -> None:
    """Confidence says how much of what matched speaks for the topic."""
    label = await _label(_about("Software for a doctor"))

    assert label.confidence == 75


async def test_term_is_not_found_inside_a_word_or_across_fields() -> None:
    """`Drug` is not in `drugget`, and a title does not run on into a goal."""
    apart = a_brief(
        title="A drugget with blood", goal="Pressure it.", audience="all", key_points=("it",)
    )

    label = await _label(apart)

    assert label.topic is Topic.GENERAL
