"""Witnesses played on the real interpreter and a real server: runs go wrong as foretold."""

from pathlib import Path

import pytest

from services.catalogue import catalogue
from services.flows.compile import compile_flow
from services.flows.document import read_text
from services.flows.examining import Examined, examine_file, examine_text
from services.flows.shelf import shipped_files
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
    ("FO302-entry-not-there", "last has no value here"),
    ("FO306-published-from-memory", "nobody vouches for draft:1"),
    ("FO303-endless-retry", "it went round 3 times and wanted to go on"),
    ("FO303-endless-revision", "it went round 3 times and wanted to go on"),
    ("FO304-trap", "it went round 3 times and wanted to go on"),
    ("FO305-claims-after-edit", "claims has only a stale value here"),
    ("FO306-never-accepted", "nobody vouches for draft:3"),
    ("FO306-rejected-and-published", "nobody vouches for draft"),
]


def _broken(name: str) -> Examined:
    return examine_file(BROKEN / f"{name}.yaml", name, KNOWN)


async def _played(address: str, examined: Examined) -> list[Played]:
    assert examined.flow is not None
    client = await connect(Settings(temporal_address=address))
    witnesses = [each.witness for each in examined.findings if each.witness is not None]
    return [await play(client, examined.flow, each, KNOWN.registry) for each in witnesses]


@pytest.mark.parametrize(("name", "reason"), FORETOLD, ids=[name for name, _ in FORETOLD])
async def test_a_run_goes_wrong_as_foretold(temporal_address: str, name: str, reason: str) -> None:
    """Played answer by answer, the run ends at the very border that the finding names."""
    [played] = await _played(temporal_address, _broken(name))

    assert played.as_foretold
    assert played.end == ""
    assert reason in played.reason


def _article() -> str:
    return next(each for each in shipped_files() if each.name == "article.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("sound", "slip", "reason"),
    [
        (
            "shows: [brief, draft, claims, review]",
            "shows: [brief, draft, claims, review, publication]",
            "at approve: publication has no value here",
        ),
        ("        to: publish\n", "        to: done\n", "at done: publication has no value here"),
    ],
    ids=["shown", "output"],
)
async def test_a_gate_and_an_end_stop_a_run_as_a_step_does(
    temporal_address: str, sound: str, slip: str, reason: str
) -> None:
    """What a person would be shown, and what a run would give out, is guarded in the same way."""
    examined = examine_text("article.yaml", _article().replace(sound, slip), KNOWN)

    [played] = await _played(temporal_address, examined)

    assert played.as_foretold
    assert reason in played.reason


async def test_a_person_who_may_only_raise_the_budget_keeps_a_run_going(
    temporal_address: str,
) -> None:
    """Where a gate lets nobody retry, the witness answers with what it allows, round by round."""
    text = (BROKEN / "FO303-endless-retry.yaml").read_text("utf-8")
    examined = examine_text(
        "a.yaml", text.replace("allow: [retry, ", "allow: [raise_budget, "), KNOWN
    )

    [played] = await _played(temporal_address, examined)

    assert played.as_foretold
    assert "it went round 3 times" in played.reason


async def test_a_gate_shows_nothing_stale(temporal_address: str) -> None:
    """Two reports on a replaced draft are two findings; the run of each stops at the gate."""
    first, second = await _played(temporal_address, _broken("FO305-review-after-revision"))

    assert (first.as_foretold, second.as_foretold) == (True, True)
    assert "at approve: claims has only a stale value here and review has only" in first.reason


@pytest.mark.parametrize(
    "name",
    [
        "FO302-unset-after-failure",
        "FO303-endless-retry",
        "FO303-endless-revision",
        "FO304-trap",
        "FO305-claims-after-edit",
        "FO306-rejected-and-published",
    ],
)
async def test_a_sound_flow_does_not_go_wrong_as_another_one_would(
    temporal_address: str, name: str
) -> None:
    """The shipped article, answered as a broken flow's witness says, does not do what that does."""
    article = compile_flow(read_text("article.yaml", _article()), KNOWN)
    witness = _broken(name).findings[0].witness
    assert witness is not None
    client = await connect(Settings(temporal_address=temporal_address))

    played = await play(client, article, witness, KNOWN.registry)

    assert not played.as_foretold


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
