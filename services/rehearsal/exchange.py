"""One good answer of a model, with what it was asked."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue


@dataclass(frozen=True)
class Exchange:
    """What a prompt showed, what the answer has to look like, and what was answered."""

    rung: str
    blocks: Mapping[str, JsonValue]
    schema: Mapping[str, JsonValue]
    answer: JsonValue
