"""`orchestra flows check` and `explain-code`: what an author, an editor and a pipeline get."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.failure import FailureKind
from services.cli import app
from services.cli.flow_findings import annotation
from services.cli.witness_list import print_witnesses
from services.errors import InputInvalidError, NotFoundError
from services.flows.examining import Examined
from services.flows.shelf import shipped_files
from services.flows.source import SourceText
from services.flows.telling import tell
from workflows.checking.codes import CODES
from workflows.checking.examples import PLAN
from workflows.checking.finding import Finding, Severity
from workflows.checking.located import LocatedFinding
from workflows.checking.witness import Answered, Decided, Expired, Failed, Handled, Witness

Run = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the program in this process, at the top of the project, without a folder of flows."""
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("ORCHESTRA_FLOWS_DIR", raising=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            app.main(["flows", *arguments])
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a sound flow, one with a finding, and a file that is no flow file."""
    (tmp_path / "good.yaml").write_text(PLAN.replace("flow: plan", "flow: good"), "utf-8")
    bad = PLAN.replace("flow: plan", "flow: bad").replace("agent: planner", "agent: planer")
    (tmp_path / "bad.yml").write_text(bad, "utf-8")
    (tmp_path / "notes.txt").write_text("no flow", "utf-8")
    return tmp_path


def test_without_arguments_the_shipped_flows_are_checked(run: Run) -> None:
    """Everything that is offered here is checked; a sound flow is one line, the totals the last."""
    code, out, err = run("check")

    assert (code, err) == (0, "")
    first, *_, last = out.splitlines()
    assert first == "workflows/flows/article.yaml: ok  9 steps, 2 gates, 5 ends"
    assert last.startswith(f"{len(shipped_files())} files: 0 errors, ")


def test_the_mounted_folder_is_offered_too(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flows of ORCHESTRA_FLOWS_DIR are checked beside the shipped ones, their names as well."""
    monkeypatch.setenv("ORCHESTRA_FLOWS_DIR", str(folder))
    (folder / "again.yaml").write_text(PLAN.replace("flow: plan", "flow: article"), "utf-8")

    code, out, _ = run("check")

    assert code == 1
    assert "article.yaml: ok" in out
    assert f"{folder}/again.yaml:2: FO108 flow: a flow 'article' exists already" in out
    assert f"{folder}/bad.yml:24: FO201 steps.outline.agent: " in out


def test_a_folder_is_its_flow_files(run: Run, folder: Path) -> None:
    """A folder stands for its .yaml and .yml files; a broken one ends with 1."""
    code, out, _ = run("check", str(folder))

    assert code == 1
    assert out.splitlines()[0] == (
        f"{folder}/bad.yml:24: FO201 steps.outline.agent: there is no agent 'planer'"
    )
    assert f"{folder}/good.yaml: ok  2 steps, 2 gates, 5 ends" in out
    assert "notes.txt" not in out
    assert out.splitlines()[-1].startswith("2 files: 1 error, ")
    assert out.splitlines()[-1].endswith("; 1 cannot be run")


def test_a_missing_file_hides_no_other(run: Run, folder: Path) -> None:
    """A file that is not there is a finding with a remedy, and the others are checked."""
    code, out, _ = run("check", str(folder / "gone.yaml"), str(folder / "good.yaml"))

    assert code == 1
    assert f"{folder}/gone.yaml: FO106 file: it cannot be read: No such file or directory" in out
    assert "    remedy: Name a flow file, or a folder of them, that this user may read." in out
    assert f"{folder}/good.yaml: ok" in out


def test_a_folder_without_flows_is_no_success(run: Run, tmp_path: Path) -> None:
    """Who names the wrong folder is told, instead of that nothing is wrong in it."""
    code, out, _ = run("check", str(tmp_path))

    assert code == 1
    assert f"{tmp_path}: FO106 file: there is no flow file in this folder" in out


@pytest.mark.parametrize("asked", [["--format", "json"], ["--json"]])
def test_json_holds_every_finding_as_data(run: Run, folder: Path, asked: list[str]) -> None:
    """For programs: each file, whether it may run, and each finding with place and remedy."""
    code, out, err = run("check", str(folder), *asked)

    report: dict[str, Any] = json.loads(out)
    bad, good = report["files"]
    [finding] = bad["findings"]
    assert (code, err, report["errors"]) == (1, "", 1)
    assert (bad["ok"], bad["flow"], good["ok"], good["flow"]) == (False, "bad", True, "good")
    assert finding == {
        "file": f"{folder}/bad.yml",
        "line": 24,
        "column": 20,
        "end_column": 26,
        "shown": (
            "  outline: {agent: planer, reads: [brief, evidence], writes: outline, next: approve}"
        ),
        "code": "FO201",
        "severity": "error",
        "place": "steps.outline.agent",
        "message": "there is no agent 'planer'",
        "remedy": "Did you mean 'planner'?",
        "path": [],
        "witness": None,
    }


def test_github_shows_findings_at_their_lines(run: Run, folder: Path) -> None:
    """For a pipeline: one workflow command a finding, and nothing else on standard output."""
    code, out, err = run("check", str(folder), "--format", "github")

    assert code == 1
    assert out == (
        f"::error file={folder}/bad.yml,line=24,col=20,title=FO201::steps.outline.agent: there is"
        " no agent 'planer'%0Aremedy: Did you mean 'planner'?\n"
    )
    assert err.startswith("2 files: 1 error, ")


NOTE = LocatedFinding(
    file="a,b:50%.yaml",
    line=5,
    code="FO401",
    severity=Severity.NOTE,
    place="budget",
    message="100% of\r\nit",
    remedy="Nothing.",
    path=("one", "two"),
)


def test_what_would_end_an_annotation_early_is_escaped() -> None:
    """Commas, colons, percent signs and line ends of names and messages stay what they are."""
    assert annotation(NOTE) == (
        "::notice file=a%2Cb%3A50%25.yaml,line=5,title=FO401::budget: 100%25 of%0D%0Ait"
        "%0Aremedy: Nothing.%0Apath: one → two"
    )


def test_a_note_says_that_it_is_one() -> None:
    """Notes look like findings, with the word before their code."""
    assert tell(NOTE).startswith("a,b:50%.yaml:5: note FO401 budget: ")


def test_notes_are_no_failure(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """A flow with notes alone is sound."""
    examined = Examined("a.yaml", None, (NOTE,), SourceText("a.yaml"))

    assert (examined.errors, examined.notes) == (0, 1)


def test_a_terminal_is_not_steered_by_a_file(run: Run, tmp_path: Path) -> None:
    """Control characters of a broken file are not printed."""
    (tmp_path / "a.yaml").write_text("flow: \x1b[31mred\n", "utf-8")

    _, out, _ = run("check", str(tmp_path))

    assert "\x1b" not in out
    assert "the character U+001B cannot stand in YAML" in out


NAMED_BADLY = "a\n::error::b\x1b[31m\u202e.yaml"


@pytest.mark.parametrize("asked", [[], ["--format", "github"]])
def test_a_name_of_a_file_is_one_harmless_word(run: Run, tmp_path: Path, asked: list[str]) -> None:
    """Line ends and control characters of a file's name neither steer a terminal nor a pipeline."""
    (tmp_path / NAMED_BADLY).write_text("flow: [\n", "utf-8")
    (tmp_path / "z.yaml").write_text("flow: [\n", "utf-8")

    _, out, _ = run("check", str(tmp_path), *asked)

    assert [line for line in out.splitlines() if line.startswith("::error::")] == []
    assert not set(out) & {"\x1b", "\u202e", "\r"}


def test_a_pipeline_is_told_the_name_of_a_file_in_full(run: Run, tmp_path: Path) -> None:
    """Its line end is escaped as workflow commands ask for, so that the file is still found."""
    (tmp_path / "a\nb.yaml").write_text("flow: [\n", "utf-8")

    _, out, _ = run("check", str(tmp_path), "--format", "github")

    assert f"file={tmp_path}/a%0Ab.yaml,line=2," in out


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("gpt-5-mini", " of $5.00 at the price of gpt-5-mini\n"),
        ("house-model", "an unknown amount of $5.00\n"),
    ],
)
def test_money_is_told_with_the_model_whose_price_it_is(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, told: str
) -> None:
    """The settings name the model; a bound in dollars says whose price it is reckoned at."""
    monkeypatch.setenv("ORCHESTRA_MODEL", model)
    (tmp_path / "plan.yaml").write_text(PLAN, "utf-8")

    _, out, _ = run("check", str(tmp_path))

    assert told in out


