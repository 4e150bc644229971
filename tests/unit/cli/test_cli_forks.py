"""`orchestra runs retry`, `fork`, `diff` and `rerun`: what they send and what a person reads."""

from pathlib import Path
from typing import Any

import pytest

from services.cli.app import main
from tests.unit.cli.conftest import RUN, CannedGateway

NEW = "01K000000000000000000000BB"
OF = {"run": RUN, "how": "fork", "place": "review", "visit": 2, "changed": ["input brief"]}
FORKED = {"id": NEW, "flow": "article", "url": "http://g/2", "replayed": False, "of": OF}
SIDE = {"id": RUN, "flow": "article", "flow_version": 1, "status": "succeeded"}
DIFF: dict[str, Any] = {
    "a": SIDE,
    "b": {**SIDE, "id": NEW, "of": OF},
    "slots": [
        {"slot": "brief", "state": "same", "a": "brief:1", "b": "brief:1"},
        {
            "slot": "draft",
            "state": "changed",
            "a": "draft:2",
            "b": "draft:1",
            "fields": [
                {
                    "path": "title",
                    "pieces": [
                        {"change": "removed", "text": "Cold"},
                        {"change": "added", "text": "Hot"},
                        {"change": "kept", "text": " heaps"},
                    ],
                }
            ],
        },
        {"slot": "review", "state": "only_a", "a": "review:1"},
    ],
}


def _ended(*arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(["runs", *arguments])
    return ended.value.code


def _rows(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_fork_sends_what_is_changed(
    gateway: CannedGateway, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Inputs and values from YAML, prompts as they stand in the file, models by name."""
    (tmp_path / "brief.yaml").write_text("title: Heaps\n")
    (tmp_path / "prompt.md").write_text("Be brief.\n")
    gateway.has(f"POST /v1/runs/{RUN}/fork", FORKED, 202)

    code = _ended(
        *("fork", RUN, "--at", "review", "--visit", "2"),
        *("--input", f"brief=@{tmp_path}/brief.yaml", "--set", f"draft=@{tmp_path}/brief.yaml"),
        *("--prompt", f"reviewer.free=@{tmp_path}/prompt.md", "--model", "judge=big"),
        *("--by", "ann"),
    )

    [(_, _, body)] = gateway.asked
    assert code == 0
    assert body == {
        "at": "review",
        "visit": 2,
        "input": {"brief": {"title": "Heaps"}},
        "values": {"draft": {"title": "Heaps"}},
        "prompts": {"reviewer.free": "Be brief.\n"},
        "models": {"judge": "big"},
        "flow_version": "same",
        "by": "ann",
    }
    told = capsys.readouterr().out
    assert f"fork of {RUN}, from review (visit 2) on; changed: input brief" in told


@pytest.mark.parametrize("given", ["brief", "brief=brief.yaml"])
def test_a_change_names_its_file(gateway: CannedGateway, given: str) -> None:
    """A command line that says less is wrong."""
    assert _ended("fork", RUN, "--input", given) == 2


def test_a_retry_is_sent_under_its_key(gateway: CannedGateway) -> None:
    """By the flow that the run has, unless the current one is asked for."""
    gateway.has(f"POST /v1/runs/{RUN}/retry", FORKED, 202)

    code = _ended("retry", RUN, "--flow-version", "current", "--idempotency-key", "k")

    [(_, headers, body)] = gateway.asked
    assert (code, headers["Idempotency-Key"], body) == (0, "k", {"flow_version": "current"})


def test_a_difference_is_written_in_words(
    gateway: CannedGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every slot has a line; what changed is marked where there are no colours."""
    gateway.has(f"GET /v1/runs/{RUN}/diff/{NEW}", DIFF)

    assert _ended("diff", RUN, NEW) == 0

    rows = _rows(capsys.readouterr().out)
    assert "brief brief:1 brief:1 same" in rows
    assert "draft draft:2 draft:1 changed, 1 field(s)" in rows
    assert "review review:1 only in A" in rows
    assert rows[rows.index("draft:2 → draft:1") + 1] == "title: [-Cold-]{+Hot+} heaps"


def test_many_runs_are_told_before_they_are_gone_on_from(
    gateway: CannedGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dry run asks once and starts nothing; a problem of one run ends the command with 11."""
    told = {"run": RUN, "place": "write", "visit": 2}
    bad = {"run": NEW, "problem": "it is running"}
    report = {"batch": "b1", "dry_run": True, "runs": [told, bad]}
    gateway.has("POST /v1/runs/rerun", report)

    code = _ended("rerun", "--flow", "article", "--since", "2h", "--dry-run")

    [(_, _, body)] = gateway.asked
    assert (code, body["dry_run"], body["runs"]["status"]) == (11, True, "failed")
    rows = _rows(capsys.readouterr().out)
    assert f"{RUN} write (visit 2) would be started" in rows
    assert f"{NEW} it is running" in rows


def test_runs_are_gone_on_from_in_the_batch_that_was_shown(gateway: CannedGateway) -> None:
    """What is done is what was told: the same selection under the same name."""
    report = {"batch": "b1", "dry_run": False, "runs": [{"run": RUN, "started": NEW}]}
    gateway.has("POST /v1/runs/rerun", report)

    assert _ended("rerun", "--yes") == 0

    [(_, _, first), (_, _, second)] = gateway.asked
    assert (first["dry_run"], first["batch"]) == (True, "")
    assert (second.get("dry_run", False), second["batch"]) == (False, "b1")


def test_many_runs_are_stopped_by_how_they_stand(
    gateway: CannedGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    """A status has to be named; a dry run stops none."""
    report = {"dry_run": True, "runs": [{"run": RUN}]}
    gateway.has("POST /v1/runs/cancel", report)

    assert (_ended("cancel-many"), _ended("cancel-many", "--status", "running", "--dry-run")) == (
        2,
        0,
    )

    assert f"{RUN} would be asked to stop" in _rows(capsys.readouterr().out)
    assert [body["dry_run"] for _, _, body in gateway.asked] == [True]
