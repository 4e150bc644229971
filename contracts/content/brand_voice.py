"""How a brand speaks, whatever it speaks about."""

from pydantic import Field

from contracts.base import Contract, Part
from contracts.content.text import Line, Prose


class VoiceExample(Part):
    """One thing said in two ways."""

    id: Line
    wrong: Line
    right: Line


class BrandVoice(Contract, version=1):
    """The voice of a brand: what every text sounds like."""

    name: Line
    """Whose voice it is."""

    summary: Prose
    """The voice in a paragraph, as one would tell it to a new writer."""

    tone: tuple[Line, ...] = Field(min_length=1, max_length=10)
    """Adjectives, the most important first: `plain`, `warm`."""

    audience: Line
    says: tuple[Line, ...] = Field(default=(), max_length=50)
    """Words and phrases that belong to it."""

    never_says: tuple[Line, ...] = Field(default=(), max_length=50)
    """Words and phrases that do not."""

    examples: tuple[VoiceExample, ...] = Field(default=(), max_length=30)
