"""The real command line against the real local stack, with scripted answers."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

SAMPLES = Path("deploy/samples")
PROGRAM = (sys.executable, "-m", "services.cli.app")


@dataclass(frozen=True)
class Installation:
    """A data folder of its own, and the program in an environment that leads there."""

    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        """The environment without anything that belongs to the machine's own installation."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ORCHESTRA_", "OPENAI_"))
        }
        return kept | {
            "ORCHESTRA_DATA_DIR": str(self.folder / "data"),
            "ORCHESTRA_PUBLISH_DIR": str(self.folder / "published"),
            "ORCHESTRA_GATEWAY_PORT": "0",
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Call the program and wait for its end."""
        return subprocess.run(
            [*PROGRAM, *words],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def json(self, *words: str) -> Any:
        """Call the program for JSON."""
        ended = self.run(*words, "--json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Call the program and go on."""
        return subprocess.Popen(
            [*PROGRAM, *words],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def record(self) -> Any:
        """Read what the stack has written down of itself."""
        return json.loads((self.folder / "data" / "stack.json").read_text())


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A stack that runs, with the sample corpora in it."""
    installation = Installation(tmp_path_factory.mktemp("cli"))
    try:
        up = installation.json("up", "--detach", "--model", "scripted")
        assert up["phase"] == "running"
        for name in ("composting", "medication"):
            added = installation.json("corpus", "add", name, str(SAMPLES / "corpora" / name))
            assert added["added"] > 0
        yield installation
    finally:
        ended = installation.run("down", "--remove-data")
        assert ended.returncode == 0, ended.stderr


def brief(name: str) -> str:
    """Name a sample brief."""
    return str(SAMPLES / "briefs" / f"{name}.yaml")


def perform(here: Installation, *lines: dict[str, Any]) -> None:
    """Let the scripted model answer some calls otherwise than well."""
    base = here.record()["environment"]["OPENAI_BASE_URL"].removesuffix("/v1")
    httpx.post(f"{base}/control/script", json={"lines": list(lines)}).raise_for_status()


def masked(text: str) -> list[str]:
    """Blank out what differs from run to run."""
    text = re.sub(r"[0-9A-Z]{26}", "RUN", text)
    text = re.sub(r"http\S+", "URL", text)
    text = re.sub(r"-[0-9a-f]{8}\.md", "-DIGEST.md", text)
    text = re.sub(r"[\d,]+ tok\w*", "N tok", text)
    return re.sub(r" +\d+\.\ds", " Ts", text).splitlines()


def test_up_tells_every_address(here: Installation) -> None:
    """A script can find each part of the stack; a second `up` gives the same one."""
    told = here.json("up", "--detach")

    assert set(told["addresses"]) == {
        "gateway",
        "temporal",
        "temporal_ui",
        "valkey",
        "model",
        "worker",
    }
    assert told["model"] == {"source": "scripted", "reason": ""}


def test_stack_is_healthy(here: Installation) -> None:
    """The doctor finds nothing to do on a stack that runs."""
    found = here.json("doctor")

    assert found["ok"], found


def test_another_model_is_refused_while_a_stack_runs(here: Installation) -> None:
    """A stack that answers from elsewhere than was asked for is not taken for the one asked for."""
    ended = here.run("up", "--detach", "--model", "embedded")

    assert ended.returncode == 4
    assert "orchestra down" in ended.stderr


def test_article_is_written_and_published(here: Installation) -> None:
    """One command takes a brief to a published file, and its log reads like a CI job's."""
    ended = here.run("run", "article", "--input", brief("hot-heap"), "--watch")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    rows = masked(ended.stdout)
    assert rows[:2] == ["run RUN   article@2", "       URL"]
    assert [row.split()[:2] for row in rows[2:] if row.startswith(" ok ")] == [
        ["ok", name]
        for name in (
            "classify",
            "research",
            "outline",
            "write",
            "assemble",
            "fact_check",
            "review",
            "publish",
        )
    ]
    published = re.search(r"published +(\S+)", ended.stdout)
    assert published
    assert Path(published[1]).read_text().startswith("---\ntitle: How a hot compost heap works")


def test_run_can_be_looked_at_from_all_sides(here: Installation) -> None:
    """What a run did, knew, handed over and made is there afterwards."""
    done = here.json("run", "article", "--input", brief("clean-compost-bin"), "--watch")
    run = done["run"]["id"]

    assert here.json("runs", "show", run)["status"] == "succeeded"
    assert here.json("runs", "result", run) == done["result"]
    assert len(here.json("runs", "handoffs", run)["hand_offs"]) == 8
    assert {each["step"] for each in here.json("runs", "steps", run)["steps"]} >= {"write"}
    assert here.json("runs", "context", run, "draft")["sections"]
    events = here.run("runs", "events", run, "--json").stdout.splitlines()
    assert json.loads(events[-1])["kind"] == "run_ended"
    late = here.run("runs", "watch", run)
    assert (late.returncode, masked(late.stdout)[-3]) == (0, "succeeded after Ts")


@pytest.mark.guarantee("one-key-one-run")
def test_same_key_gives_the_same_run(here: Installation) -> None:
    """A repeated start finds the run of the first one; with another input it is refused."""
    words = ("run", "article", "--idempotency-key", "k1", "--input")

    first = here.json(*words, brief("hot-heap"))
    again = here.json(*words, brief("hot-heap"))
    other = here.run(*words, brief("clean-compost-bin"))

    assert (again["id"], again["replayed"]) == (first["id"], True)
    assert other.returncode == 4


def test_watch_survives_a_killed_gateway_and_a_person_decides(here: Installation) -> None:
    """While a run waits for an editor its gateway is killed; the watch goes on to the end."""
    words = ("run", "article", "--input", brief("medicines-at-home"), "--watch")
    watching = here.begin(*words)
    assert watching.stdout
    run = watching.stdout.readline().split()[1]
    told = _until(watching, "orchestra gates decide")
    [gateway] = [part for part in here.record()["parts"] if part["name"] == "gateway"]
    os.kill(gateway["process"]["pid"], signal.SIGKILL)
    told += _until(watching, "connection lost")
    _until_ready(here)

    shown = here.run("gates", "show", run, "approve")
    decided = here.run("gates", "decide", run, "approve", "--verdict", "approve", "--who", "anna")
    rest, _ = watching.communicate(timeout=60)

    assert "Storing medicines at home" in shown.stdout
    assert decided.returncode == 0, decided.stderr
    assert watching.returncode == 0, told + rest
    assert "approve by anna   → publish" in rest


@pytest.mark.guarantee("the-plan-is-followed")
def test_rejected_answers_lead_to_a_person_who_retries(here: Installation) -> None:
    """Answers that fail their checks are shown, a person is asked, and a retry ends well."""
    perform(here, {"agent": "planner", "fault": "not_json", "times": None})
    stopped = here.run("run", "article", "--input", brief("hot-heap"), "--watch", "--until", "gate")
    perform(here)
    run = stopped.stdout.split()[1]

    shown = here.run("gates", "show", run, "help")
    decided = here.run("gates", "decide", run, "help", "--action", "retry", "--who", "anna")
    ended = here.run("runs", "watch", run)

    assert stopped.returncode == 14, stopped.stdout + stopped.stderr
    assert "answer 1 rejected: malformed" in stopped.stdout
    assert "its last answer, which was rejected:" in shown.stdout
    assert decided.returncode == 0, decided.stderr
    assert ended.returncode == 0, ended.stdout


def test_unknown_corpus_fails_the_run(here: Installation, tmp_path: Path) -> None:
    """A run that failed ends with its own code, and says which step and why."""
    text = Path(brief("hot-heap")).read_text().replace("composting", "nowhere")
    (tmp_path / "brief.yaml").write_text(text)

    ended = here.run("run", "article", "--input", str(tmp_path / "brief.yaml"), "--watch")

    assert ended.returncode == 11
    assert "failed in research" in ended.stdout
    assert "there is no corpus 'nowhere'" in ended.stdout


def test_cancelled_run_ends_with_its_own_code(here: Installation) -> None:
    """A run that somebody stops ends as cancelled for whoever watches it."""
    started = here.run(
        "run", "article", "--input", brief("medicines-at-home"), "--watch", "--until", "gate"
    )
    run = started.stdout.split()[1]

    cancelled = here.run("runs", "cancel", run)
    ended = here.run("runs", "watch", run)

    assert cancelled.returncode == 0, cancelled.stderr
    assert ended.returncode == 13, ended.stdout


def test_demo_proves_itself_and_leaves_nothing_running(tmp_path: Path) -> None:
    """The demo starts a stack, publishes true articles, and stops everything it started."""
    installation = Installation(tmp_path)

    ended = installation.run("demo", "--model", "scripted", "--runs", "2", "--json")

    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["ok"] is True
    assert [(each["status"], each["faults"]) for each in told["runs"]] == [("succeeded", [])] * 2
    assert all(Path(each["published"]).is_file() for each in told["runs"])
    assert not (tmp_path / "data" / "stack.json").exists()


def test_demo_that_fails_stops_its_stack(tmp_path: Path) -> None:
    """A brief that does not fit is told, and nothing is left running."""
    installation = Installation(tmp_path)
    (tmp_path / "brief.yaml").write_text("title: Heaps\n")

    ended = installation.run("demo", "--model", "scripted", "--brief", str(tmp_path / "brief.yaml"))

    assert ended.returncode == 4
    assert "key_points: Field required" in ended.stderr
    assert not (tmp_path / "data" / "stack.json").exists()


def _until(process: subprocess.Popen[str], wanted: str) -> str:
    """Read what a program prints until a line has the words."""
    assert process.stdout
    told = ""
    for row in process.stdout:
        told += row
        if wanted in row:
            return told
    raise AssertionError(f"it ended without {wanted!r}:\n{told}")


def _until_ready(here: Installation) -> None:
    """Wait until the gateway, started again, takes requests."""
    deadline = time.monotonic() + 60
    while here.run("gates", "list").returncode != 0:
        assert time.monotonic() < deadline, "the gateway did not come back"
        time.sleep(0.5)
