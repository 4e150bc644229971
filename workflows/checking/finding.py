"""A finding: what the check of a flow has to say, with its place and what would mend it."""

from contracts.base import Part

Place = tuple[str | int, ...]
"""A path into the flow document, `("steps", "review", "next", 0, "when")`."""


class Finding(Part):
    """One reason why a flow may not run."""

    code: str
    """Stable: `FO201`. 1xx the file's form, 2xx names and types, 3xx the graph."""

    place: Place
    message: str
    remedy: str
