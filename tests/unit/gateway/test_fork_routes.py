"""Going on from runs and comparing them over HTTP: what is refused is told as a problem."""

import httpx

from contracts.run import RunStatus
from tests.unit.gateway.recorded import OTHER_RUN, RUN, RecordedRuns, transitions


async def test_a_run_that_goes_on_is_not_retried(caller: httpx.AsyncClient) -> None:
    """The answer says how it stands; a body is not needed."""
    reply = await caller.post(f"/v1/runs/{RUN}/retry")

    assert (reply.status_code, reply.json()["code"]) == (409, "ConflictError")
    assert "is running" in reply.json()["detail"]


async def test_a_fork_names_a_place_that_there_is(
    caller: httpx.AsyncClient, runs: RecordedRuns
) -> None:
    """An unknown step, a visit that never was, and a misspelt field are refused each."""
    runs.record(*transitions(up_to=2))
    path = f"/v1/runs/{RUN}/fork"

    unknown = await caller.post(path, json={"at": "three"})
    never = await caller.post(path, json={"at": "approve"})
    misspelt = await caller.post(path, json={"step": "one"})

    assert [each.status_code for each in (unknown, never, misspelt)] == [404, 404, 422]
    assert "it has one, two, approve" in unknown.json()["detail"]
    assert "came to approve never" in never.json()["detail"]


async def test_a_run_differs_from_itself_in_nothing(caller: httpx.AsyncClient) -> None:
    """Both sides are told with what they spent; a run that is not there is not compared."""
    same = await caller.get(f"/v1/runs/{RUN}/diff/{RUN}")
    missing = await caller.get(f"/v1/runs/{RUN}/diff/{OTHER_RUN}")

    assert same.json()["flow"] == []
    assert same.json()["a"] == same.json()["b"]
    assert missing.status_code == 404


async def test_what_stands_in_the_way_of_a_run_is_told_with_it(
    caller: httpx.AsyncClient, runs: RecordedRuns
) -> None:
    """Many runs are gone on from at once: the answer has a line for each."""
    runs.status = RunStatus.SUCCEEDED
    body = {"runs": {"status": "succeeded", "limit": 1}, "batch": "night", "dry_run": True}

    told = (await caller.post("/v1/runs/rerun", json=body)).json()

    assert (told["batch"], told["dry_run"]) == ("night", True)
    assert [each["run"] for each in told["runs"]] == [RUN]
    assert "begin somewhere in it with a fork" in told["runs"][0]["problem"]


async def test_many_runs_are_stopped(caller: httpx.AsyncClient, runs: RecordedRuns) -> None:
    """A dry run only says which; the moment given narrows the list."""
    since = "2026-11-22T10:00:00+02:00"
    body = {"runs": {"status": "running", "since": since, "limit": 1}}

    dry = await caller.post("/v1/runs/cancel", json={**body, "dry_run": True})
    cancelled_then = list(runs.cancelled)
    await caller.post("/v1/runs/cancel", json=body)

    assert dry.json()["runs"] == [{"run": RUN, "problem": ""}]
    assert (cancelled_then, runs.cancelled) == ([], [RUN])
    assert runs.filters is not None
    assert runs.filters.since == "2026-11-22T08:00:00+00:00"
