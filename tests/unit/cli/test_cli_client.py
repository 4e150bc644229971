"""The gateway's client: what comes back, and which error each refusal becomes."""

import httpx
import pytest

from contracts.run import DecisionReply
from services.cli.client import Gateway, run_path, segment
from services.errors import (
    CallerError,
    ConflictError,
    FlowError,
    IdempotencyMismatchError,
    InputInvalidError,
    NotFoundError,
    UnavailableError,
)


def answering(response: httpx.Response) -> Gateway:
    """Build a gateway that answers everything alike."""
    return Gateway("http://gateway.test", httpx.MockTransport(lambda request: response))


def problem(status: int, code: str) -> httpx.Response:
    """Build a problem document."""
    return httpx.Response(
        status,
        json={
            "title": "t",
            "status": status,
            "detail": "what happened",
            "code": code,
            "errors": [{"pointer": "/input/brief/title", "message": "missing"}],
        },
    )


def test_reply_is_read_as_our_contract() -> None:
    """A reply comes back as the contract that the route promises."""
    gateway = answering(httpx.Response(200, json={"id": "x", "delivered": True}))

    assert gateway.get(DecisionReply, "/x") == DecisionReply(id="x", delivered=True)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (problem(404, "NotFoundError"), NotFoundError),
        (problem(409, "ConflictError"), ConflictError),
        (problem(422, "IdempotencyMismatchError"), IdempotencyMismatchError),
        (problem(422, "InputInvalidError"), InputInvalidError),
        (problem(413, "BodyTooLargeError"), InputInvalidError),
        (problem(404, "of another version"), NotFoundError),
        (problem(503, "UnavailableError"), UnavailableError),
        (problem(507, "StorageError"), UnavailableError),
        (httpx.Response(502, text="<html>bad gateway</html>"), UnavailableError),
        (httpx.Response(200, text="<html>another service</html>"), UnavailableError),
    ],
)
def test_refusal_becomes_our_error(response: httpx.Response, expected: type[FlowError]) -> None:
    """Each way in which a gateway refuses has one error, and so one exit code."""
    with pytest.raises(expected) as caught:
        answering(response).get(DecisionReply, "/x")

    assert type(caught.value) is expected


def test_problems_keep_their_places() -> None:
    """What does not fit is told place by place."""
    with pytest.raises(InputInvalidError) as caught:
        answering(problem(422, "InputInvalidError")).get(DecisionReply, "/x")

    assert [(each.pointer, each.message) for each in caught.value.problems] == [
        ("/input/brief/title", "missing")
    ]


def test_silent_gateway_is_named_with_the_remedy() -> None:
    """A gateway that does not answer is an error that says what to start or set."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    gateway = Gateway("http://gateway.test", httpx.MockTransport(refuse))

    with pytest.raises(UnavailableError, match=r"orchestra up.*ORCHESTRA_GATEWAY_URL"):
        gateway.get(DecisionReply, "/x")


def test_another_service_at_the_address_is_recognised() -> None:
    """A page instead of the protocol points at the setting that leads there."""
    with pytest.raises(UnavailableError, match=r"another service.*ORCHESTRA_GATEWAY_URL"):
        answering(httpx.Response(200, text="hello")).get_json("/x")


def test_ids_that_no_run_has_are_not_sent() -> None:
    """A word that cannot be a run's id is answered without asking."""
    with pytest.raises(NotFoundError, match="orchestra runs list"):
        run_path("../gates")


def test_names_stay_one_part_of_a_path() -> None:
    """A name with a slash cannot reach another route."""
    assert segment("a/b?c") == "a%2Fb%3Fc"


def test_body_is_json_with_the_headers_given() -> None:
    """A request carries its body as JSON and what the command adds."""
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202, json={"id": "x", "delivered": False})

    gateway = Gateway("http://gateway.test/", httpx.MockTransport(keep))
    gateway.post(DecisionReply, "/runs", {"flow": "article"}, {"Idempotency-Key": "k"})

    assert str(seen[0].url) == "http://gateway.test/v1/runs"
    assert seen[0].headers["idempotency-key"] == "k"
    assert seen[0].headers["content-type"] == "application/json"
    assert seen[0].content == b'{"flow":"article"}'


def test_every_refusal_of_a_request_is_the_callers() -> None:
    """A 4xx never reads as if trying again could help."""
    with pytest.raises(CallerError):
        answering(problem(400, "MalformedBodyError")).tell("/x")
