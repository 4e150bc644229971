"""What a prompt shows: compact data made of the inputs, and read back from a prompt's blocks.

An agent shows a model one `Part` a rung, field by field as blocks. Quotes come without addresses
and places: a small model's window has 4096 tokens.
"""

import json
from collections.abc import Mapping
from typing import TypeVar

from pydantic import JsonValue

from contracts.base import Part
from contracts.content.brief import Brief
from contracts.content.evidence import EvidenceItem
from contracts.reference import Trust
from services.agents.base import Block
from services.agents.checks.words import tidy

Shown = TypeVar("Shown", bound=Part)


class Quote(Part):
    """A verbatim quote, white space in order."""

    id: str
    quote: str


class Task(Part):
    """What the brief asks for, as far as writers need it."""

    title: str
    goal: str
    audience: str


def quote_of(item: EvidenceItem) -> Quote:
    """Show one piece of evidence."""
    return Quote(id=item.id, quote=tidy(item.quote))


def task_of(brief: Brief) -> Task:
    """Show what a brief asks for."""
    return Task(title=brief.title, goal=tidy(brief.goal), audience=brief.audience)


def blocks_of(shown: Part, trust: Mapping[str, Trust]) -> dict[str, Block]:
    """Make one block of each field; a field without a label is the operator's."""
    data: dict[str, JsonValue] = shown.model_dump(mode="json")
    return {name: Block(each, trust.get(name, Trust.OPERATOR)) for name, each in data.items()}


def read_back(kind: type[Shown], blocks: Mapping[str, JsonValue]) -> Shown:
    """Rebuild what was shown from the blocks of a prompt.

    Raises:
        pydantic.ValidationError: the blocks are not those of this kind.
    """
    return kind.model_validate_json(json.dumps(blocks))
