"""The control: without a fault, all three systems write the article.

Otherwise a system that never succeeds would look as if it noticed everything.
"""

from typing import Final

from tests.modes.case import Case, Guard
from tests.modes.matrix import Cell, System, cells
from tests.modes.ours import Place

CALM: Final = Case(
    mode="0",
    name="undisturbed",
    injected="Nothing.",
    seen=lambda ending: not ending.text,
    guard=Guard.PREVENTED,
)


async def calm(place: Place) -> tuple[Cell, ...]:
    """Run all three systems without a fault."""
    return await cells([CALM], tuple(System), place)


async def require_calm(place: Place) -> None:
    """Demand that all three succeed.

    Raises:
        RuntimeError: one does not; it is named.
    """
    failed = [cell for cell in await calm(place) if not cell.ending.successful]
    if failed:
        raise RuntimeError(f"undisturbed, {failed[0].system} fails: {failed[0].ending.why}")
