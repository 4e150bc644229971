"""A run that ended is gone on with where it failed; where nothing failed, that is refused."""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from contracts.compiled import CompiledFlow
from contracts.run import RunStatus
from services.errors import ConflictError, InputInvalidError, NotFoundError
from services.runs.history import Telling
from services.runs.points import PastRun, Wanted

HISTORIES = Path(__file__).parents[2] / "replay" / "histories" / "borders_2"


def _past(name: str) -> PastRun:
    text = (HISTORIES / f"{name}.json").read_text("utf-8")
    telling = Telling(name)
    for event in WorkflowHistory.from_json(name, text).events:
        telling.take(event)
    assert telling.told is not None
    return PastRun(telling.told, CompiledFlow.decode(telling.told.start.flow.body or ""))


@pytest.mark.parametrize(
    ("name", "status", "place"),
    [
        ("failed", RunStatus.FAILED, "one"),
        ("cancelled", RunStatus.CANCELLED, "approve"),
        ("expired", RunStatus.EXPIRED, "approve"),
    ],
)
def test_a_retry_begins_where_the_run_failed(name: str, status: RunStatus, place: str) -> None:
    """At the step that failed, where it was stopped, or at the gate that nobody answered."""
    point = _past(name).at_failure(status)

    assert point.place == place
    assert point.progress.failure is None


def test_a_run_that_did_not_fail_is_not_retried() -> None:
    """One that succeeded, or goes on, is told so."""
    past = _past("approved")

    with pytest.raises(ConflictError, match="begin somewhere in it with a fork"):
        past.at_failure(RunStatus.SUCCEEDED)
    with pytest.raises(ConflictError, match="only a run that has ended is retried"):
        past.at_failure(RunStatus.INPUT_REQUIRED)


def test_a_fork_begins_at_any_visit_that_was_begun() -> None:
    """By default at the last; what the run knew then is what it had before that visit."""
    past = _past("approved")

    first, last = past.at("join", 1), past.at("join", None)

    assert (first.visit, "whole" in first.progress.slots) == (1, False)
    assert (last.visit, last.progress.slots["whole"].references[0].ordinal) == (2, 1)
    assert last.progress.used == {"join.next.0": 1}
    with pytest.raises(NotFoundError, match="came to join 2 time"):
        past.at("join", 3)


def test_a_change_matters_where_it_is_used_first() -> None:
    """An input where it is read, a value from its last version on, an agent where it works."""
    past = _past("approved")

    assert past.first_use(Wanted(inputs=("start",))).place == "plan"
    assert past.first_use(Wanted(agents=("join",))).place == "join"
    whole = past.first_use(Wanted(values=("whole",)))
    assert (whole.place, whole.visit) == ("approve", 1)
    with pytest.raises(InputInvalidError, match="say where to begin"):
        past.first_use(Wanted(values=("decision",)))
