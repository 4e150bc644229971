"""The Responses API as a server keeps and writes it: begun once, fetched by id again and again."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from pydantic import JsonValue

from services.llm.scripted.protocol import (
    HALVED,
    STREAM_HEADERS,
    Ending,
    Wire,
    broken_wire,
    encoded,
    ending_of,
    json_wire,
    pieces_of,
    sent_of,
    spoken_model,
)
from services.llm.scripted.respondent import Response
from services.llm.scripted.script import Fault

_REASONS: Final = {"length": "max_output_tokens", "content_filter": "content_filter"}


@dataclass
class Kept:
    """One response, whole from the beginning and shown when its time has come."""

    id: str
    model: str
    reply: Response
    ready_at: float
    """On the monotonic clock; infinite for one that never comes to an end."""

    is_cancelled: bool = False

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self.is_cancelled or time.monotonic() >= self.ready_at

    @property
    def status(self) -> str:
        """How far it is, in the protocol's words."""
        if self.is_cancelled:
            return "cancelled"
        if not self.is_over:
            return "in_progress"
        return "incomplete" if self.reply.finish in _REASONS else "completed"

    def cancel(self) -> bool:
        """End it; False when it was over before."""
        was_over, self.is_cancelled = self.is_over, self.is_cancelled or not self.is_over
        return not was_over

    def document(self) -> dict[str, JsonValue]:
        """Write it as it stands."""
        return self._written(self.status)

    def begun(self) -> dict[str, JsonValue]:
        """Write it as it stood at first."""
        return self._written("in_progress")

    def ended(self) -> dict[str, JsonValue]:
        """Write it as it will stand when its time has come."""
        return self._written("incomplete" if self.reply.finish in _REASONS else "completed")

    def _written(self, status: str) -> dict[str, JsonValue]:
        shown = status in {"completed", "incomplete"}
        cut_by = _REASONS.get(self.reply.finish) if shown else None
        return {
            "id": self.id,
            "object": "response",
            "created_at": 0,
            "model": spoken_model(self.reply, self.model),
            "status": status,
            "error": None,
            "incomplete_details": {"reason": cut_by} if cut_by else None,
            "output": _output(self.reply) if shown else [],
            "usage": _usage(self.reply) if shown else None,
        }


class KeptResponses:
    """What a model server keeps of background responses; gone with its process."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def begin(self, reply: Response, model: str, *, keeps: bool = True) -> Kept:
        """Begin a response; one that is not kept cannot be asked for again."""
        endless = reply.fault is Fault.HANG
        ready_at = float("inf") if endless else time.monotonic() + reply.delay_seconds
        kept = Kept(f"resp_{uuid4().hex}", model, reply, ready_at)
        if keeps:
            self._kept[kept.id] = kept
        return kept

    def get(self, response: str) -> Kept | None:
        """Find a response by its id."""
        return self._kept.get(response)


def responses_wire(kept: Kept, *, stream: bool, background: bool) -> Wire:
    """Put a response on the wire as the answer to the request that began it."""
    fault = kept.reply.fault
    if fault is Fault.HANG and background:
        return _endless(kept) if stream else json_wire(200, kept.document())
    broken = broken_wire(kept.reply)
    if broken:
        return broken
    if stream:
        return _events(kept)
    return json_wire(200, kept.document()) if background else _whole(kept)


def unknown_wire() -> Wire:
    """Put on the wire that there is no such response."""
    said = {"message": "Response not found.", "type": "invalid_request_error"}
    return json_wire(404, {"error": said | {"param": None, "code": None}})


def _endless(kept: Kept) -> Wire:
    return Wire(200, STREAM_HEADERS, (), Ending.WAIT, prelude=(_event(0, _created(kept)),))


def _events(kept: Kept) -> Wire:
    prelude = (_event(0, _created(kept)),)
    rest = [_event(number, each) for number, each in enumerate(_rest(kept), start=1)]
    return Wire(200, STREAM_HEADERS, tuple(rest), ending_of(kept.reply.fault), prelude)


def _whole(kept: Kept) -> Wire:
    body, ending = encoded(kept.ended()), ending_of(kept.reply.fault)
    shown = body if ending is Ending.COMPLETE else body[: len(body) // 2]
    return Wire(200, {"content-type": "application/json"}, (shown,), ending)


def _created(kept: Kept) -> dict[str, JsonValue]:
    return {"type": "response.created", "response": kept.begun()}


def _rest(kept: Kept) -> Iterator[dict[str, JsonValue]]:
    reply = kept.reply
    place: dict[str, JsonValue] = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    if reply.refusal:
        yield {"type": "response.refusal.delta", "delta": reply.refusal, **place}
    for piece in pieces_of(sent_of(reply)):
        yield {"type": "response.output_text.delta", "delta": piece, "logprobs": [], **place}
    if reply.fault not in HALVED:
        ended = kept.ended()
        yield {"type": f"response.{ended['status']}", "response": ended}


def _event(number: int, body: dict[str, JsonValue]) -> bytes:
    name = str(body["type"]).encode()
    return b"event: " + name + b"\ndata: " + encoded(body | {"sequence_number": number}) + b"\n\n"


def _output(reply: Response) -> list[JsonValue]:
    said: JsonValue = {"type": "output_text", "text": reply.text, "annotations": []}
    refused: JsonValue = {"type": "refusal", "refusal": reply.refusal}
    content: list[JsonValue] = [refused if reply.refusal else said]
    return [{"id": "msg_1", "type": "message", "role": "assistant", "content": content}]


def _usage(reply: Response) -> dict[str, JsonValue] | None:
    if reply.fault is Fault.NO_USAGE:
        return None
    return {
        "input_tokens": reply.input_tokens,
        "output_tokens": reply.output_tokens,
        "total_tokens": reply.input_tokens + reply.output_tokens,
    }
