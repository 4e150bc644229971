"""What tests of the gateway over HTTP share: flows, a served gateway, a reader of its streams."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from redis.asyncio import Redis

from contracts.event import Event
from services.agents.base import Given
from services.gateway.serve import Server, listen
from services.gateway.state import Services
from services.retrieval.in_process import InProcessCorpora
from services.runs.gates import Gates
from services.runs.runs import Runs
from tests.harness import Harness
from tests.toys import Note, ToyFlow, toy, toy_flow

LINE = """
slots: {first: Note@1, second: Note@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: two}
  two: {agent: two, reads: [first], writes: second, next: done}
ends:
  done: {outcome: succeeded, output: second}
  failed: {outcome: failed}
"""
GATE = """
slots: {first: Note@1, decision: Decision@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: approve}
  approve:
    gate: editor
    shows: [first]
    writes: decision
    deadline: DEADLINE
    on_deadline: {to: expired}
    next:
      - {when: "decision.verdict == 'reject'", to: rejected}
      - {else: done}
ends:
  done: {outcome: succeeded, output: first}
  rejected: {outcome: rejected}
  expired: {outcome: expired}
  failed: {outcome: failed}
"""
Message = dict[str, Any]


def _append(given: Given, name: str) -> Note:
    return Note(text=given.one(name, Note).text + "+")


def line_flow() -> ToyFlow:
    return toy_flow(
        LINE,
        toy("one", lambda given: _append(given, "start")),
        toy("two", lambda given: _append(given, "first"), first="Note@1"),
    )


class HeldFlow:
    """A flow whose second step waits until a test lets it go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def two(self, given: Given) -> Note:
        await self.go.wait()
        return _append(given, "first")

    def flow(self) -> ToyFlow:
        one = toy("one", lambda given: _append(given, "start"))
        return toy_flow(LINE, one, toy("two", self.two, first="Note@1"))


def gated_flow(deadline: str = "1h") -> ToyFlow:
    one = toy("one", lambda given: _append(given, "start"))
    return toy_flow(GATE.replace("DEADLINE", deadline), one)


def patient_flow() -> ToyFlow:
    """The same gate, which reminds and asks another role within two seconds."""
    one = toy("one", lambda given: _append(given, "start"))
    asking = "    remind: [1s]\n    escalate: [{after: 2s, to: chief_editor}]\n    deadline: 1h\n"
    return toy_flow(GATE.replace("    deadline: DEADLINE\n", asking), one)


@asynccontextmanager
async def gateway(bench: Harness, runs: Runs | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Serve over a real socket for as long as the context is open."""
    runs = runs or bench.runs
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    services = Services(
        runs=runs, gates=Gates(runs), corpora=InProcessCorpora(), queue=bench.queue, url=url
    )
    ready = asyncio.Event()
    server = Server(services, ready.set)
    serving = asyncio.create_task(server.serve([listener]))
    try:
        await ready.wait()
        async with httpx.AsyncClient(base_url=url, timeout=20) as caller:
            yield caller
    finally:
        server.should_exit = True
        await serving


async def start(caller: httpx.AsyncClient, **given: object) -> str:
    reply = await caller.post("/v1/runs", json={"flow": "toy", "input": given})
    assert reply.status_code == 202, reply.text
    run: str = reply.json()["id"]
    return run


async def _messages(
    caller: httpx.AsyncClient, run: str, last_id: str = ""
) -> AsyncGenerator[Message, None]:
    """Read a stream as a browser does."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    async with caller.stream("GET", f"/v1/runs/{run}/events", headers=headers) as reply:
        assert reply.status_code == 200
        message: Message = {}
        async for line in reply.aiter_lines():
            name, _, value = line.partition(": ")
            if line and name:
                message[name] = value
            elif message.get("event"):
                yield message | {"read_ms": time.time() * 1000}
                message = {}


async def read(
    caller: httpx.AsyncClient, run: str, last_id: str = "", count: int = 10_000
) -> list[Message]:
    """Read a stream to its end, or so many messages of it."""
    found: list[Message] = []
    messages = _messages(caller, run, last_id)
    async with asyncio.timeout(20):
        async for message in messages:
            found.append(message)
            if len(found) == count:
                break
    await messages.aclose()
    return found


def events_of(messages: list[Message]) -> list[Event]:
    others = ("snapshot", "problem", "end")
    return [
        Event.model_validate_json(each["data"]) for each in messages if each["event"] not in others
    ]


async def eventually(caller: httpx.AsyncClient, path: str, name: str, count: int) -> list[Message]:
    """Ask until a list holds so many things."""
    for _ in range(200):
        found: list[Message] = (await caller.get(path)).json()[name]
        if len(found) >= count:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"{path} did not come to hold {count} {name}")


async def open_gate(caller: httpx.AsyncClient, run: str) -> Message:
    return (await eventually(caller, f"/v1/runs/{run}/gates", "gates", 1))[0]


async def blocked_clients(redis: Redis, wanted: int) -> int:
    """Count the connections that wait for events, until there are so many as wanted."""
    count = -1
    for _ in range(200):
        count = (await redis.info("clients"))["blocked_clients"]
        if count == wanted:
            break
        await asyncio.sleep(0.05)
    return count


def approval(gate: Message) -> Message:
    return {"shown": gate["shown"], "who": "eva", "verdict": "approve"}