WITNESS = Witness(
    given={"brief": {"len(key_points)": 3}},
    moves=(
        Answered(node="classify"),
        Answered(node="research", facts={"len(items)": 0}),
        Failed(node="review", failure=FailureKind.REFUSED),
        Handled(node="help@review", action="retry"),
        Decided(node="approve", verdict="edited", edited={"len(sections)": 2}),
        Expired(node="approve"),
    ),
    at="publish",
    repeats_from=4,
)
STALE = Finding(
    code="FO305",
    place=("steps", "publish", "reads", 1),
    message="claims are stale",
    remedy="Check the facts again.",
    path=("classify", "help@review", "publish"),
    witness=WITNESS,
)


def _examined(*findings: Finding) -> Examined:
    source = SourceText.of("a.yaml", "flow: a\n")
    return Examined("a.yaml", None, source.locate(findings), source)


def test_a_finding_shows_its_path_and_its_witness() -> None:
    """Under the remedy stand the way there and the answers that lead a run along it."""
    [finding] = _examined(STALE).findings

    assert tell(finding).splitlines()[2:] == [
        "    remedy: Check the facts again.",
        "    path: classify → help about review → publish",
        "    witness: it goes wrong at publish, again and again, when",
        "      brief is given with len(key_points) = 3",
        "      research answers len(items) = 0",
        "      review fails: refused",
        "      somebody answers retry at help about review",
        "      somebody decides edited at approve, edited to len(sections) = 2",
        "      nobody decides at approve in time",
    ]


