"""Where a run came from that began in the middle of another one's way."""

from typing import Literal

from pydantic import Field

from contracts.base import Part


class Origin(Part):
    """The run whose work a new run goes on with."""

    run: str
    how: Literal["retry", "fork", "move"]
    """`retry`: from where that run failed; `fork`: from a place that somebody chose; `move`: from
    where it stood, in its stead, by a newer version of its flow."""

    place: str
    """The step or gate at which the new run began."""

    visit: int = Field(default=1, ge=1)
    """Which visit of it that was."""

    changed: tuple[str, ...] = ()
    """What differs from that run: `input brief`, `prompt reviewer.free`, `model writer`."""
