"""What has been told already, kept over runs."""

from typing import Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.newsletter import IssueDate, TopicId
from contracts.content.text import Line
from contracts.reference import Digest


class CoveredTopic(Part):
    """One topic, and where readers were told of it."""

    id: TopicId
    title: Line
    when: IssueDate
    published: Digest
    """SHA-256 of the published issue."""

    sources: tuple[Line, ...] = Field(default=(), max_length=24)


class CoveredTopics(Contract, version=1):
    """Every topic that was told, each once, the earliest first."""

    topics: tuple[CoveredTopic, ...] = Field(default=(), max_length=10_000)

    @model_validator(mode="after")
    def _topics_are_told_once(self) -> Self:
        if len({topic.id for topic in self.topics}) < len(self.topics):
            raise ValueError("a topic stands twice")
        return self
