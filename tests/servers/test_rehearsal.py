"""Witnesses played on the real interpreter and a real server: runs go wrong as foretold."""

from pathlib import Path

import pytest

from services.catalogue import catalogue
from services.flows.examining import examine_file
from services.rehearsal.play import Played, play, throwaway_client
from services.settings import Settings
from services.temporal import connect
from workflows.checking.witness import Answered, Witness

pytestmark = pytest.mark.servers

BROKEN = Path(__file__).parents[1] / "flows" / "broken"
KNOWN = catalogue(Settings.from_environ({}))

FORETOLD = [
    ("FO302-unset-after-failure", "evidence has no value here"),
    ("FO302-rule-reads-unset", "has no value here"),
    ("FO303-endless-revision", "it went round 3 times and wanted to go on"),
    ("FO304-trap", "it went round 3 times and wanted to go on"),
    ("FO305-claims-after-edit", "claims has only a stale value here"),
    ("FO306-never-accepted", "nobody vouches for draft:3"),
    ("FO306-rejected-and-published", "nobody vouches for draft"),
]


async def _played(address: str, name: str) -> list[Played]:
    examined = examine_file(BROKEN / f"{name}.yaml", name, KNOWN)
    assert examined.flow is not None
    client = await connect(Settings(temporal_address=address))
    witnesses = [each.witness for each in examined.findings if each.witness is not None]
    return [await play(client, examined.flow, each, KNOWN.registry) for each in witnesses]


@pytest.mark.parametrize(("name", "reason"), FORETOLD, ids=[name for name, _ in FORETOLD])
async def test_a_run_goes_wrong_as_foretold(temporal_address: str, name: str, reason: str) -> None:
    """Played answer by answer, the run ends at the very border that the finding names."""
    [played] = await _played(temporal_address, name)

    assert played.as_foretold
    assert played.end == ""
    assert reason in played.reason


async def test_a_run_that_ends_well_is_not_as_foretold(temporal_address: str) -> None:
    """A witness that does not go wrong is told with the end that the run reached."""
    examined = examine_file(BROKEN / "FO401-tight-budget.yaml", "article", KNOWN)
    assert examined.flow is not None
    client = await connect(Settings(temporal_address=temporal_address))
    nothing_found = Witness(
        moves=(
            Answered(node="classify", facts={"risk": "low"}),
            Answered(node="research", facts={"len(items)": 0}),
        ),
        at="no_sources",
    )

    played = await play(client, examined.flow, nothing_found, KNOWN.registry)

    assert (played.as_foretold, played.end) == (False, "no_sources")


async def test_a_server_is_started_for_it_where_there_is_none() -> None:
    """The throwaway server answers for as long as it is needed."""
    async with throwaway_client() as client:
        assert (await client.count_workflows()).count == 0
