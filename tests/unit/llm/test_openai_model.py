"""The adapter for the OpenAI protocol, against bytes that endpoints are known to send."""

import asyncio
import json
import traceback
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from contracts.failure import FailureKind
from contracts.usage import Usage
from services.errors import StepError
from services.llm.base import Finish, ModelReply, ModelRequest
from services.llm.endpoint import Endpoint
from services.llm.openai import OpenAIModel
from tests.unit.llm.builders import (
    GOOD,
    CannedServer,
    Ear,
    a_chunk,
    a_request,
    events,
    failure_of,
    http,
    http_error,
)

KEY = "sk-secret-1"


async def reply_to(*responses: bytes, request: ModelRequest | None = None) -> ModelReply:
    """Ask an endpoint that answers with these bytes."""
    async with CannedServer(*responses) as server, Endpoint(server.base_url, KEY) as endpoint:
        return await OpenAIModel(endpoint).complete(request or a_request(), Ear())


async def failure_from(
    *responses: bytes, filler: bytes = b"", request: ModelRequest | None = None
) -> StepError:
    """Ask an endpoint that fails with these bytes."""
    async with (
        CannedServer(*responses, filler=filler) as server,
        Endpoint(server.base_url, KEY) as endpoint,
    ):
        return await failure_of(OpenAIModel(endpoint), request or a_request())


async def requests_for(*responses: bytes, asked: int = 1) -> Sequence[dict[str, Any]]:
    """Ask an endpoint that answers with these bytes and see the bodies that it was sent."""
    async with CannedServer(*responses) as server, Endpoint(server.base_url, KEY) as endpoint:
        model = OpenAIModel(endpoint)
        for _ in range(asked):
            await model.complete(a_request(), Ear())
        return server.requests


def refusing(parameter: str | None, message: str, code: str | None = None) -> bytes:
    """Write a refusal of a parameter."""
    return http_error(400, {"message": message, "param": parameter, "code": code})


async def test_request_asks_for_the_schema() -> None:
    """The answer's schema is sent as strict, with the limits and the seed of the request."""
    (body,) = await requests_for(GOOD)

    assert body["response_format"]["type"] == "json_schema"
    assert body["response_format"]["json_schema"]["strict"] is True
    assert body["response_format"]["json_schema"]["schema"] == a_request().answer_schema
    assert (body["temperature"], body["seed"], body["max_tokens"]) == (0.2, 0, 200)
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


async def test_reported_usage_is_taken() -> None:
    """Tokens are those that the endpoint counts, where it does."""
    usage = {"prompt_tokens": 1000, "completion_tokens": 7, "total_tokens": 1007}
    last = {"id": "1", "model": "m", "choices": [], "usage": usage}

    reply = await reply_to(events(a_chunk("yes"), a_chunk(finish="stop"), last, "[DONE]"))

    assert reply.usage == Usage(calls=1, input_tokens=1000, output_tokens=7)


async def test_line_ends_of_windows_are_read() -> None:
    """Events that end with carriage returns are events."""
    reply = await reply_to(events(a_chunk("yes"), a_chunk(finish="stop"), end="\r\n\r\n"))

    assert reply.text == "yes"


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (400, {}, FailureKind.MALFORMED),
        (401, {}, FailureKind.DENIED),
        (402, {}, FailureKind.QUOTA),
        (403, {}, FailureKind.DENIED),
        (404, {}, FailureKind.DENIED),
        (408, {}, FailureKind.UNAVAILABLE),
        (409, {}, FailureKind.UNAVAILABLE),
        (413, {}, FailureKind.TOO_LARGE),
        (422, {}, FailureKind.MALFORMED),
        (429, {}, FailureKind.RATE_LIMITED),
        (500, {}, FailureKind.UNAVAILABLE),
        (502, {}, FailureKind.UNAVAILABLE),
        (529, {}, FailureKind.UNAVAILABLE),
        (400, {"x_should_retry": "true"}, FailureKind.UNAVAILABLE),
        (429, {"x_should_retry": "false"}, FailureKind.QUOTA),
        (500, {"x_should_retry": "false"}, FailureKind.DENIED),
    ],
)
async def test_status_has_its_kind(status: int, headers: dict[str, str], kind: FailureKind) -> None:
    """Each status, with the endpoint's own advice about trying again, is one kind of failure."""
    error = await failure_from(http_error(status, None, **headers))

    assert error.kind is kind


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (429, {"message": "", "code": "insufficient_quota"}, FailureKind.QUOTA),
        (429, {"message": "", "type": "insufficient_quota"}, FailureKind.QUOTA),
        (429, {"message": "", "code": "rate_limit_exceeded"}, FailureKind.RATE_LIMITED),
        (400, {"message": "", "code": "context_length_exceeded"}, FailureKind.TOO_LARGE),
        (400, {"message": "This model's maximum context length is 4096"}, FailureKind.TOO_LARGE),
        (
            400,
            {"code": 400, "message": "too long", "type": "exceed_context_size_error"},
            FailureKind.TOO_LARGE,
        ),
    ],
)
async def test_code_has_its_kind(status: int, said: dict[str, Any], kind: FailureKind) -> None:
    """What an endpoint says beside the status decides where the status alone does not."""
    error = await failure_from(http_error(status, said))

    assert error.kind is kind


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"message": "boom"}, FailureKind.UNAVAILABLE),
        ({"message": "slow down", "code": "rate_limit_exceeded"}, FailureKind.RATE_LIMITED),
        ({"message": "no money", "code": "insufficient_quota"}, FailureKind.QUOTA),
        ({"message": "bad", "code": 400}, FailureKind.MALFORMED),
        ({"message": "broken", "code": 500}, FailureKind.UNAVAILABLE),
    ],
)
async def test_error_inside_a_stream_has_its_kind(said: dict[str, Any], kind: FailureKind) -> None:
    """An error that comes after the first words is named like any other, and counted."""
    error = await failure_from(events(a_chunk("half of it "), {"error": said}))

    assert error.kind is kind
    assert error.usage.output_tokens == 3


