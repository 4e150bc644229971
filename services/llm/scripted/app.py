"""The scripted model's HTTP interface: the OpenAI protocol, and `/control` to steer and to count.

| path | what |
| --- | --- |
| `POST /v1/chat/completions` | answers as a stream or whole |
| `POST /v1/responses` | the same, in the background if that is wanted |
| `GET /v1/responses/{id}`, `POST /v1/responses/{id}/cancel` | fetches and ends a background one |
| `POST /v1/embeddings` | hashed vectors |
| `GET /v1/models`, `GET /health` | as other servers have them |
| `GET`, `POST /control/script` | reads and replaces the script; a new one starts unused |
| `GET`, `DELETE /control/calls` | lists and clears the log of calls |
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final, TypeVar

from pydantic import BaseModel, Field, JsonValue, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.errors import InputInvalidError
from services.llm.base import WORK_HEADER, Message, Work
from services.llm.scripted.calls import Outcome
from services.llm.scripted.delivery import Delivery, HangUp
from services.llm.scripted.protocol import Wire, broken_wire, chat_wire, json_wire
from services.llm.scripted.respondent import Respondent
from services.llm.scripted.respondent import Response as Reply
from services.llm.scripted.responses import KeptResponses, responses_wire, unknown_wire
from services.llm.scripted.script import Fault, read_script
from services.llm.scripted.vectors import DIMENSIONS, hashed_vector

Body = TypeVar("Body")

MODEL: Final = "scripted"
"""The name that `/v1/models` lists; replies carry whatever name was asked for."""


class _JsonSchema(BaseModel):
    content: dict[str, JsonValue] = Field(default_factory=dict, alias="schema")


class _ResponseFormat(BaseModel):
    json_schema: _JsonSchema = Field(default_factory=_JsonSchema)


class _ChatBody(BaseModel):
    model: str
    messages: tuple[Message, ...]
    stream: bool = False
    response_format: _ResponseFormat = Field(default_factory=_ResponseFormat)


class _Text(BaseModel):
    format: _JsonSchema = Field(default_factory=_JsonSchema)


class _ResponsesBody(BaseModel):
    model: str
    input: tuple[Message, ...]
    stream: bool = False
    background: bool = False
    text: _Text = Field(default_factory=_Text)


class _EmbeddingBody(BaseModel):
    model: str
    input: str | list[str]
    dimensions: int = Field(default=DIMENSIONS, ge=1, le=4096)


class ScriptedApi:
    """The endpoints, around one respondent."""

    def __init__(self, respondent: Respondent, hang_up: HangUp, stopping: asyncio.Event) -> None:
        self._respondent = respondent
        self._kept = KeptResponses()
        self._hang_up = hang_up
        self._stopping = stopping

    def app(self) -> Starlette:
        """Build the application."""
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/v1/responses", self._responses, methods=["POST"]),
                Route("/v1/responses/{id}", self._fetch, methods=["GET"]),
                Route("/v1/responses/{id}/cancel", self._cancel, methods=["POST"]),
                Route("/v1/embeddings", self._embeddings, methods=["POST"]),
                Route("/v1/models", self._models),
                Route("/health", self._health),
                Route("/control/script", self._script, methods=["GET"]),
                Route("/control/script", self._perform, methods=["POST"]),
                Route("/control/calls", self._calls, methods=["GET"]),
                Route("/control/calls", self._clear, methods=["DELETE"]),
            ],
            exception_handlers={InputInvalidError: _refused},
        )

    async def _chat(self, request: Request) -> Response:
        body = await _read(_ChatBody, request)
        schema = body.response_format.json_schema.content
        response = self._respondent.respond(_work_of(request, "unknown"), body.messages, schema)
        wire = chat_wire(response, body.model, stream=body.stream)
        return self._delivery(response, wire, response.delay_seconds)

    async def _responses(self, request: Request) -> Response:
        body = await _read(_ResponsesBody, request)
        work, schema = _work_of(request, "unknown"), body.text.format.content
        response = self._respondent.respond(work, body.input, schema)
        wire = self._begun(response, body)
        # What is answered before it is ready waits for nothing.
        waits = body.stream or not body.background
        return self._delivery(response, wire, response.delay_seconds if waits else 0)

    def _begun(self, response: Reply, body: _ResponsesBody) -> Wire:
        is_refused = response.fault is not Fault.HANG and broken_wire(response) is not None
        keeps = body.background and not is_refused
        kept = self._kept.begin(response, body.model, keeps=keeps)
        if keeps:
            self._respondent.log.keep(response.call, kept.id)
        return responses_wire(kept, stream=body.stream, background=body.background)

    async def _fetch(self, request: Request) -> Response:
        failing = self._respondent.respond_to_fetch()
        broken = broken_wire(failing) if failing else None
        if failing and broken:
            return self._delivery(failing, broken, failing.delay_seconds)
        kept = self._kept.get(request.path_params["id"])
        if kept is None:
            return _sent(unknown_wire())
        self._respondent.log.fetch(kept.reply.call)
        if kept.is_over:
            self._respondent.log.close(kept.reply.call, Outcome.ANSWERED)
        return JSONResponse(kept.document())

    async def _cancel(self, request: Request) -> Response:
        kept = self._kept.get(request.path_params["id"])
        if kept is None:
            return _sent(unknown_wire())
        if kept.cancel():
            self._respondent.log.close(kept.reply.call, Outcome.CANCELLED)
        return JSONResponse(kept.document())

    async def _embeddings(self, request: Request) -> Response:
        body = await _read(_EmbeddingBody, request)
        texts = [body.input] if isinstance(body.input, str) else body.input
        messages = tuple(Message(role="user", content=text) for text in texts)
        response = self._respondent.respond_silently(_work_of(request, "embedding"), messages)
        wire = broken_wire(response) or _vectors(body, texts, response.input_tokens)
        return self._delivery(response, wire, response.delay_seconds)

    def _delivery(self, response: Reply, wire: Wire, delay_seconds: float) -> Delivery:
        done = partial(self._respondent.log.close, response.call)
        return Delivery(wire, delay_seconds, self._hang_up, self._stopping, done)

    async def _models(self, request: Request) -> Response:
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "flow-orchestra"}
        return JSONResponse({"object": "list", "data": [model]})

    async def _health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _script(self, request: Request) -> Response:
        return JSONResponse(self._respondent.script.model_dump(mode="json", exclude_unset=True))

    async def _perform(self, request: Request) -> Response:
        script = read_script(await _read(dict[str, JsonValue], request))
        self._respondent.perform(script)
        return JSONResponse({"lines": len(script.lines)})

    async def _calls(self, request: Request) -> Response:
        calls = [call.model_dump(mode="json") for call in self._respondent.log.calls]
        return JSONResponse({"calls": calls})

    async def _clear(self, request: Request) -> Response:
        self._respondent.log.clear()
        return Response(status_code=204)


async def _read(kind: type[Body], request: Request) -> Body:
    try:
        return TypeAdapter(kind).validate_json(await request.body())
    except ValidationError as error:
        raise InputInvalidError(f"the request cannot be read: {error}") from error


def _work_of(request: Request, agent: str) -> Work:
    """Read which work a request is for; one that does not say is counted as `agent`'s."""
    label = request.headers.get(WORK_HEADER)
    if not label:
        return Work(agent=agent, rung="free", visit=1, exchange=1)
    try:
        return Work.parse(label)
    except ValueError as error:
        raise InputInvalidError(f"{WORK_HEADER} names no work: {label!r}") from error


def _vectors(body: _EmbeddingBody, texts: Sequence[str], tokens: int) -> Wire:
    data = [
        {"object": "embedding", "index": index, "embedding": hashed_vector(text, body.dimensions)}
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return json_wire(200, {"object": "list", "data": data, "model": body.model, "usage": usage})


def _sent(wire: Wire) -> Response:
    return Response(b"".join(wire.parts), wire.status, wire.headers)


async def _refused(request: Request, error: Exception) -> Response:
    said = {"message": str(error), "type": "invalid_request_error", "param": None, "code": None}
    return JSONResponse({"error": said}, status_code=400)
