"""`orchestra flows map`: prints or writes the map of a flow, without a stack."""

import json
import shutil
from pathlib import Path

import pytest

from services.cli.app import main

ARTICLE = Path(__file__).parents[3] / "workflows" / "flows" / "article.yaml"


def _ends(*arguments: str) -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        main(["flows", "map", *arguments])
    return ended.value.code


def test_a_map_is_printed_as_mermaid(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a file the flowchart comes out on standard output, and nothing else."""
    assert _ends("article") == 0

    printed = capsys.readouterr()
    assert printed.out.startswith("flowchart TD\n")
    assert printed.err == ""


def test_a_map_is_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json the map itself comes out."""
    assert _ends("article", "--json") == 0

    assert json.loads(capsys.readouterr().out)["flow"] == "article"


@pytest.mark.parametrize(
    ("ending", "beginning"),
    [("svg", "<svg "), ("html", "<!doctype html>"), ("mmd", "flowchart TD"), ("json", "{")],
)
def test_the_ending_says_what_is_drawn(tmp_path: Path, ending: str, beginning: str) -> None:
    """Each of the four endings gives its form."""
    output = tmp_path / f"map.{ending}"

    assert _ends(str(ARTICLE), "-o", str(output)) == 0
    assert output.read_text("utf-8").startswith(beginning)


def test_an_unknown_ending_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The refusal names the endings there are, and nothing is written."""
    output = tmp_path / "map.png"

    assert _ends("article", "-o", str(output)) == 4
    assert ".json, .svg, .html, .mmd" in capsys.readouterr().err
    assert not output.exists()


def test_a_file_and_json_on_the_terminal_exclude_each_other(tmp_path: Path) -> None:
    """Which of both was meant is not guessed."""
    assert _ends("article", "--json", "-o", str(tmp_path / "map.svg")) == 2


def test_a_flow_with_findings_has_no_map(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The findings are told instead."""
    broken = tmp_path / "broken.yaml"
    broken.write_text(ARTICLE.read_text("utf-8").replace("start: classify", "start: nowhere"))

    assert _ends(str(broken)) == 1
    assert "nowhere" in capsys.readouterr().err


def test_an_unknown_flow_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The refusal names the flows there are."""
    assert _ends("novel") == 4
    assert "article" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be written is named."""
    shutil.rmtree(tmp_path)

    assert _ends("article", "-o", str(tmp_path / "map.mmd")) == 3
    assert "cannot be written" in capsys.readouterr().err
