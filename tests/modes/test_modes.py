"""The failure modes: one fault of each on the shipped flow, all of them on the plain systems."""

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import JsonValue

from tests.modes.case import MODES, Asked
from tests.modes.control import CALM
from tests.modes.matrix import CASES, Outcome, System, cells
from tests.modes.mutants import prove
from tests.modes.ours import MeasurementError, Place
from tests.modes.report import passed_through

_FEWEST = 3


def _crash(asked: Asked) -> JsonValue:
    raise ZeroDivisionError


_SLICE = (
    "1.1 forbidden word in disguise",
    "1.2 planner writes claims into headings",
    "1.3 said twice in other order",
    "1.4 an old draft in the new one's place",
    "1.5 goes on as the next speaker",
    "2.1 reviser greets and starts over",
    "2.2 demand that no source can meet",
    "2.3 section about something else",
    "2.4 judge keeps a verdict to itself",
    "2.5 another sentence changed",
    "2.6 accepts and blocks",
    "3.1 cut in mid-sentence, closed properly",
    "3.2 a number where nobody checks",
    "3.3 invented authority",
)


@pytest.mark.servers
async def test_no_declared_part_of_a_mode_passes(
    temporal_address: str, redis_url: str, tmp_path: Path
) -> None:
    """The nastiest declared fault of each mode does not reach the readers; a calm run does."""
    place = Place(temporal_address, redis_url, tmp_path)
    chosen = [case for case in CASES if case.id in _SLICE]

    told = await cells([CALM, *chosen], [System.OURS], place)

    assert len(chosen) == len(MODES)
    assert told[0].ending.successful
    assert [cell.case.id for cell in passed_through(told)] == []


@pytest.mark.servers
async def test_a_crash_is_not_counted_as_a_detection(
    temporal_address: str, redis_url: str, tmp_path: Path
) -> None:
    """A step that breaks in our own code ends the measurement instead of looking like a stop."""
    crashing = replace(CALM, name="crash", spoils={"planner": _crash})

    with pytest.raises(MeasurementError, match="crash"):
        await cells([crashing], [System.OURS], Place(temporal_address, redis_url, tmp_path))


async def test_plain_systems_write_the_article_and_fail_silently_where_ours_does_not() -> None:
    """The comparison is alive: both succeed undisturbed, and let declared faults pass."""
    told = await cells([CALM, *CASES], [System.SEQUENTIAL, System.GROUP_CHAT])

    silent = [cell for cell in told if cell.case.declared and cell.outcome is Outcome.PASSED]
    assert [cell.ending.why for cell in told if cell.case is CALM] == ["", ""]
    assert {cell.system for cell in silent} == {System.SEQUENTIAL, System.GROUP_CHAT}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_has_three_faults(mode: str) -> None:
    """No mode of the taxonomy is left out or tried once for show."""
    assert len([case for case in CASES if case.mode == mode]) >= _FEWEST


def test_faults_have_names_of_their_own() -> None:
    """A row of the matrix is one fault."""
    assert len({case.id for case in CASES}) == len(CASES)


async def test_code_alone_catches_what_was_made_false() -> None:
    """Of several hundred mutants none slips through the fact check, and no good one is refused."""
    proof = await prove(320, seed=7)

    assert proof.made > 250
    assert proof.missed == ()
    assert proof.false_alarms == ()
