"""Labels a brief with its topic and its risk, by weighted terms. Knows no model."""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract
from contracts.content.brief import Brief
from contracts.content.topic import Risk, Topic, TopicLabel
from services.agents.base import Agent, Desk, Given
from services.agents.checks.words import stem, words
from services.agents.subjects import MILD_WEIGHT, SENSITIVE, STRONG_WEIGHT, SUBJECTS, Subject

_MOST_NAMED = 5
"""Terms that the rule names; the others only count."""


class _Match(NamedTuple):
    """The terms of one subject that a brief contains."""

    strong: tuple[str, ...]
    mild: tuple[str, ...]

    @property
    def weight(self) -> int:
        return STRONG_WEIGHT * len(self.strong) + MILD_WEIGHT * len(self.mild)


class TopicClassifier(Agent):
    """The topic is the subject with the greatest weight of distinct terms in the brief.

    A tie goes to the subject listed first. No term at all makes it general, low risk, confidence 0.
    The risk looks at every sensitive subject, not at the topic alone: one strong term of one makes
    it high, a mild one medium.
    """

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="topic_classifier",
        version=1,
        kind=AgentKind.CODE,
        summary="Labels a brief with a topic and the risk of a wrong text.",
        receives={"brief": "Brief@1"},
        produces="TopicLabel@1",
        pure=True,
        limits=AgentLimits(seconds=2),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Label the brief; the same brief always gets the same label."""
        brief = given.one("brief", Brief)
        texts = (brief.title, brief.goal, brief.audience, *brief.key_points, *brief.must_include)
        said = " ".join(f" {_stems(text)} |" for text in texts)
        matches = {subject.topic: _match(subject, said) for subject in SUBJECTS}
        total = sum(match.weight for match in matches.values())
        if total == 0:
            rule = "no term of any subject occurs"
            return TopicLabel(topic=Topic.GENERAL, risk=Risk.LOW, confidence=0, rule=rule)
        topic = max(matches, key=lambda each: matches[each].weight)
        risk, because = _risk(matches)
        return TopicLabel(
            topic=topic,
            risk=risk,
            confidence=100 * matches[topic].weight // total,
            rule=f"{topic}: {_named(matches[topic].strong + matches[topic].mild)}; {because}",
        )


def _risk(matches: Mapping[Topic, _Match]) -> tuple[Risk, str]:
    sensitive = {topic: match for topic, match in matches.items() if topic in SENSITIVE}
    for topic, match in sensitive.items():
        if match.strong:
            return Risk.HIGH, f"high risk by {topic}: {_named(match.strong)}"
    for topic, match in sensitive.items():
        if match.mild:
            return Risk.MEDIUM, f"medium risk by {topic}: {_named(match.mild)}"
    return Risk.LOW, "low risk: no term of a sensitive subject"


def _match(subject: Subject, said: str) -> _Match:
    return _Match(_found(subject.strong, said), _found(subject.mild, said))


def _found(terms: str, said: str) -> tuple[str, ...]:
    """List the terms that occur; two spellings of one stem count once."""
    by_stems = {_stems(term): term.strip() for term in reversed(terms.split(","))}
    return tuple(term for stems, term in reversed(by_stems.items()) if f" {stems} " in said)


def _stems(text: str) -> str:
    return " ".join(stem(word) for word in words(text))


def _named(terms: tuple[str, ...]) -> str:
    more = f" and {len(terms) - _MOST_NAMED} more" if len(terms) > _MOST_NAMED else ""
    return ", ".join(terms[:_MOST_NAMED]) + more
