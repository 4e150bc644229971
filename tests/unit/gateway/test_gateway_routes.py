"""Every route answers from the services as the interface promises."""

import json

import httpx

from contracts.base import digest
from contracts.run import RunStatus
from services.memory.base import Quarantined
from tests.unit.gateway.recorded import (
    OTHER_RUN,
    RUN,
    SHOWN,
    RecordedGates,
    RecordedRuns,
    completed,
    opened,
    transitions,
    whole_run,
)

STORED = b'{"text":"kept"}'


async def test_flows_are_listed(caller: httpx.AsyncClient) -> None:
    """The list names each flow on offer with what it takes."""
    reply = await caller.get("/v1/flows")

    [flow] = reply.json()["flows"]
    assert (flow["name"], flow["input"]) == ("toy", {"start": "Note@1"})


async def test_a_flow_is_shown_in_full(caller: httpx.AsyncClient) -> None:
    """Steps, gates, ends, slots and budget tell the whole declaration."""
    flow = (await caller.get("/v1/flows/toy")).json()

    assert list(flow["steps"]) == ["one", "two"]
    assert flow["steps"]["two"]["reads"] == [
        {"input": "first", "slot": "first", "is_optional": False, "stale_allowed": False}
    ]
    assert [way["rule"] for way in flow["gates"]["approve"]["next"]] == [
        "decision.verdict == 'reject'",
        "else",
    ]
    assert flow["ends"]["done"]["output"] == "second"
    assert flow["budget"]["model_calls"] == 50
    assert flow["worst_case"]["calls"] == 0


async def test_schemas_begin_with_the_input(caller: httpx.AsyncClient) -> None:
    """Each contract stands once, with its slots and its JSON Schema."""
    found = (await caller.get("/v1/flows/toy/schemas")).json()["contracts"]

    assert [(each["contract"], each["slots"]) for each in found] == [
        ("Note@1", ["start", "first", "second"]),
        ("Decision@1", ["decision"]),
    ]
    assert "score" in found[0]["json_schema"]["properties"]


async def test_a_run_is_started(caller: httpx.AsyncClient) -> None:
    """Answered 202 with where the run is, here and in the Temporal web UI."""
    reply = await caller.post("/v1/runs", json={"flow": "toy", "input": {"text": "x"}})

    assert (reply.status_code, reply.headers["location"]) == (202, f"/v1/runs/{RUN}")
    assert reply.json() == {
        "id": RUN,
        "flow": "toy",
        "url": f"http://gateway.example/v1/runs/{RUN}",
        "temporal_url": f"http://127.0.0.1:8233/namespaces/default/workflows/test%2F{RUN}",
        "replayed": False,
    }


async def test_a_repeated_start_says_that_it_is_one(
    caller: httpx.AsyncClient, runs: RecordedRuns
) -> None:
    """The same key gives the same run, and header and body say so."""
    body = {"flow": "toy", "input": {}}
    headers = {"Idempotency-Key": "order 7"}

    first = await caller.post("/v1/runs", json=body, headers=headers)
    second = await caller.post("/v1/runs", json=body, headers=headers)

    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert second.json()["replayed"] is True
    assert runs.keys == ["order 7", "order 7"]


async def test_runs_are_listed_by_filter(caller: httpx.AsyncClient, runs: RecordedRuns) -> None:
    """Filters reach the query; the page says where the next begins."""
    reply = await caller.get("/v1/runs?flow=toy&status=running&needs_person=true&limit=5")

    assert reply.json()["cursor"] == "next"
    assert runs.filters is not None
    assert (runs.filters.flow, runs.filters.status, runs.filters.needs_person) == (
        "toy",
        RunStatus.RUNNING,
        True,
    )


async def test_a_run_is_shown(caller: httpx.AsyncClient, runs: RecordedRuns) -> None:
    """One run tells where it is."""
    runs.record(*transitions(5))

    run = (await caller.get(f"/v1/runs/{RUN}")).json()

    assert (run["id"], run["status"], run["place"]) == (RUN, "running", "two")


