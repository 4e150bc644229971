"""What of a declared flow helps to show a run of it, as the gateway tells it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import JsonValue, ValidationError

from contracts.base import Part

_EACH: Final = re.compile(r"\w+ in (\w+)\.(\w+)")


class Way(Part):
    """One way on."""

    rule: str
    to: str
    at_most: int | None = None


class Read(Part):
    """What one input of a step is fed from."""

    input: str
    slot: str
    is_optional: bool = False


class StepShape(Part):
    """One step."""

    agent: str
    reads: tuple[Read, ...] = ()
    writes: str = ""
    each: str = ""
    """`part in outline.sections`, empty where there is no fan-out."""

    next: tuple[Way, ...] = ()


class GateShape(Part):
    """One gate."""

    role: str
    shows: tuple[str, ...] = ()
    writes: str | None = None
    answers_failure: bool = False
    allow: tuple[str, ...] = ()
    next: tuple[Way, ...] = ()


class EndShape(Part):
    """One end."""

    outcome: str
    reason: str = ""


class FlowShape(Part):
    """A flow."""

    name: str = ""
    version: int = 0
    summary: str = ""
    input: dict[str, str] = {}
    start: str = ""
    steps: dict[str, StepShape] = {}
    gates: dict[str, GateShape] = {}
    ends: dict[str, EndShape] = {}