@pytest.mark.parametrize(
    "response",
    [
        http(200, "<html>Sign in</html>", "text/html"),
        http(200, json.dumps({"hello": "world"})),
        events({"hello": "world"}),
        events({"id": "1", "choices": "none"}),
        events("this is not JSON"),
        events([1, 2, 3]),
        http(200, b"data: \xff\xfe\n\n", "text/event-stream"),
    ],
)
async def test_other_protocol_is_malformed(response: bytes) -> None:
    """Something that is not the protocol is never taken for an answer."""
    error = await failure_from(response)

    assert error.kind is FailureKind.MALFORMED


@pytest.mark.parametrize(
    "response",
    [
        events(),
        events("[DONE]"),
        events(a_chunk("half of")),
        events(a_chunk("half of"), "[DONE]"),
        b"",
    ],
)
async def test_unfinished_stream_is_unavailable(response: bytes) -> None:
    """A stream that ends before the model said that it was done is a broken one."""
    error = await failure_from(response)

    assert error.kind is FailureKind.UNAVAILABLE


async def test_nobody_there_is_unavailable() -> None:
    """An address where nothing listens is an endpoint that is not available."""
    async with CannedServer() as gone:
        pass
    async with Endpoint(gone.base_url) as endpoint:
        error = await failure_of(OpenAIModel(endpoint), a_request())

    assert error.kind is FailureKind.UNAVAILABLE


async def test_filtered_prompt_is_a_refusal() -> None:
    """A prompt that the endpoint's filter turns away is answered with a refusal."""
    reply = await reply_to(http_error(400, {"message": "no", "code": "content_filter"}))

    assert reply.finish is Finish.REFUSED
    assert reply.text == ""


async def test_wait_of_an_unavailable_endpoint_is_read() -> None:
    """A 503 may say when the endpoint will be back."""
    error = await failure_from(http_error(503, retry_after="30"))

    assert error.retry_after == timedelta(seconds=30)


async def test_endless_event_is_too_large() -> None:
    """An event without an end is given up after 2 MiB, before it fills the memory."""
    head = http(200, "data: ", "text/event-stream")
    async with (
        CannedServer(head, filler=b"x" * 65_536) as server,
        Endpoint(server.base_url) as endpoint,
    ):
        error = await failure_of(OpenAIModel(endpoint), a_request())

    assert error.kind is FailureKind.TOO_LARGE
    assert server.sent_bytes < 16 * 1024 * 1024


async def test_endless_error_is_read_in_part() -> None:
    """Of an error's body no more is read than it takes to know the error."""
    head = http(500, "it went wrong: ", "text/plain")
    async with (
        CannedServer(head, filler=b"x" * 65_536) as server,
        Endpoint(server.base_url) as endpoint,
    ):
        error = await failure_of(OpenAIModel(endpoint), a_request())

    assert error.kind is FailureKind.UNAVAILABLE
    assert server.sent_bytes < 16 * 1024 * 1024


async def test_trickling_stream_times_out() -> None:
    """The time limit is for the whole reply: a stream that never stops does not outlive it."""
    comment = b": still here\n\n"
    error = await failure_from(
        events(a_chunk("so ")), filler=comment, request=a_request(timeout_seconds=1)
    )

    assert error.kind is FailureKind.TIMED_OUT
    assert error.usage.output_tokens == 1


