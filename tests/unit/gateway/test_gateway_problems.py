"""Everything that goes wrong is answered with a problem document and no internals."""

from collections.abc import AsyncIterator

import httpx
import pytest

from contracts.failure import FailureKind
from services import errors
from services.errors import (
    ConflictError,
    FlowError,
    FlowInvalidError,
    IdempotencyMismatchError,
    InputInvalidError,
    NotFoundError,
    SettingsError,
    StepError,
    StorageError,
    UnavailableError,
    UnsafeMemoryError,
)
from services.gateway.body import LIMIT_BYTES
from services.gateway.problems import describe
from tests.unit.gateway.recorded import OTHER_RUN, RUN, SHOWN, RecordedRuns

OURS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, FlowError) and kind is not FlowError
]
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("error", "status", "retryable"),
    [
        (InputInvalidError("x"), 422, False),
        (IdempotencyMismatchError("x"), 422, False),
        (NotFoundError("x"), 404, False),
        (ConflictError("x"), 409, False),
        (FlowInvalidError("x"), 422, False),
        (UnavailableError("x"), 503, True),
        (StorageError("x"), 507, False),
        (UnsafeMemoryError("x"), 503, False),
        (SettingsError("x"), 503, False),
        (StepError(FailureKind.MEMORY_LOST, "x"), 500, False),
        (StepError(FailureKind.UNAVAILABLE, "x"), 503, True),
        (StepError(FailureKind.TIMED_OUT, "x"), 504, True),
        (StepError(FailureKind.DENIED, "x"), 502, False),
    ],
)
async def test_an_error_becomes_its_problem(
    caller: httpx.AsyncClient, runs: RecordedRuns, error: FlowError, status: int, retryable: bool
) -> None:
    """Each kind of error has its status, and says whether asking again may help."""
    runs.error = error

    reply = await caller.get(f"/v1/runs/{RUN}")

    found = reply.json()
    assert (reply.status_code, found["status"]) == (status, status)
    assert (found["retryable"], found["instance"]) == (retryable, f"/v1/runs/{RUN}")
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("kind", OURS)
def test_every_error_of_ours_has_a_problem(kind: type[FlowError]) -> None:
    """No class of the tree falls through to an internal error."""
    error = kind.__new__(kind, "x")
    error.__dict__["kind"] = FailureKind.BUG
    error.__dict__["problems"] = ()

    assert describe(error).code != "InternalError"


async def test_a_silent_part_says_when_to_ask_again(
    caller: httpx.AsyncClient, runs: RecordedRuns
) -> None:
    """503 carries Retry-After."""
    runs.error = UnavailableError("the Temporal server does not answer")

    reply = await caller.get("/v1/runs")

    assert reply.headers["retry-after"] == "5"


async def test_an_unforeseen_error_tells_nothing_of_itself(
    caller: httpx.AsyncClient, runs: RecordedRuns
) -> None:
    """Neither the text nor the place of an unexpected error reaches the caller."""
    runs.error = ZeroDivisionError("secret")  # type: ignore[assignment]  # no error of ours

    reply = await caller.get(f"/v1/runs/{RUN}")

    assert (reply.status_code, reply.json()["code"]) == (500, "InternalError")
    assert "secret" not in reply.text
    assert "Traceback" not in reply.text


async def test_an_unknown_path_is_a_problem(caller: httpx.AsyncClient) -> None:
    """404 names the path and where the description is."""
    reply = await caller.get("/v2/runs")

    assert (reply.status_code, reply.json()["code"]) == (404, "NotFoundError")
    assert "/openapi.json" in reply.json()["detail"]


async def test_a_wrong_method_is_a_problem(caller: httpx.AsyncClient) -> None:
    """405 names the methods there are."""
    reply = await caller.delete("/healthz")

    assert (reply.status_code, reply.headers["allow"]) == (405, "GET")
    assert reply.json()["code"] == "MethodNotAllowedError"


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff", b'{"flow": NaN}', b'{"flow": "\\ud800"}', b"[" * 5000, b'{"a":' + b"1" * 5000],
)
async def test_a_body_that_is_no_json_is_refused(caller: httpx.AsyncClient, body: bytes) -> None:
    """400 for whatever no strict parser reads."""
    reply = await caller.post("/v1/runs", content=body, headers=JSON)

    assert (reply.status_code, reply.json()["code"]) == (400, "MalformedBodyError")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_of_another_type_is_refused(caller: httpx.AsyncClient, kind: str) -> None:
    """415 for what a foreign page could make a browser send."""
    reply = await caller.post("/v1/runs", content=b"{}", headers={"Content-Type": kind})

    assert (reply.status_code, reply.json()["code"]) == (415, "MediaTypeError")


