"""Rehearses a flow: walks its ways undisturbed, then plays every fault at every place."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final
from uuid import uuid4

from services.errors import NotFoundError
from services.rehearsal.cells import Base, Cell, cells
from services.rehearsal.faults import Port
from services.rehearsal.judge import judge
from services.rehearsal.material import Inputs
from services.rehearsal.report import Rehearsal, Row, filled, row_of
from services.rehearsal.scene import Scene
from services.rehearsal.seen import seen
from services.rehearsal.stage import HANGING, Play, Stage, stage
from services.rehearsal.ways import Way, detours, ways

AT_ONCE: Final = 24
"""Runs at a time. Many only wait: for a lost heartbeat, or for a model that hangs."""

Progress = Callable[[int, int, Row | None], None]
"""Called with how many lines are filled, of how many, and the latest."""


@dataclass(frozen=True)
class Chosen:
    """Which lines are wanted."""

    steps: frozenset[str] = frozenset()
    """Steps or gates; empty for all."""

    faults: frozenset[str] = frozenset()
    """Faults or ports by name; empty for all."""

    def takes(self, cell: Cell) -> bool:
        """Whether a line is wanted."""
        injection = cell.target.injection
        names = {injection.name, injection.what.value, injection.port.value}
        wanted = not self.faults or bool(names & self.faults)
        return wanted and (not self.steps or cell.target.step in self.steps)


def _chosen(planned: Sequence[Cell], chosen: Chosen) -> list[Cell]:
    """Pick the lines that are wanted.

    Raises:
        NotFoundError: none is; the message lists what there is.
    """
    places = dict.fromkeys(each.target.step for each in planned)
    for step in chosen.steps:
        if step not in places:
            known = ", ".join(places)
            raise NotFoundError(f"there is no step {step!r} to rehearse; there are {known}")
    wanted = [each for each in planned if chosen.takes(each)]
    if not wanted:
        faults, where = ", ".join(chosen.faults), ", ".join(chosen.steps) or "any step"
        raise NotFoundError(
            f"no fault {faults} strikes at {where}; see `orchestra flows rehearse FLOW --list`"
        )
    return wanted


def _ignore(done: int, of: int, row: Row | None) -> None:
    """Nobody watches."""


async def rehearse(
    play: Play,
    inputs: Inputs,
    *,
    seed: int = 1,
    chosen: Chosen | None = None,
    at_once: int = AT_ONCE,
    progress: Progress = _ignore,
) -> Rehearsal:
    """Rehearse a flow on servers of its own, which are gone afterwards.

    Raises:
        UnavailableError: a server program is missing or does not start.
        InputInvalidError: an input does not fit the flow.
        NotFoundError: no line is chosen.
    """
    async with stage(play, at_once) as ready:
        return await rehearse_on(ready, inputs, seed=seed, chosen=chosen, progress=progress)


async def rehearse_on(
    ready: Stage,
    inputs: Inputs,
    *,
    seed: int = 1,
    chosen: Chosen | None = None,
    progress: Progress = _ignore,
) -> Rehearsal:
    """Rehearse a flow where everything is set up already; raises as `rehearse` does."""
    began, flow = monotonic(), ready.play.flow
    bases = await _walk(ready, ways(flow, inputs))
    if any(not any(base.visits(step) for base in bases) for step in flow.steps):
        bases += await _walk(ready, detours(flow, inputs))
    planned = _chosen(cells(flow, bases, seed), chosen or Chosen())
    rows = await _fill(ready, planned, progress)
    return Rehearsal(
        flow=flow.name,
        version=flow.version,
        seed=seed,
        seconds=round(monotonic() - began, 1),
        ways=tuple(f"{base.way.name}: {base.seen.outcome}" for base in bases),
        rows=tuple(rows),
    )


async def _walk(ready: Stage, walked: Sequence[Way]) -> list[Base]:
    scenes = [Scene(_tenant(), way) for way in walked]
    played = await asyncio.gather(*(ready.run(scene) for scene in scenes))
    return [
        Base(scene, seen(scene, run, ready.play.flow))
        for scene, run in zip(scenes, played, strict=True)
    ]


async def _fill(ready: Stage, planned: Sequence[Cell], progress: Progress) -> list[Row]:
    rows = [row_of(cell) for cell in planned]
    # What takes long without work goes first, so that the rest is done meanwhile.
    order = sorted(range(len(planned)), key=lambda number: not _waits(planned[number]))
    done = 0
    progress(done, len(planned), None)

    async def fill(number: int) -> None:
        nonlocal done
        rows[number] = await _row(ready, planned[number], rows[number])
        done += 1
        progress(done, len(planned), rows[number])

    await asyncio.gather(*(fill(number) for number in order))
    return rows


def _waits(cell: Cell) -> bool:
    injection = cell.target.injection
    return injection.port is Port.WORKER or injection.what in HANGING


def _tenant() -> str:
    """Give every run a tenant of its own, so that none touches another's memory."""
    return f"rehearsal-{uuid4().hex[:12]}"


async def _row(ready: Stage, cell: Cell, row: Row) -> Row:
    if cell.base is None:
        return row
    scene = Scene(_tenant(), cell.base.way, cell.target)
    played = await ready.run(scene)
    run = seen(scene, played, ready.play.flow)
    if not scene.fired:
        return row.model_copy(update={"why": "the run never came to where the fault strikes"})
    return filled(row, run, cell.base.seen, judge(scene, run, cell.base.seen))
