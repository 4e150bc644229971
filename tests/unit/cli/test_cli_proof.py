"""What the demo says about its runs, and flows as tables."""

from datetime import UTC, datetime

import pytest

from contracts.compiled import CompiledBudget
from contracts.run import RunStatus, RunView
from services.cli import flow_table, proof
from services.cli.demonstration import Shown
from services.cli.origin import source_of_answers
from services.cli.output import show
from services.cli.shape import shape_of
from services.cli.verbatim import Verbatim
from services.gateway.replies import FlowView
from services.settings import ModelSource
from services.stack.identity import ProcessIdentity
from services.stack.record import ModelChoice, Phase, StackRecord

RUN = RunView(
    id="01K000000000000000000000AA",
    flow="article",
    status=RunStatus.SUCCEEDED,
    started_at="2026-11-22T20:00:00Z",
    temporal_url="http://ui/runs/1",
    flow_version=1,
    budget=CompiledBudget(model_calls=1, tokens=1, microusd=1, working_seconds=1),
)
TRUE = Shown("hot-heap", RUN, 14.2, "/p/a.md", 144, Verbatim(9))
FALSE = Shown("hot-heap", RUN, 20.0, "/p/b.md", 90, Verbatim(9, ("in no document: Hm.",)))
FAILED = Shown("hot-heap", RUN.model_copy(update={"status": RunStatus.FAILED}), 1.0)


def a_stack(source: ModelSource, reason: str = "") -> StackRecord:
    """Build the record of a stack."""
    return StackRecord(
        supervisor=ProcessIdentity(pid=1, created=0),
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        phase=Phase.RUNNING,
        ready_seconds=9.8,
        model=ModelChoice(source=source, reason=reason),
        environment={"ORCHESTRA_TEMPORAL_UI_URL": "http://ui"},
    )


def test_many_runs_are_summed_up() -> None:
    """The sum says how many succeeded, how long they took, and how many sentences are true."""
    assert proof.summary([TRUE, FALSE, FAILED]) == [
        "2 of 3 succeeded; 14.2 s at the median, 20.0 s at most",
        "17 of 18 published sentences stand word for word in the corpus",
        "  in no document: Hm.",
    ]


def test_each_of_many_runs_is_a_line() -> None:
    """A run of many shows its seconds, its outcome and its check."""
    assert " ".join(proof.row(TRUE).split()) == (
        "ok 01K000000000000000000000AA hot-heap 14.2s succeeded 144 words"
        " 9 of 9 sentences word for word"
    )
    assert proof.row(FAILED).startswith(" fail")


@pytest.mark.parametrize(
    ("shown", "source", "good"),
    [
        (TRUE, ModelSource.SCRIPTED, True),
        (FALSE, ModelSource.SCRIPTED, False),
        (FALSE, ModelSource.EMBEDDED, False),
        (FALSE, ModelSource.ENDPOINT, True),
        (FAILED, ModelSource.ENDPOINT, False),
    ],
)
def test_only_a_model_that_writes_may_say_something_of_its_own(
    shown: Shown, source: ModelSource, good: bool
) -> None:
    """With the bundled models one made-up sentence fails the demo."""
    assert shown.is_good(proof.must_be_verbatim(a_stack(source))) is good


def test_proof_says_where_to_look() -> None:
    """After the demo a person knows how to see its run in Temporal's pages."""
    told = "\n".join(proof.of(a_stack(ModelSource.EMBEDDED), TRUE))

    assert "checked by code: 9 of 9 sentences word for word" in told
    assert "`make up`" in told
    assert "http://ui/runs/1" in told


def test_fallback_to_scripted_answers_is_told_with_the_reason() -> None:
    """A machine on which the embedded model cannot run is told why."""
    told = proof.introduction(a_stack(ModelSource.SCRIPTED, "SIGILL"), {"composting": 14})

    assert "the embedded model cannot run here: SIGILL" in told
    assert "composting (14 documents)" in told
    assert "cannot" not in source_of_answers(a_stack(ModelSource.EMBEDDED))


FLOW = FlowView.model_validate(
    {
        "name": "toy",
        "version": 3,
        "summary": "Plays.",
        "input": {"start": "Note@1"},
        "source": "d" * 64,
        "slots": {},
        "budget": RUN.budget,
        "worst_case": {"steps": {}, "calls": 0, "tokens": 0, "microusd": 0},
        "retention_seconds": 1,
        "start": "one",
        "steps": {
            "one": {
                "agent": "player",
                "agent_version": 2,
                "kind": "model",
                "model": "small",
                "reads": (
                    {
                        "input": "start",
                        "slot": "start",
                        "is_optional": True,
                        "stale_allowed": False,
                    },
                ),
                "writes": "first",
                "each": "part in plan.sections",
                "parallel": 2,
                "next": ({"rule": "else", "to": "approve"},),
                "on_failure": {},
            }
        },
        "gates": {
            "approve": {
                "role": "editor",
                "shows": ("first",),
                "writes": "decision",
                "edits": None,
                "answers_failure": False,
                "allow": (),
                "stop": None,
                "deadline_seconds": 7200,
                "on_deadline": "expired",
                "next": (
                    {"rule": "decision.verdict == 'edited'", "to": "one", "at_most": 2},
                    {"rule": "else", "to": "done"},
                ),
            }
        },
        "ends": {"done": {"outcome": "succeeded", "output": "first", "reason": ""}},
    }
)


def test_flow_is_shown_with_who_reads_what_and_where_it_leads(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The table of a flow names agents, what they read and write, gates, ways and ends."""
    show(*flow_table.flow(FLOW))

    told = " ".join(capsys.readouterr().out.split())
    assert "one player@2, asks small start? first approve" in told
    assert "each part in plan.sections" in told
    assert "approve gate: editor first decision" in told
    assert "(at most 2)" in told
    assert "after 2 h expired" in told
    assert "done succeeded gives first" in told


def test_shape_of_a_flow_knows_what_follows_and_what_is_walked() -> None:
    """Progress names the next step and counts items because the flow declares both."""
    shape = shape_of(FLOW)

    assert shape.follows == {"one": "approve"}
    assert shape.walks == {"one": ("plan", "sections")}
