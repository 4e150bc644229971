"""The OpenAI protocol as a server writes it: chunks, completions, errors, and how faults look."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydantic import JsonValue

from services.llm.scripted.respondent import STATUSES, Response
from services.llm.scripted.script import Fault

OTHER_MODEL: Final = "another-model"

STREAM_HEADERS: Final = {"content-type": "text/event-stream", "cache-control": "no-cache"}

# Replies stay at some dozens of events however long they are; short ones still come in several.
_SMALLEST_PIECE: Final = 24
_MOST_PIECES: Final = 64

HALVED: Final = frozenset({Fault.CUT_STREAM, Fault.STALL})

_ERRORS: Final[dict[Fault, tuple[str, str]]] = {
    Fault.HTTP_500: ("server_error", "The server had an error."),
    Fault.HTTP_503_RETRY_AFTER: ("overloaded", "The server is overloaded."),
    Fault.HTTP_429_RETRY_AFTER: ("rate_limit_exceeded", "Too many requests."),
    Fault.HTTP_429_QUOTA: ("insufficient_quota", "You exceeded your current quota."),
    Fault.HTTP_401: ("invalid_api_key", "Incorrect API key provided."),
    Fault.HTTP_404_MODEL: ("model_not_found", "The model does not exist."),
    Fault.HTTP_400_CONTEXT: ("context_length_exceeded", "The maximum context length is 8 tokens."),
}

_PAGE: Final = b"<!doctype html><html><body><h1>Welcome to nginx!</h1></body></html>\n"


class Ending(StrEnum):
    """What happens after the last part was sent."""

    COMPLETE = "complete"
    HANG_UP = "hang_up"
    WAIT = "wait"


@dataclass(frozen=True)
class Wire:
    """An HTTP response as it is put on the wire."""

    status: int
    """0: nothing is sent, not even a head."""

    headers: dict[str, str]
    parts: tuple[bytes, ...]
    ending: Ending
    prelude: tuple[bytes, ...] = ()
    """What is sent at once, before the delay that the other parts wait for."""


def chat_wire(response: Response, model: str, *, stream: bool) -> Wire:
    """Put an answer on the wire, or what its fault makes of it."""
    broken = broken_wire(response)
    if broken:
        return broken
    return _events(response, model) if stream else _completion(response, model)


def broken_wire(response: Response) -> Wire | None:
    """Put a fault on the wire that leaves no answer; None when there is one."""
    fault = response.fault
    if fault in _ERRORS:
        return _error(fault, response.retry_after_ms)
    return _WITHOUT_ANSWER.get(fault) if fault else None


_WITHOUT_ANSWER: Final = {
    Fault.RESET: Wire(0, {}, (), Ending.HANG_UP),
    Fault.HANG: Wire(0, {}, (), Ending.WAIT),
    Fault.HTML: Wire(200, {"content-type": "text/html"}, (_PAGE,), Ending.COMPLETE),
}


def json_wire(status: int, body: object) -> Wire:
    """Put one JSON document on the wire."""
    return Wire(status, {"content-type": "application/json"}, (encoded(body),), Ending.COMPLETE)


def _error(fault: Fault, retry_after_ms: int) -> Wire:
    code, message = _ERRORS[fault]
    body = {"error": {"message": message, "type": code, "param": None, "code": code}}
    wire = json_wire(STATUSES[fault], body)
    if fault is Fault.HTTP_429_RETRY_AFTER:
        wire.headers["retry-after-ms"] = str(retry_after_ms)
    if fault is Fault.HTTP_503_RETRY_AFTER:
        wire.headers["retry-after"] = str(math.ceil(retry_after_ms / 1000))
    return wire


def ending_of(fault: Fault | None) -> Ending:
    """Say what a fault does to the connection once the text is sent."""
    if fault is Fault.CUT_STREAM:
        return Ending.HANG_UP
    return Ending.WAIT if fault is Fault.STALL else Ending.COMPLETE


def _events(response: Response, model: str) -> Wire:
    events = [b"data: " + encoded(chunk) + b"\n\n" for chunk in chunks_of(response, model)]
    if ending_of(response.fault) is Ending.COMPLETE:
        events.append(b"data: [DONE]\n\n")
    return Wire(200, STREAM_HEADERS, tuple(events), ending_of(response.fault))


def _completion(response: Response, model: str) -> Wire:
    message: JsonValue = {
        "role": "assistant",
        "content": response.text,
        "refusal": response.refusal or None,
    }
    choice: JsonValue = {"index": 0, "message": message, "finish_reason": response.finish}
    body = encoded(
        _envelope(response, model, "chat.completion") | {"choices": [choice]} | _usage(response)
    )
    ending = ending_of(response.fault)
    shown = body if ending is Ending.COMPLETE else body[: len(body) // 2]
    return Wire(200, {"content-type": "application/json"}, (shown,), ending)


def chunks_of(response: Response, model: str) -> Iterator[dict[str, JsonValue]]:
    """Write a reply as stream chunks; half of the text and no end where its fault says so."""
    head = _envelope(response, model, "chat.completion.chunk")
    yield head | _choice({"role": "assistant", "content": ""})
    if response.refusal:
        yield head | _choice({"refusal": response.refusal})
    yield from (head | _choice({"content": piece}) for piece in pieces_of(sent_of(response)))
    if response.fault in HALVED:
        return
    yield head | _choice({}, response.finish)
    if response.fault is not Fault.NO_USAGE:
        yield head | {"choices": []} | _usage(response)


def sent_of(response: Response) -> str:
    """The part of a text that is sent before its fault ends the stream."""
    halved = response.fault in HALVED
    return response.text[: len(response.text) // 2] if halved else response.text


def pieces_of(text: str) -> tuple[str, ...]:
    """Cut a text into the pieces in which it is streamed."""
    size = max(_SMALLEST_PIECE, -(-len(text) // _MOST_PIECES))
    return tuple(text[start : start + size] for start in range(0, len(text), size))


def _envelope(response: Response, model: str, kind: str) -> dict[str, JsonValue]:
    return {
        "id": f"scripted-{response.call}",
        "object": kind,
        "created": 0,
        "model": spoken_model(response, model),
    }


def spoken_model(response: Response, model: str) -> str:
    """The model that is said to have answered."""
    return OTHER_MODEL if response.fault is Fault.WRONG_MODEL_NAME else model


def _choice(delta: dict[str, JsonValue], finish: str | None = None) -> dict[str, JsonValue]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _usage(response: Response) -> dict[str, JsonValue]:
    if response.fault is Fault.NO_USAGE:
        return {}
    return {
        "usage": {
            "prompt_tokens": response.input_tokens,
            "completion_tokens": response.output_tokens,
            "total_tokens": response.input_tokens + response.output_tokens,
        }
    }


def encoded(value: object) -> bytes:
    """Write compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
