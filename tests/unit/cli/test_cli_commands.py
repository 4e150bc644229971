"""The commands against a gateway that answers from a table: what they print and how they end."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.cli.app import main

RUN = "01K000000000000000000000AA"
DIGEST = "d" * 64
BUDGET = {"model_calls": 120, "tokens": 300_000, "microusd": 2_000_000, "working_seconds": 1800}
VIEW: dict[str, Any] = {
    "id": RUN,
    "flow": "article",
    "status": "running",
    "started_at": "2026-11-22T20:00:00.000Z",
    "temporal_url": "http://ui/1",
    "flow_version": 1,
    "place": "write",
    "budget": BUDGET,
}
SUCCEEDED = VIEW | {
    "status": "succeeded",
    "ended_at": "2026-11-22T20:00:14.200Z",
    "place": "done",
    "spent": {"calls": 5, "input_tokens": 3000, "output_tokens": 21, "unpriced_calls": 5},
}
REFERENCE = {
    "slot": "draft",
    "ordinal": 2,
    "contract": "Draft@1",
    "digest": DIGEST,
    "size": 2048,
    "trust": "model",
    "produced_by": "assemble",
    "made_from": ["brief:1"],
}
DRAFT = {
    "title": "Heaps",
    "made_by": "scripted",
    "sections": [
        {"heading": "Turning", "sentences": [{"text": "Turn it.", "evidence_ids": ["e1"]}]}
    ],
}
GATE = {
    "run": RUN,
    "flow": "article",
    "gate": "approve",
    "visit": 1,
    "role": "editor",
    "opened_ms": 1_795_000_000_000,
    "deadline_ms": 1_795_000_000_000,
    "shown": "b" * 64,
    "references": [REFERENCE],
    "edits": "draft",
}
STEP = {
    "seq": 2,
    "step": "research",
    "agent": "researcher",
    "visit": 1,
    "status": "completed",
    "started_ms": 1000,
    "ended_ms": 3100,
}
FLOW = {
    "name": "article",
    "version": 1,
    "summary": "A text.",
    "input": {"brief": "Brief@1"},
    "source": DIGEST,
    "slots": {},
    "budget": BUDGET,
    "retention_seconds": 1,
    "worst_case": {"steps": {}, "calls": 0, "tokens": 0, "microusd": 0},
    "start": "research",
    "steps": {},
    "gates": {},
    "ends": {},
}


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Call the program; give its exit code and what it printed."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    told = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, told.out, told.err


@pytest.fixture
def brief(tmp_path: Path) -> str:
    """A brief in a file."""
    path = tmp_path / "brief.yaml"
    path.write_text("title: Heaps\nwords: {min: 9, max: 2}\n")
    return str(path)


def started(gateway: Any) -> None:
    """Let runs be started."""
    gateway.has(
        "POST /v1/runs",
        {"id": RUN, "flow": "article", "url": "http://g/1", "replayed": False},
        202,
    )


def test_start_posts_the_file_and_names_the_run(
    gateway: Any, brief: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run is started on what the file says, under the key given."""
    started(gateway)

    code, out, _ = run(capsys, "run", "article", "--input", brief, "--idempotency-key", "k1")

    [(request, headers, body)] = gateway.asked
    assert (code, request, headers["Idempotency-Key"]) == (0, "POST /v1/runs", "k1")
    assert body == {
        "flow": "article",
        "input": {"title": "Heaps", "words": {"min": 9, "max": 2}},
    }
    assert out.splitlines()[0] == f"run {RUN}   article   http://g/1"


def test_input_comes_from_standard_input(gateway: Any) -> None:
    """A dash stands for standard input."""
    started(gateway)
    program = [sys.executable, "-m", "services.cli.app", "run", "article", "--input", "-"]

    ended = subprocess.run(program, input=b"title: Piped\n", capture_output=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, b"")
    assert gateway.asked[0][2]["input"] == {"title": "Piped"}


