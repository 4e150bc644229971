"""What every part of a file shares that a person writes."""

from typing import Annotated

from pydantic import ConfigDict, StringConstraints

from contracts.base import Part
from contracts.notation import NAME

Name = Annotated[str, StringConstraints(pattern=NAME)]
"""Steps, gates, ends, slots and inputs: lower case, digits and underscores."""


class Written(Part):
    """Part of a file that a person writes: unknown keys are errors."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
