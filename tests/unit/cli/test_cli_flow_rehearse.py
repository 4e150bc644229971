"""`orchestra flows rehearse`: what it lists, and what it refuses before it starts anything."""

import json
from pathlib import Path

import pytest

from services.cli.app import main


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Call the program as a shell would."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    told = capsys.readouterr()
    return int(ended.value.code or 0), told.out, told.err


def test_the_faults_are_listed_with_what_they_do(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with the mode that it plays and whether code can tell it; nothing is started."""
    code, out, _ = run(capsys, "flows", "rehearse", "article", "--list", "--json")

    listed = {each["fault"]: each for each in json.loads(out)}
    assert code == 0
    assert listed["byte_flipped"] == {
        "port": "memory",
        "fault": "byte_flipped",
        "does": "one bit of what the step reads is flipped",
        "mode": "1.4",
        "recognisable": True,
    }
    assert not listed["off_topic"]["recognisable"]


def test_an_input_that_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the file."""
    (tmp_path / "brief.yaml").write_text("- no mapping\n", "utf-8")

    code, _, told = run(
        capsys, "flows", "rehearse", "article", "--input", str(tmp_path / "brief.yaml")
    )

    assert code == 4
    assert "brief.yaml holds no input" in told


def test_a_flow_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """As by every command about flows."""
    code, _, told = run(capsys, "flows", "rehearse", "nothing")

    assert code == 4
    assert "there is no flow 'nothing'" in told
