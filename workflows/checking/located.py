"""A finding with its place in a file: what editors, pipelines and people are shown."""

from contracts.base import Part
from workflows.checking.finding import Severity
from workflows.checking.witness import Witness


class LocatedFinding(Part):
    """One finding, its line and everything that is shown with it. Nothing needs the file again."""

    file: str
    """As the author called it: a path, or the name of a shipped flow."""

    line: int | None = None
    """From 1; None when the file could not be read."""

    column: int | None = None
    """From 1, in characters; None when the finding is about more than one thing of the line."""

    end_column: int | None = None
    """The column after the last one meant."""

    shown: str = ""
    """The line as written, cut off when it is long."""

    code: str
    severity: Severity
    place: str
    """Dotted: `steps.review.next.0.when`, or `file`."""

    message: str
    remedy: str
    path: tuple[str, ...] = ()
    """The shortest way there: steps, gates and ends by name, from the start."""

    witness: Witness | None = None
    """For a behaviour: what would have to be answered for a run to go wrong so."""