def test_unfit_input_is_told_with_file_and_line(
    gateway: Any, brief: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the gateway finds wrong is shown where it stands in the file."""
    problem = {
        "status": 422,
        "title": "The input does not fit",
        "detail": "the input does not fit flow article: …",
        "code": "InputInvalidError",
        "errors": [{"pointer": "/input/brief/words", "message": "min is above max"}],
    }
    gateway.has("POST /v1/runs", problem, 422)

    code, out, err = run(capsys, "run", "article", "--input", brief)

    assert (code, out) == (4, "")
    assert err.splitlines() == [
        "error: the input does not fit flow article",
        f"  {brief}:2: words: min is above max",
    ]


def watched(gateway: Any, view: dict[str, Any], *events: tuple[str, object]) -> None:
    """Let a run be watched to its end."""
    started(gateway)
    gateway.has(f"GET /v1/runs/{RUN}", view)
    gateway.has("GET /v1/flows/article", FLOW)
    snapshot = {"run": VIEW, "steps": [STEP | {"produced": [REFERENCE]}]}
    gateway.has(f"GET /v1/runs/{RUN}/values/{DIGEST}", DRAFT)
    gateway.has(f"GET /v1/runs/{RUN}/result", {"where": "heaps.md"})
    gateway.streams(f"GET /v1/runs/{RUN}/events", ("snapshot", snapshot), *events)


def test_watch_reads_like_a_ci_job(
    gateway: Any, brief: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A watched run is a header, a line a step, and how it ended, where and at what cost."""
    watched(
        gateway,
        SUCCEEDED,
        (
            "step_completed",
            {"seq": 5, "kind": "step_completed", "at_ms": 1, "step": "w", "visit": 1},
        ),
        ("end", {"status": "succeeded"}),
    )

    code, out, _ = run(capsys, "run", "article", "--input", brief, "--watch")

    assert code == 0
    assert out.splitlines() == [
        f"run {RUN}   article@1",
        "       http://ui/1",
        " ok    research                2.1s   2 words",
        " ok    w                       0.0s",
        "succeeded after 14.2s",
        "  published  heaps.md",
        "  spent      5 model calls, 3,021 tokens, unpriced",
    ]


@pytest.mark.parametrize(
    ("status", "code"),
    [("rejected", 10), ("failed", 11), ("expired", 12), ("cancelled", 13)],
)
def test_watch_ends_with_the_outcome(
    gateway: Any, capsys: pytest.CaptureFixture[str], status: str, code: int
) -> None:
    """The exit code of a watched run is that of its outcome, and the reason is told."""
    view = SUCCEEDED | {"status": status, "reason": "because"}
    watched(gateway, view, ("end", {"status": status}))

    ended, out, _ = run(capsys, "runs", "watch", RUN)

    assert ended == code
    assert f"{status} after 14.2s: because" in out


def test_watch_can_stop_at_a_gate(gateway: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody can answer, a watch may end when a person is asked."""
    watched(gateway, VIEW | {"status": "input_required", "place": "approve"})
    snapshot = {"run": VIEW, "steps": [STEP], "gate": GATE}
    gateway.streams(f"GET /v1/runs/{RUN}/events", ("snapshot", snapshot))

    code, out, _ = run(capsys, "runs", "watch", RUN, "--until", "gate")

    assert code == 14
    assert f"orchestra gates decide {RUN} approve --verdict approve" in out


def test_watch_as_json_prints_one_document(
    gateway: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --json nothing but the end is on standard output."""
    watched(gateway, SUCCEEDED, ("end", {"status": "succeeded"}))

    _, out, _ = run(capsys, "runs", "watch", RUN, "--json")

    assert json.loads(out)["run"]["status"] == "succeeded"
    assert json.loads(out)["result"] == {"where": "heaps.md"}


def test_part_that_does_not_answer_is_a_remark(
    gateway: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """While memory is away the watch says so, and goes on."""
    problem = {"status": 503, "code": "UnavailableError", "detail": "memory does not answer"}
    watched(gateway, SUCCEEDED, ("problem", problem), ("end", {"status": "succeeded"}))

    code, out, _ = run(capsys, "runs", "watch", RUN)

    assert code == 0
    assert "       memory does not answer" in out.splitlines()


PAGES: list[tuple[tuple[str, ...], str, object, str]] = [
    (("runs", "list"), "GET /v1/runs", {"runs": [SUCCEEDED], "cursor": ""}, "14.2s"),
    (("runs", "show", RUN), f"GET /v1/runs/{RUN}", VIEW, "article@1"),
    (("runs", "steps", RUN), f"GET /v1/runs/{RUN}/steps", {"steps": [STEP]}, "2.1s"),
    (
        ("runs", "handoffs", RUN),
        f"GET /v1/runs/{RUN}/handoffs",
        {
            "hand_offs": [
                {
                    "seq": 1,
                    "at_ms": 1,
                    "source": "assemble",
                    "target": "fact_check",
                    "rule": "else",
                    "produced": [REFERENCE],
                }
            ]
        },
        "assemble → fact_check  draft:2       Draft@1   2.0 KiB  model  else",
    ),
    (
        ("runs", "context", RUN),
        f"GET /v1/runs/{RUN}/context",
        {"slots": [{"slot": "draft", "type": "Draft@1", "versions": [REFERENCE]}]},
        "draft:2  Draft@1   2.0 KiB  model  assemble  brief:1    dddddddd",
    ),
    (("gates", "list"), "GET /v1/gates", {"gates": [GATE]}, "editor"),
    (
        ("corpus", "list"),
        "GET /v1/corpora",
        {"corpora": [{"name": "c", "documents": 14, "passages": 194}]},
        "c       14         194",
    ),
    (
        ("corpus", "search", "c", "rats"),
        "GET /v1/corpora/c/search?q=rats&limit=10",
        {
            "passages": [
                {
                    "source": {"id": "a", "title": "Rats", "uri": "a.md"},
                    "text": "Wire mesh.",
                    "span": {"start": 0, "end": 10},
                    "score": 7,
                }
            ]
        },
        "7      Rats      Wire mesh.",
    ),
    (("flows", "list"), "GET /v1/flows", {"flows": [FLOW], "refused": {}}, "article@1"),
    (("flows", "show", "article"), "GET /v1/flows/article", FLOW, "A text."),
]


@pytest.mark.parametrize(("words", "request_line", "body", "expected"), PAGES)
def test_tables_show_what_the_gateway_tells(
    gateway: Any,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    request_line: str,
    body: object,
    expected: str,
) -> None:
    """Every command that shows data shows it as a table of at most 100 columns."""
    gateway.has(f"GET /v1/runs/{RUN}/steps", {"steps": [STEP]})
    gateway.has(request_line, body)

    code, out, _ = run(capsys, *words)

    assert code == 0
    assert expected in out
    assert max(len(row) for row in out.splitlines()) <= 100


@pytest.mark.parametrize(("words", "request_line", "body", "expected"), PAGES)
def test_json_is_all_there_is(
    gateway: Any,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    request_line: str,
    body: object,
    expected: str,
) -> None:
    """With --json standard output is one JSON document and nothing else."""
    gateway.has(request_line, body)

    code, out, err = run(capsys, *words, "--json")

    assert (code, err) == (0, "")
    assert json.loads(out)


def test_value_of_a_slot_is_printed_as_yaml(
    gateway: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The current value of a slot can be written to a file, edited and sent back."""
    context = {"slots": [{"slot": "draft", "type": "Draft@1", "versions": [REFERENCE]}]}
    gateway.has(f"GET /v1/runs/{RUN}/context", context)
    gateway.has(f"GET /v1/runs/{RUN}/values/{DIGEST}", DRAFT)

    code, out, _ = run(capsys, "runs", "context", RUN, "draft")

    assert code == 0
    assert out.startswith("title: Heaps\n")


def test_events_are_read_page_by_page(gateway: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """All that has happened is printed, one event a line, a model's text left out."""
    event = {"seq": 3, "kind": "handed_off", "at_ms": 1000, "step": "a", "to": "b", "rule": "else"}
    text = {"seq": 2, "kind": "text", "at_ms": 1000, "step": "a", "text": "Once"}
    path = f"GET /v1/runs/{RUN}/events"
    page = {"events": [{"id": "1", "event": text}, {"id": "2", "event": event}], "cursor": "e.2"}
    gateway.has(f"{path}?after=&limit=1000", page)
    gateway.has(f"{path}?after=e.2&limit=1000", {"events": [], "cursor": "e.2"})

    _, out, _ = run(capsys, "runs", "events", RUN)
    _, lines, _ = run(capsys, "runs", "events", RUN, "--json", "--text")

    assert out == "00:00:01.000    3 handed_off       a → b (else)\n"
    assert [json.loads(line)["kind"] for line in lines.splitlines()] == ["text", "handed_off"]


def test_cancel_asks_the_run_to_stop(gateway: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Cancelling is one request; the run ends by itself."""
    gateway.has(f"POST /v1/runs/{RUN}/cancel", {"id": RUN, "status": "running"}, 202)

    code, out, _ = run(capsys, "runs", "cancel", RUN)

    assert code == 0
    assert "asked to stop" in out


def open_gate(gateway: Any, gate: dict[str, Any]) -> None:
    """Let a gate be open and take a decision."""
    path = f"/v1/runs/{RUN}/gates/{gate['gate']}"
    values = [{"reference": each, "value": DRAFT} for each in gate["references"]]
    gateway.has(f"GET {path}", {"gate": gate, "values": values})
    gateway.has(f"POST {path}", {"id": "x", "delivered": True})


def test_decision_shows_first_and_names_what_it_showed(
    gateway: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a digest the text is shown now, and the decision is about exactly that."""
    open_gate(gateway, GATE)

    code, out, _ = run(
        capsys, "gates", "decide", RUN, "approve", "--verdict", "approve", "--who", "anna"
    )

    assert code == 0
    assert "Turn it. [e1]" in out
    assert gateway.asked[-1][2] == {"shown": "b" * 64, "who": "anna", "verdict": "approve"}


def test_decision_about_a_digest_is_sent_at_once(
    gateway: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who has looked before names the digest, and sends an edited text whole."""
    open_gate(gateway, GATE)
    edited = tmp_path / "draft.yaml"
    edited.write_text("title: Better\n")
    words = ["--verdict", "edited", "--edited", str(edited), "--shown", "c" * 64, "--who", "anna"]

    code, out, _ = run(capsys, "gates", "decide", RUN, "approve", *words, "--json")

    assert (code, json.loads(out)) == (
        0,
        {"id": "x", "delivered": True, "approvals": 0, "needed": 0},
    )
    assert gateway.asked[-1][2] == {
        "shown": "c" * 64,
        "who": "anna",
        "verdict": "edited",
        "edited": {"title": "Better"},
    }


def test_gate_about_a_failure_shows_the_rejected_answer(
    gateway: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person who is asked about a failure sees why, and the answer that was refused."""
    failure = {"kind": "malformed", "step": "outline", "message": "no outline", "reasons": ["x"]}
    gate = GATE | {"gate": "help", "failure": failure, "allow": ["retry", "stop"], "edits": None}
    open_gate(gateway, gate | {"references": []})
    rejected = {
        "step": "outline",
        "visit": 1,
        "exchange": 3,
        "kind": "malformed",
        "reasons": [],
        "answer": "Of course!",
    }
    gateway.has(f"GET /v1/runs/{RUN}/quarantine", {"rejected": [rejected]})

    code, out, err = run(capsys, "gates", "show", RUN, "help")

    assert code == 0
    assert "  malformed: no outline" in out
    assert "  Of course!" in out
    assert "--action retry|stop" in err


def test_raised_budget_keeps_what_is_not_named(
    gateway: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new budget is the run's own with what was written changed."""
    open_gate(gateway, GATE | {"gate": "help"})
    gateway.has(f"GET /v1/runs/{RUN}", VIEW)
    words = ["--action", "raise_budget", "--budget", "usd=4", "--shown", "c" * 64]

    code, _, _ = run(capsys, "gates", "decide", RUN, "help", *words)

    assert code == 0
    assert gateway.asked[-1][2]["budget"] == BUDGET | {"microusd": 4_000_000}


def test_decision_without_verdict_or_action_is_a_usage_error(
    gateway: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is sent until it is clear what is decided."""
    code, _, err = run(capsys, "gates", "decide", RUN, "approve")

    assert code == 2
    assert "--verdict" in err
    assert gateway.asked == []


def test_gate_that_does_not_wait_is_an_error(
    gateway: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A gate that was decided meanwhile is told as such."""
    problem = {"status": 409, "code": "ConflictError", "detail": "the gate does not wait"}
    gateway.has(f"GET /v1/runs/{RUN}/gates/approve", problem, 409)

    code, _, err = run(capsys, "gates", "show", RUN, "approve")

    assert code == 4
    assert "does not wait" in err


def test_corpus_add_tells_what_was_skipped(
    gateway: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files are read here and sent as text; what could not be read is listed."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.md").write_text("# A\n\nText *here*.\n")
    (folder / "b.png").write_bytes(b"\x00")
    ingested = {"corpus": "c", "added": 1, "unchanged": 0, "replaced": 0}
    gateway.has("POST /v1/corpora/c/documents", ingested)

    code, out, err = run(capsys, "corpus", "add", "c", str(folder))

    assert (code, out) == (0, "c: 1 document added, 0 replaced, 0 unchanged\n")
    assert gateway.asked[0][2] == {
        "documents": [{"title": "A", "text": "A\n\nText here.", "uri": "a.md"}]
    }
    assert err.startswith("skipped b.png: ")


def test_flow_files_are_checked_without_a_gateway(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A flow file with findings ends with 1 and shows each with its line."""
    bad = tmp_path / "bad.yaml"
    bad.write_text("flow: x\nversion: 1\nsumary: a\n")

    code, out, err = run(capsys, "flows", "check", str(bad), "workflows/flows/article.yaml")

    assert code == 1
    assert "bad.yaml:3: FO102" in out
    assert "article.yaml: ok" in out
    assert out.endswith("; 1 cannot be run\n")
    assert err == ""


def test_list_passes_its_filters_on(gateway: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """What is asked for is asked of the gateway, and the next page is named."""
    gateway.has("GET /v1/runs", {"runs": [SUCCEEDED], "cursor": "abc"})
    words = ["--flow", "article", "--status", "failed", "--needs-person", "--limit", "5"]

    code, _, err = run(capsys, "runs", "list", *words)

    assert code == 0
    asked = gateway.asked[0][0]
    assert asked == "GET /v1/runs?limit=5&flow=article&status=failed&needs_person=true"
    assert err == "more with --cursor abc\n"
