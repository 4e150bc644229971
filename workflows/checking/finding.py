"""A finding: what the check of a flow has to say, with its place and what would mend it."""

from enum import StrEnum

from contracts.base import Part
from workflows.checking.witness import Witness

Place = tuple[str | int, ...]
"""A path into the flow document, `("steps", "review", "next", 0, "when")`."""


class Severity(StrEnum):
    """Whether a flow may run all the same."""

    ERROR = "error"
    NOTE = "note"


class Finding(Part):
    """One reason why a flow may not run, or something its author should know."""

    code: str
    """Stable: `FO201`. 1xx the file's form, 2xx names and types, 3xx behaviour on some path."""

    place: Place
    message: str
    remedy: str
    severity: Severity = Severity.ERROR
    path: tuple[str, ...] = ()
    """The shortest way there: steps, gates and ends by name, from the start."""

    witness: Witness | None = None
    """For a behaviour: what would have to be answered for a run to go wrong so."""
