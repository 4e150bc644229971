"""The matrix: every case on every system, and what came of it."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tests.modes import (
    faults_between_agents,
    faults_of_design,
    faults_of_verification,
    group_chat,
    sequential,
)
from tests.modes.case import Case, Ending
from tests.modes.ours import Place, run_ours
from tests.modes.plain import run_plain

CASES: Final = (
    *faults_of_design.CASES,
    *faults_between_agents.CASES,
    *faults_of_verification.CASES,
)
SIDE_BY_SIDE: Final = 4
"""Cases at a time: two cores serve the servers and the runs."""


class Outcome(StrEnum):
    """What a system did about a fault."""

    PREVENTED = "prevented"
    """It could not happen, or not have an effect."""

    REPAIRED = "detected and repaired"
    STOPPED = "detected and stopped"
    """The run did not succeed, and said why; or it waits for a person."""

    PASSED = "passed through"
    """The run reports success, and its text carries the fault: a silent failure."""


class System(StrEnum):
    """Who was tried."""

    OURS = "Flow Orchestra"
    SEQUENTIAL = "sequential script"
    GROUP_CHAT = "group chat"


@dataclass(frozen=True)
class Cell:
    """One case on one system."""

    case: Case
    system: System
    outcome: Outcome
    ending: Ending


def judged(case: Case, ending: Ending) -> Outcome:
    """Say what came of a fault, by the oracle that knows what was injected."""
    if not ending.successful:
        return Outcome.STOPPED
    if case.seen(ending):
        return Outcome.PASSED
    return Outcome.REPAIRED if ending.applied and ending.rejected else Outcome.PREVENTED


async def cell(case: Case, system: System, place: Place | None) -> Cell:
    """Run one case on one system; ours needs a place."""
    if system is System.OURS:
        assert place is not None, "ours runs on real servers"
        ending = await run_ours(case, place)
    else:
        ending = await run_plain(case, _PLAIN[system].write_article)
    return Cell(case, system, judged(case, ending), ending)


async def cells(
    cases: Iterable[Case], systems: Sequence[System], place: Place | None = None
) -> tuple[Cell, ...]:
    """Run cases on systems, a few at a time; the result is in the order given."""
    room = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(case: Case, system: System) -> Cell:
        async with room:
            return await cell(case, system, place)

    jobs: list[Awaitable[Cell]] = [one(case, system) for case in cases for system in systems]
    return tuple(await asyncio.gather(*jobs))


_PLAIN: Final = {System.SEQUENTIAL: sequential, System.GROUP_CHAT: group_chat}
