"""The gateway holds what its OpenAPI description says, whatever it is sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.python.asgi import shutdown_lifespans
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.gateway.app import create_app
from services.gateway.state import Services
from services.memory.redis import RedisStore
from services.retrieval.in_process import InProcessCorpora
from tests.harness import harness
from tests.toys import Note, toy, toy_flow

pytestmark = pytest.mark.servers

REQUESTS_A_ROUTE = 25
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
FLOW = """
slots: {first: Note@1, decision: Decision@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: approve}
  approve:
    gate: editor
    shows: [first]
    writes: decision
    edits: first
    deadline: 1h
    on_deadline: {to: failed}
    next: done
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


class _Known:
    """What exists behind the gateway, so that requests get past 'there is no such thing'."""

    path: dict[str, str]
    shown: str

    def aim(self, case: Case[Any], data: st.DataObject) -> None:
        """Point half of the requests at things that exist."""
        for name, value in self.path.items():
            if name in (case.path_parameters or {}) and data.draw(st.booleans()):
                case.path_parameters[name] = value
        if isinstance(case.body, dict) and data.draw(st.booleans()):
            case.body |= {name: value for name, value in self._body().items() if name in case.body}

    def _body(self) -> dict[str, JsonValue]:
        return {"flow": "toy", "input": {"text": "x"}, "shown": self.shown}


@asynccontextmanager
async def _opened(address: str, redis_url: str, known: _Known) -> AsyncIterator[Services]:
    """Open services with one run that has come to its gate and was cancelled there."""
    store = RedisStore(redis_url)
    bench = await harness(
        address, toy_flow(FLOW, toy("one", lambda given: Note(text="1"))), store=store
    )
    async with bench.worker():
        run = (await bench.runs.start("toy", {})).run
        gates = await bench.gates.open(run)
        while not gates:
            await asyncio.sleep(0.05)
            gates = await bench.gates.open(run)
        await bench.runs.cancel(run)
        await bench.ended(run)
        digest = gates[0].references[0].digest
        known.shown = gates[0].shown
        known.path = {
            "run": run,
            "flow": "toy",
            "gate": "approve",
            "digest": digest,
            "corpus": "composting",
        }
        corpora = InProcessCorpora()
        yield Services(bench.runs, bench.gates, corpora, bench.queue, "http://gateway")
    await store.aclose()


def _send_many(operation: APIOperation[Any, Any, Any, Any], known: _Known) -> None:
    @settings(
        max_examples=REQUESTS_A_ROUTE,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def send(data: st.DataObject) -> None:
        mode = data.draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        known.aim(case, data)
        case.call_and_validate(checks=CHECKS)

    send()


def test_no_request_breaks_the_gateway(temporal_address: str, redis_url: str) -> None:
    """Hundreds of requests, fit and unfit: none is answered 500, each answer is as described."""
    known = _Known()
    app = create_app(lambda: _opened(temporal_address, redis_url, known))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    try:
        operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
        for operation in operations:
            _send_many(operation, known)
    finally:
        shutdown_lifespans()

    assert len(operations) == 75