async def test_steps_and_hand_offs_are_told(caller: httpx.AsyncClient, runs: RecordedRuns) -> None:
    """What was done, and how it went on."""
    runs.record(*transitions())

    steps = (await caller.get(f"/v1/runs/{RUN}/steps")).json()["steps"]
    crossed = (await caller.get(f"/v1/runs/{RUN}/handoffs")).json()["hand_offs"]

    assert [(step["step"], step["status"]) for step in steps] == [
        ("one", "completed"),
        ("two", "completed"),
    ]
    assert [(each["source"], each["target"]) for each in crossed] == [
        ("one", "two"),
        ("two", "done"),
    ]


async def test_a_value_is_fetched_by_digest(caller: httpx.AsyncClient, runs: RecordedRuns) -> None:
    """The context names digests; each fetches its value, which never changes."""
    runs.record(completed("first", STORED))
    await runs.memory.write("test", RUN, {digest(STORED): STORED})

    slots = (await caller.get(f"/v1/runs/{RUN}/context")).json()["slots"]
    [version] = next(slot["versions"] for slot in slots if slot["slot"] == "first")
    reply = await caller.get(f"/v1/runs/{RUN}/values/{version['digest']}")

    assert reply.json() == {"text": "kept"}
    assert reply.headers["etag"] == f'"{digest(STORED)}"'


async def test_a_value_of_another_run_is_not_there(caller: httpx.AsyncClient) -> None:
    """A digest that the run never held is not found, whether memory has it or not."""
    reply = await caller.get(f"/v1/runs/{RUN}/values/{SHOWN}")

    assert reply.status_code == 404


async def test_a_lost_value_is_named(caller: httpx.AsyncClient, runs: RecordedRuns) -> None:
    """A value that is nowhere any more is an error that names it, never an empty answer."""
    runs.record(completed("first", STORED))

    reply = await caller.get(f"/v1/runs/{RUN}/values/{digest(STORED)}")

    assert (reply.status_code, reply.json()["code"]) == (500, "StepError")
    assert digest(STORED)[:12] in reply.json()["detail"]


async def test_a_result_has_to_wait_for_the_end(caller: httpx.AsyncClient) -> None:
    """A run under way has no result yet, and says how it stands."""
    reply = await caller.get(f"/v1/runs/{RUN}/result")

    assert (reply.status_code, reply.json()["code"]) == (409, "ConflictError")
    assert "running" in reply.json()["detail"]


async def test_rejected_answers_are_shown(caller: httpx.AsyncClient, runs: RecordedRuns) -> None:
    """Quarantine tells which answer failed which check."""
    kept = Quarantined(
        step="one", visit=1, exchange=1, kind="malformed", reasons=("no JSON",), answer="Sorry"
    )
    await runs.memory.store.quarantine("test", RUN, kept)

    found = (await caller.get(f"/v1/runs/{RUN}/quarantine")).json()["rejected"]

    assert [(each["kind"], each["reasons"]) for each in found] == [("malformed", ["no JSON"])]


async def test_a_run_is_asked_to_stop(caller: httpx.AsyncClient, runs: RecordedRuns) -> None:
    """Answered 202: the run stops by itself."""
    reply = await caller.post(f"/v1/runs/{RUN}/cancel")

    assert (reply.status_code, reply.json()["id"], runs.cancelled) == (202, RUN, [RUN])


async def test_open_gates_are_listed(caller: httpx.AsyncClient, runs: RecordedRuns) -> None:
    """The inbox and the run tell the same gate."""
    runs.record(*transitions(6), opened())

    everywhere = (await caller.get("/v1/gates")).json()["gates"]
    here = (await caller.get(f"/v1/runs/{RUN}/gates")).json()["gates"]

    assert everywhere == here
    assert (here[0]["gate"], here[0]["shown"], here[0]["role"]) == ("approve", SHOWN, "editor")