@pytest.mark.parametrize(
    ("refusal", "gone"),
    [
        (refusing("temperature", "Unsupported value", "unsupported_value"), "temperature"),
        (refusing("seed", "Unknown parameter", "unknown_parameter"), "seed"),
        (refusing(None, "This response_format type is unavailable now"), "response_format"),
        (refusing(None, "stream_options: Extra inputs are not permitted"), "stream_options"),
    ],
)
async def test_refused_parameter_is_left_out(refusal: bytes, gone: str) -> None:
    """A model that does not take a parameter is asked again without it, and from then on."""
    first, second, third = await requests_for(refusal, GOOD, GOOD, asked=2)

    assert gone in first
    assert gone not in second
    assert gone not in third


async def test_other_name_of_the_limit_is_tried() -> None:
    """A model that wants the other name for the output limit is given that."""
    refusal = refusing(
        "max_tokens",
        "Unsupported parameter: 'max_tokens' is not supported with this model."
        " Use 'max_completion_tokens' instead.",
        "unsupported_parameter",
    )

    _, second = await requests_for(refusal, GOOD)

    assert second["max_completion_tokens"] == 200
    assert "max_tokens" not in second


BAD_SCHEMA = refusing(
    "response_format",
    "Invalid schema for response_format 'Pick': In context=('properties', 'text'),"
    " 'minLength' is not permitted.",
)


async def test_bounds_are_left_out_where_they_are_not_taken() -> None:
    """An endpoint that takes no bounds in a schema gets shapes and enums, from then on."""
    first, second, third = await requests_for(BAD_SCHEMA, GOOD, GOOD, asked=2)

    assert first["response_format"]["json_schema"]["schema"]["properties"]["text"]["minLength"]
    assert second["response_format"]["json_schema"]["schema"]["properties"] == {
        "id": {"type": "string", "enum": ["e1", "e2"]},
        "text": {"type": "string"},
    }
    assert second["response_format"]["json_schema"]["strict"] is True
    assert third == second


async def test_bad_schema_is_not_hidden() -> None:
    """A schema that is refused without its bounds as well fails, and is not left out."""
    error = await failure_from(BAD_SCHEMA, BAD_SCHEMA, GOOD)

    assert error.kind is FailureKind.MALFORMED


async def test_calls_beside_each_other_learn_together() -> None:
    """Of two calls that are refused for the same parameter both go again without it."""
    refusal = refusing("temperature", "Unsupported value", "unsupported_value")
    async with (
        CannedServer(refusal, refusal, GOOD) as server,
        Endpoint(server.base_url) as endpoint,
    ):
        model = OpenAIModel(endpoint)
        replies = await asyncio.gather(
            model.complete(a_request(), Ear()), model.complete(a_request(), Ear())
        )

    assert [reply.text for reply in replies] == ["yes", "yes"]
    assert len(server.requests) == 4


async def test_stubborn_endpoint_is_not_asked_for_ever() -> None:
    """An endpoint that refuses whatever is sent is given up once nothing is left to leave out."""
    refusal = refusing(
        None, "unsupported: temperature seed response_format stream_options max_tokens"
    )

    error = await failure_from(refusal)

    assert error.kind is FailureKind.MALFORMED


@pytest.mark.parametrize("status", [400, 401, 404, 413, 429, 500])
async def test_message_tells_what_an_operator_needs(status: int) -> None:
    """A message names host, model and status, and nothing of prompt, reply or key."""
    said = f"You sent 'Pick one, please.' with the key {KEY}"
    error = await failure_from(http_error(status, {"message": said, "code": said}))

    assert "127.0.0.1:" in str(error)
    assert "'some-model'" in str(error)
    assert str(status) in str(error)
    assert KEY not in str(error)
    assert "Pick one" not in str(error)


async def test_cause_keeps_the_secret_too() -> None:
    """An endpoint that quotes prompt and key back is not quoted in what gets logged."""
    said = f"You sent 'Pick one, please.' with the key {KEY}"
    error = await failure_from(http_error(401, {"message": said}))

    logged = "".join(traceback.format_exception(error))

    assert "AuthenticationError" in logged
    assert KEY not in logged
    assert "Pick one" not in logged


async def test_key_is_sent_and_compression_is_not_asked_for() -> None:
    """Requests carry the key, and ask for bytes that can be counted as they come."""
    async with CannedServer(GOOD) as server, Endpoint(server.base_url, f" {KEY}\n") as endpoint:
        await OpenAIModel(endpoint).complete(a_request(), Ear())

    assert f"authorization: bearer {KEY}\r\n" in server.heads[0]
    assert "accept-encoding: identity\r\n" in server.heads[0]
    assert "x-orchestra-work: writer/free/1/-/1\r\n" in server.heads[0]