async def test_a_declared_large_body_is_refused(caller: httpx.AsyncClient) -> None:
    """413 before it is read."""
    reply = await caller.post("/v1/runs", content=b" " * (LIMIT_BYTES + 1), headers=JSON)

    assert (reply.status_code, reply.json()["code"]) == (413, "BodyTooLargeError")


async def _chunks() -> AsyncIterator[bytes]:
    for _ in range(LIMIT_BYTES // 1024 + 1):
        yield b" " * 1024


async def test_a_large_body_in_chunks_is_refused(caller: httpx.AsyncClient) -> None:
    """413 as soon as it is over the limit, whatever was declared."""
    reply = await caller.post("/v1/runs", content=_chunks(), headers=JSON)

    assert (reply.status_code, reply.json()["code"]) == (413, "BodyTooLargeError")


async def test_a_misspelt_field_is_refused_where_it_stands(caller: httpx.AsyncClient) -> None:
    """422 points at every place at once."""
    reply = await caller.post("/v1/runs", json={"flow": "Toy", "inputs": {}})

    found = reply.json()
    assert (reply.status_code, found["code"]) == (422, "InputInvalidError")
    assert {each["pointer"] for each in found["errors"]} == {"/flow", "/input", "/inputs"}


@pytest.mark.parametrize("given", [{"score": 101}, {"start": {"score": 101}}])
async def test_an_input_that_does_not_fit_is_refused_where_it_stands(
    caller: httpx.AsyncClient, given: dict[str, object]
) -> None:
    """The pointer leads into the request as it was sent, bare or by slot."""
    reply = await caller.post("/v1/runs", json={"flow": "toy", "input": given})

    path = "/start/score" if "start" in given else "/score"
    assert [each["pointer"] for each in reply.json()["errors"]] == [f"/input{path}"]


async def test_a_misspelt_field_of_a_decision_is_refused(caller: httpx.AsyncClient) -> None:
    """What a person decides is read as strictly, its budget included."""
    budget = {"model_calls": 1, "tokens": 1, "microusd": 1, "working_seconds": 1, "usd": 1}
    body = {"shown": SHOWN, "who": "eva", "action": "raise_budget", "budget": budget, "veredict": 1}

    reply = await caller.post(f"/v1/runs/{RUN}/gates/approve", json=body)

    assert {each["pointer"] for each in reply.json()["errors"]} == {"/budget/usd", "/veredict"}


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/v1/runs/nope", "path:run"),
        (f"/v1/runs/{RUN}%0A", "path:run"),
        (f"/v1/runs/{RUN}/values/abc", "path:digest"),
        ("/v1/flows/NOPE'", "path:flow"),
        ("/v1/runs?flow='%20OR%20''%3D'", "query:flow"),
        ("/v1/runs?status=nope", "query:status"),
        ("/v1/runs?limit=101", "query:limit"),
        ("/v1/corpora/..%2E/search?q=x", "path:corpus"),
        ("/v1/corpora/composting/search", "query:q"),
    ],
)
async def test_a_parameter_that_does_not_fit_is_refused(
    caller: httpx.AsyncClient, path: str, pointer: str
) -> None:
    """Nothing that breaks its pattern reaches a query."""
    reply = await caller.get(path)

    assert reply.status_code == 422
    assert [each["pointer"] for each in reply.json()["errors"]] == [pointer]


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9"])
async def test_a_key_that_is_not_printable_is_refused(caller: httpx.AsyncClient, key: str) -> None:
    """An idempotency key has 1 to 255 characters of printable ASCII."""
    headers = {b"Idempotency-Key": key.encode("latin-1")}

    reply = await caller.post("/v1/runs", json={"flow": "toy", "input": {}}, headers=headers)

    assert [each["pointer"] for each in reply.json()["errors"]] == ["header:Idempotency-Key"]


async def test_a_flow_that_is_not_there_is_named(caller: httpx.AsyncClient) -> None:
    """The refusal lists the flows there are."""
    reply = await caller.get("/v1/flows/other")

    assert reply.status_code == 404
    assert "there are: toy" in reply.json()["detail"]


async def test_a_run_that_is_not_there_is_named(caller: httpx.AsyncClient) -> None:
    """Well-formed ids of nothing are not found, on every path below a run."""
    paths = ("", "/steps", "/handoffs", "/context", "/result", "/quarantine", "/gates", "/events")

    statuses = [(await caller.get(f"/v1/runs/{OTHER_RUN}{path}")).status_code for path in paths]

    assert statuses == [404] * len(paths)
