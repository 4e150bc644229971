"""`orchestra flows new` and `orchestra flows schema` write what an author starts from."""

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


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_new_flow_passes_the_check(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is named after the flow, and what to do next is the command that is said."""
    code, out, _ = run(capsys, "flows", "new", "news")
    checked, _, _ = run(capsys, "flows", "check", "news.yaml")

    assert (code, checked) == (0, 0)
    assert out == (
        "wrote news.yaml; editors read flow.schema.json beside it\n"
        "next: orchestra flows check news.yaml\n"
    )
    assert sorted(each.name for each in folder.iterdir()) == ["flow.schema.json", "news.yaml"]


def test_the_flow_names_the_schema_beside_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An editor finds the schema by the file's first line."""
    run(capsys, "flows", "new", "news", "-o", "letter.yml")

    first = (folder / "letter.yml").read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=flow.schema.json"
    assert json.loads((folder / "flow.schema.json").read_text("utf-8"))["definitions"]


def test_nothing_that_is_there_is_written_over(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a flow, which is refused, nor a schema, which is kept."""
    (folder / "flow.schema.json").write_text("{}")
    run(capsys, "flows", "new", "news")
    (folder / "news.yaml").write_text("mine")

    code, out, err = run(capsys, "flows", "new", "news")

    assert (code, out) == (4, "")
    assert err.startswith("error: news.yaml is there already and stays as it is; ")
    assert (folder / "news.yaml").read_text() == "mine"
    assert (folder / "flow.schema.json").read_text() == "{}"


def test_a_refused_name_leaves_no_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rule for names is told before anything is written."""
    code, _, err = run(capsys, "flows", "new", "My-News")

    assert code == 4
    assert "use lower-case letters, digits and underscores" in err
    assert list(folder.iterdir()) == []


def test_what_was_written_is_told_to_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json the names of the files are one document."""
    _, out, _ = run(capsys, "flows", "new", "news", "--json")

    assert json.loads(out) == {
        "flow": "news",
        "file": "news.yaml",
        "schema": "flow.schema.json",
    }


def test_the_schema_is_shown_or_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both are the same text; a file of before is replaced."""
    (folder / "old.json").write_text("{}")

    _, shown, _ = run(capsys, "flows", "schema")
    run(capsys, "flows", "schema", "-o", "old.json")

    assert json.loads(shown)["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert (folder / "old.json").read_text("utf-8") == shown


def test_a_schema_that_cannot_be_written_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    """A missing folder ends with 3, for the environment has to change."""
    code, _, err = run(capsys, "flows", "schema", "-o", "gone/flow.schema.json")

    assert code == 3
    assert err == "error: gone/flow.schema.json cannot be written: No such file or directory\n"
