"""What code measured on a set of posts."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.repurpose import Channel
from contracts.content.text import Line


class PostFaultKind(StrEnum):
    """What is wrong with a post."""

    UNSUPPORTED = "unsupported"
    """A sentence says what the paragraphs it cites do not say: a number, a name, a quotation."""

    LENGTH = "length"
    LINK = "link"
    HASHTAGS = "hashtags"
    MISSING = "missing"
    FORBIDDEN = "forbidden"
    ALT_TEXT = "alt_text"
    CHANNEL = "channel"
    """A post that the plan asks for is not there, or one is there that it does not ask for."""


class PostFault(Part):
    """One thing that is wrong with one post."""

    channel: Channel
    kind: PostFaultKind
    text: Line


class PostMeasure(Part):
    """How long a post is, as its channel counts."""

    channel: Channel
    counted: int = Field(ge=0)
    limit: int = Field(ge=1)


class PostReport(Contract, version=1):
    """Every post measured, and everything found wrong."""

    measures: tuple[PostMeasure, ...] = Field(min_length=1, max_length=5)
    sentences: int = Field(ge=1)
    """How many sentences were held against the paragraphs they cite."""

    faults: tuple[PostFault, ...] = Field(default=(), max_length=60)
    fault_count: int = Field(ge=0)
    """How many faults were found; more than are listed where a text is full of them."""

    @model_validator(mode="after")
    def _count_agrees(self) -> Self:
        listed = len(self.faults)
        if self.fault_count < listed or (self.fault_count and not listed):
            raise ValueError(f"fault_count says {self.fault_count}, listed are {listed}")
        return self
