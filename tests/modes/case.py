"""One scripted fault as data: what is injected, and how a reader of the final text would see it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pydantic import JsonValue

from contracts.content.draft import Draft
from services.agents.checks.drafts import sentences_text
from services.agents.checks.words import tidy
from services.llm.base import Work
from services.llm.scripted.script import Line
from services.retrieval.base import Document

MODES: Final = {
    "1.1": ("Disobey task specification", "11.8"),
    "1.2": ("Disobey role specification", "1.5"),
    "1.3": ("Step repetition", "15.7"),
    "1.4": ("Loss of conversation history", "2.8"),
    "1.5": ("Unaware of termination conditions", "12.4"),
    "2.1": ("Conversation reset", "2.2"),
    "2.2": ("Fail to ask for clarification", "6.8"),
    "2.3": ("Task derailment", "7.4"),
    "2.4": ("Information withholding", "0.9"),
    "2.5": ("Ignored other agent's input", "1.9"),
    "2.6": ("Reasoning-action mismatch", "13.2"),
    "3.1": ("Premature termination", "6.2"),
    "3.2": ("No or incomplete verification", "8.2"),
    "3.3": ("Incorrect verification", "9.1"),
}
"""Name and share of the failures of benchmark traces in per cent, MAST version 3."""


class Guard(StrEnum):
    """What a design can promise about a fault."""

    PREVENTED = "P"
    """By construction: the system has no way to do it."""

    DETECTED = "D"
    """By a deterministic check at a border."""

    REDUCED = "R"
    """Only a judge or a person can see it."""


class Disturbance(StrEnum):
    """What happens to the system, as opposed to what a model says."""

    NONE = "none"
    MEMORY_WIPED = "memory wiped"
    MEMORY_STALE = "an old draft served under the new one's key"
    WORKER_LOST = "worker lost in the middle of a call"
    LOST_AFTER_PUBLISHING = "worker lost between publishing and saying so"


@dataclass(frozen=True)
class Asked:
    """One question to a scripted model, and what a good answer would be."""

    work: Work
    blocks: Mapping[str, JsonValue]
    good: JsonValue
    times: int = 1
    """How often this agent has been asked in this run, this question included."""


Spoil = Callable[[Asked], JsonValue]
"""Makes a bad answer of a good one; a string is sent as it stands, a good one is let through."""


@dataclass(frozen=True)
class Ending:
    """What a run came to, for whoever reads the text and for whoever reads the record."""

    successful: bool
    published: tuple[Draft, ...] = ()
    """Every different article that readers got, oldest first."""

    why: str = ""
    """Why it stopped, in words."""

    rejected: int = 0
    """Answers that were turned down, or revisions asked for."""

    calls: Mapping[str, int] = field(default_factory=dict)
    """Model calls by agent."""

    applied: bool = False
    """Whether the fault was met at all."""

    @property
    def text(self) -> str:
        """The last article: title, headings and sentences, a line each."""
        if not self.published:
            return ""
        draft = self.published[-1]
        headings = [section.heading for section in draft.sections]
        return "\n".join([draft.title, *headings, tidy_lines(sentences_text(draft.sections))])


def tidy_lines(text: str) -> str:
    """Put white space in order, line by line."""
    return "\n".join(tidy(line) for line in text.splitlines())


Seen = Callable[[Ending], bool]
"""The oracle: whether an ending that reads successful carries the fault."""


@dataclass(frozen=True)
class Case:
    """A fault, what it does to a run, and how it would show."""

    mode: str
    name: str
    injected: str
    seen: Seen
    guard: Guard
    declared: bool = True
    """Whether the design promises that it does not pass."""

    spoils: Mapping[str, Spoil] = field(default_factory=dict)
    """By agent; `selector` is the one who chooses speakers in a group chat."""

    lines: tuple[Line, ...] = ()
    """How the endpoint itself misbehaves."""

    planted: tuple[str, ...] = ()
    """False sentences: a good judge knows that they are false."""

    lenient: bool = False
    """Whether the judge supports everything instead."""

    changes: Mapping[str, JsonValue] = field(default_factory=dict)
    """Fields of the brief with other values; null leaves one out."""

    documents: tuple[Document, ...] = ()
    """Put into the brief's corpus."""

    disturbance: Disturbance = Disturbance.NONE
    at: str = "reviewer"
    """The agent whose call is disturbed."""

    visit: int = 1

    @property
    def id(self) -> str:
        """Mode and name."""
        return f"{self.mode} {self.name}"
