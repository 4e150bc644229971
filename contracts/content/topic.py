"""What a brief is about and how much harm a wrong text could do."""

from enum import StrEnum

from pydantic import Field

from contracts.base import Contract
from contracts.content.text import Line


class Topic(StrEnum):
    """The closed set of subjects."""

    HEALTH = "health"
    FINANCE = "finance"
    LEGAL = "legal"
    SAFETY = "safety"
    TECHNOLOGY = "technology"
    HOME = "home"
    NATURE = "nature"
    GENERAL = "general"


class Risk(StrEnum):
    """How much harm a wrong text could do; high risk always waits for a person."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class TopicLabel(Contract, version=1):
    """The classifier's label of a brief."""

    topic: Topic
    risk: Risk
    confidence: int = Field(ge=0, le=100)
    """0 to 100: the share of matched terms that belong to this topic."""

    rule: Line
    """The rule that decided, in words."""
