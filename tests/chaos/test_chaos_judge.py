"""The judge finds each kind of broken promise, and nothing where all was kept."""

from dataclasses import replace

import pytest

from tests.chaos.fault import WORKERS, Fault, Kind
from tests.chaos.inject import Done
from tests.chaos.judge import Evidence, judge
from tests.chaos.model import ModelCall
from tests.chaos.observe import RunSeen, Seen
from tests.chaos.schedule import Schedule, Start

START = Start(0.0, "r0000", "article", "medicines-at-home", "approve", 1)
CALL = ModelCall(100.0, "r0000", "planner/free/1/-/1", "", 200, 500, "answered")
KILL = Done(Fault(0, 1.0, Kind.KILLED, WORKERS[0], 1.0, 1), began=100.1, ended=101.1)
ROUTE = (("review", "approve", "else"), ("approve", "publish", "decision.verdict == 'approve'"))
RUN = RunSeen(
    run="K1",
    flow_version=1,
    status="succeeded",
    place="done",
    reason="",
    digests={"draft:1:": "aa"},
    route=ROUTE,
    decided=("approve",),
    failures=(),
    spent_calls=1,
    spent_tokens=500,
    output="bb",
    artifact="heap.md",
    artifact_digest="cc",
)
SEEN = Seen(
    runs={"r0000": RUN},
    published={"heap.md": "cc"},
    workflows=("chaos/K1",),
    failed_tasks=(),
)
KEPT = Evidence(
    schedule=Schedule(1, (START,), ()),
    calm=SEEN,
    stormy=SEEN,
    calm_calls=(CALL,),
    stormy_calls=(CALL,),
    faults=(),
    answered={"r0000": frozenset({"K1"})},
    decided={"r0000": ("approve:1:approve",)},
    still_open=(),
    refused=(),
    bugs=(),
)


def _with_run(**changes: object) -> Evidence:
    changed = replace(RUN, **changes)  # type: ignore[arg-type]  # names of fields, checked there
    return replace(KEPT, stormy=replace(SEEN, runs={"r0000": changed}))


def _later(seconds: float) -> ModelCall:
    return replace(CALL, at=CALL.at + seconds)


BROKEN = {
    "one run a key": replace(KEPT, answered={"r0000": frozenset({"K1", "K2"})}),
    "every run ends": replace(KEPT, still_open=("chaos/K1",)),
    "ends as undisturbed": _with_run(status="failed", place="bug"),
    "digests as undisturbed": _with_run(digests={"draft:1:": "ab"}),
    "routes as undisturbed": _with_run(route=ROUTE[1:]),
    "each artifact once": replace(
        KEPT, stormy=replace(SEEN, published={"heap.md": "cc", "heap-2.md": "cc"})
    ),
    "paid once, plus one a fault": replace(KEPT, stormy_calls=(CALL, _later(1.0))),
    "ledger covers the spending": _with_run(spent_tokens=499),
    "no gate skipped": replace(KEPT, decided={}),
    "no workflow task fails": replace(
        KEPT, stormy=replace(SEEN, failed_tasks=("chaos/K1: not the same command",))
    ),
    "a run keeps its prompts": replace(
        KEPT, stormy_calls=(CALL, replace(CALL, work="reviewer/free/1/-/1", revision="2"))
    ),
    "no answer 500": replace(KEPT, bugs=("GET /runs: 500",)),
    "memory holds no wrong value unnoticed": replace(
        KEPT, stormy=replace(SEEN, wrong_values=("chaos:value:dd",))
    ),
}


def test_kept_promises_are_no_violations() -> None:
    """Runs that came out as undisturbed, paid once and decided by a person are all right."""
    assert judge(KEPT).violations == []


@pytest.mark.parametrize("invariant", BROKEN)
def test_each_broken_promise_is_named(invariant: str) -> None:
    """What a fault did to a run is found, under the name of the promise that it breaks."""
    assert invariant in {each.invariant for each in judge(BROKEN[invariant]).violations}


def test_one_fault_accounts_for_one_extra_call() -> None:
    """A worker killed while a call was under way may cost that call, and no second one."""
    once = replace(KEPT, faults=(KILL,), stormy_calls=(CALL, _later(21.0)))
    twice = replace(KEPT, faults=(KILL,), stormy_calls=(CALL, _later(21.0), _later(22.0)))

    assert "paid once, plus one a fault" not in {each.invariant for each in judge(once).violations}
    assert "paid once, plus one a fault" in {each.invariant for each in judge(twice).violations}
    assert judge(twice).extra_calls == 2


def test_fault_elsewhere_in_time_accounts_for_nothing() -> None:
    """A call paid twice with no fault near it is a violation, whatever else happened."""
    early = replace(KILL, began=10.0, ended=11.0)
    evidence = replace(KEPT, faults=(early,), stormy_calls=(CALL, _later(1.0)))

    assert [each.invariant for each in judge(evidence).violations][:1] == [
        "ledger covers the spending"
    ]
    assert "paid once, plus one a fault" in {each.invariant for each in judge(evidence).violations}


def test_way_to_an_operator_is_no_other_route() -> None:
    """The flow declares who is asked when retries are used up; the run then goes on as before."""
    asked = (("outline", "help", "unavailable"), ("help", "outline", "retry"), *ROUTE)

    assert judge(_with_run(route=asked, decided=("help", "approve"))).violations == []


def test_refused_calls_cost_nothing() -> None:
    """A call that was answered with 429 or 500 is no paid call."""
    refused = replace(CALL, status=429, at=99.0)

    assert judge(replace(KEPT, stormy_calls=(refused, CALL))).extra_calls == 0