def test_a_witness_is_a_numbered_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Who answers what, in order, and where that leads."""
    print_witnesses([_examined(STALE)], "fo305")

    assert capsys.readouterr().out == (
        "a.yaml:1: FO305 steps.publish.reads.1: claims are stale\n"
        "       brief is given with len(key_points) = 3\n"
        "    1. classify answers\n"
        "    2. research answers len(items) = 0\n"
        "    3. review fails: refused\n"
        "    4. somebody answers retry at help about review\n"
        "    5. somebody decides edited at approve, edited to len(sections) = 2\n"
        "    6. nobody decides at approve in time\n"
        "       and 5 to 6 again, for ever\n"
        "       then it goes wrong at publish\n"
    )


def test_a_witness_of_one_file_and_one_code() -> None:
    """Who asks for a witness that is not there is told what there is."""
    plain = STALE.model_copy(update={"code": "FO201", "witness": None})

    with pytest.raises(InputInvalidError, match="name exactly one"):
        print_witnesses([_examined(STALE), _examined(STALE)], "FO305")
    with pytest.raises(NotFoundError, match=r"a\.yaml has no finding FO302; it has: FO305"):
        print_witnesses([_examined(STALE)], "FO302")
    with pytest.raises(NotFoundError, match="FO201 is wrong as written"):
        print_witnesses([_examined(plain)], "FO201")


@pytest.mark.parametrize(
    ("code", "severity", "why"),
    [
        ("FO308", Severity.ERROR, "FO308 says that it is undecided whether some run goes wrong"),
        ("FO401", Severity.NOTE, "FO401 is a note, and no run goes wrong by it"),
    ],
)
def test_what_is_undecided_is_not_called_wrong(code: str, severity: Severity, why: str) -> None:
    """Neither a check that gave up nor a note says that the flow is wrong as written."""
    found = STALE.model_copy(update={"code": code, "severity": severity, "witness": None})

    with pytest.raises(NotFoundError, match=why):
        print_witnesses([_examined(found)], code)


def test_a_witness_is_for_a_person(run: Run, folder: Path) -> None:
    """With --witness no other format can be asked for; programs find witnesses in the JSON."""
    code, _, err = run("check", str(folder), "--witness", "FO302", "--format", "json")

    assert code == 2
    assert "json holds every witness" in err


@pytest.mark.parametrize("code", ["FO203", "fo203", "203"])
def test_a_code_is_explained(run: Run, code: str) -> None:
    """Title, meaning, what is wrong and what mends it, at any spelling of the code."""
    ended, out, _ = run("explain-code", code)

    assert ended == 0
    assert out.startswith(f"FO203  {CODES['FO203'].title}\nerror, names and types\n")
    assert "\nWrong\n    - {else: rejectd}\n\nMended\n    - {else: rejected}\n" in out


@pytest.mark.parametrize(
    ("code", "near"), [("FO299", "FO301, FO302"), ("F0203", "FO203"), ("nothing", "none is")]
)
def test_an_unknown_code_names_its_neighbours(run: Run, code: str, near: str) -> None:
    """A code that does not exist ends with 4 and the nearest there are."""
    ended, _, err = run("explain-code", code)

    assert ended == 4
    assert f"there is no finding {code}; " in err
    assert near in err


def test_all_codes_are_listed(run: Run) -> None:
    """Without a code there is the list, as text or as data."""
    _, out, _ = run("explain-code")
    _, data, _ = run("explain-code", "--json")

    assert [line.split()[0] for line in out.splitlines()[1:]] == list(CODES)
    assert [each["code"] for each in json.loads(data)] == list(CODES)
