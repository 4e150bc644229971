"""`orchestra memory loss-report`: what is gone, who needs it, who acts, how it ends."""

import json

import pytest

from services.cli.app import main
from tests.unit.cli.conftest import RUN, CannedGateway

LOST = {
    "name": "draft:2",
    "digest": "ab" * 32,
    "size": 40_000,
    "slot": "draft",
    "made_by": "write",
    "visit": 2,
    "needed_by": ["review", "approve"],
    "made_from_it": ["report:1"],
}
REPORT = {"run": RUN, "flow": "article", "status": "running", "place": "review"}


def _ended(*arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(["memory", "loss-report", RUN, *arguments])
    return ended.value.code


def test_a_loss_is_shown_and_ends_with_3(
    gateway: CannedGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table names the value and what depends on it; the last line says who acts."""
    answer = {**REPORT, "lost": [LOST], "next": "the operator: restore the archive"}
    gateway.has(f"GET /v1/runs/{RUN}/loss-report", answer)

    assert _ended() == 3

    _, line, last = capsys.readouterr().out.splitlines()
    assert " ".join(line.split()) == "draft:2 write (2) abababab review, approve report:1"
    assert last == "next: the operator: restore the archive"


def test_no_loss_ends_with_0(gateway: CannedGateway, capsys: pytest.CaptureFixture[str]) -> None:
    """A run that has everything needs nobody, as JSON too."""
    answer = {**REPORT, "lost": [], "next": "nobody: every value of the run can be read"}
    gateway.has(f"GET /v1/runs/{RUN}/loss-report", answer)

    assert (_ended(), _ended("--json")) == (0, 0)

    told, _, document = capsys.readouterr().out.partition("\n")
    assert told == "next: nobody: every value of the run can be read"
    assert json.loads(document) == answer