async def test_a_decision_that_arrives_is_answered_200(
    caller: httpx.AsyncClient, gates: RecordedGates
) -> None:
    """The run has taken it."""
    body = {"shown": SHOWN, "who": "eva", "verdict": "approve", "id": "d1"}

    reply = await caller.post(f"/v1/runs/{RUN}/gates/approve", json=body)

    assert (reply.status_code, reply.json()) == (
        200,
        {"id": "d1", "delivered": True, "approvals": 0, "needed": 0},
    )
    assert [taken.who for taken in gates.taken] == ["eva"]


async def test_a_decision_without_a_worker_is_answered_202(
    caller: httpx.AsyncClient, gates: RecordedGates
) -> None:
    """It is kept until a worker is up."""
    gates.is_worker_up = False
    body = {"shown": SHOWN, "who": "eva", "verdict": "approve"}

    reply = await caller.post(f"/v1/runs/{RUN}/gates/approve", json=body)

    assert (reply.status_code, reply.json()["delivered"]) == (202, False)


async def test_documents_are_added_and_found(caller: httpx.AsyncClient) -> None:
    """What was sent is searched, and the corpus is listed."""
    text = "Worms eat kitchen scraps. Bokashi ferments them."
    body = {"documents": [{"title": "Heaps", "text": text, "uri": "heaps.md"}]}

    added = await caller.post("/v1/corpora/composting/documents", json=body)
    found = await caller.get("/v1/corpora/composting/search?q=worms&limit=1")
    listed = await caller.get("/v1/corpora")

    assert added.json()["added"] == 1
    assert found.json()["passages"][0]["source"]["uri"] == "heaps.md"
    assert [corpus["name"] for corpus in listed.json()["corpora"]] == ["composting"]


async def test_a_page_of_events_is_json(caller: httpx.AsyncClient, runs: RecordedRuns) -> None:
    """Who accepts JSON alone gets a page and its cursor instead of a stream."""
    await runs.tell(*whole_run())

    reply = await caller.get(
        f"/v1/runs/{RUN}/events?limit=3", headers={"Accept": "application/json"}
    )

    assert [each["event"]["kind"] for each in reply.json()["events"]] == [
        "run_started",
        "step_started",
        "attempt_started",
    ]
    assert reply.json()["cursor"] == "a.3-0"


async def test_a_run_that_ended_is_streamed_to_its_end(
    caller: httpx.AsyncClient, runs: RecordedRuns
) -> None:
    """The stream of an ended run is its snapshot and the end."""
    runs.record(*transitions())
    runs.end()

    reply = await caller.get(f"/v1/runs/{RUN}/events")

    snapshot, end = reply.text.strip().split("\n\n")
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert snapshot.startswith("event: snapshot\ndata: ")
    assert json.loads(snapshot.split("\n")[1].removeprefix("data: "))["run"]["id"] == RUN
    assert end == 'event: end\ndata: {"status":"succeeded"}\nid: a.end'


async def test_whoever_has_seen_the_end_is_told_to_stop(
    caller: httpx.AsyncClient, runs: RecordedRuns
) -> None:
    """A browser that reconnects after the end is answered 204 and gives up."""
    runs.end()

    reply = await caller.get(f"/v1/runs/{RUN}/events", headers={"Last-Event-ID": "a.end"})

    assert reply.status_code == 204


async def test_a_run_that_is_not_there_has_no_stream(caller: httpx.AsyncClient) -> None:
    """The refusal comes as a problem, before any stream has begun."""
    reply = await caller.get(f"/v1/runs/{OTHER_RUN}/events")

    assert (reply.status_code, reply.headers["content-type"]) == (404, "application/problem+json")


async def test_health_asks_nobody(caller: httpx.AsyncClient, runs: RecordedRuns) -> None:
    """The process runs, whatever else does not."""
    reply = await caller.get("/healthz")

    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})
