"""Starts the runs of a schedule through the gateway, decides at gates, waits for the ends."""

import asyncio
import json
import random
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from pydantic import JsonValue
from temporalio.client import Client, WorkflowFailureError
from temporalio.service import RPCError

from services.retrieval.documents import read_documents
from tests.articles import SAMPLES, brief
from tests.chaos.client import GatewayClient
from tests.chaos.schedule import Start
from tests.chaos.stack import ChaosStack

GATES_EVERY_SECONDS: Final = 0.5
ENDS_EVERY_SECONDS: Final = 0.3
REPEATED: Final = 8
EDITOR: Final = "chaos editor"
OPERATOR: Final = "chaos operator"


class Load:
    """The callers: they start, decide and wait. Nothing here knows of faults."""

    def __init__(self, stack: ChaosStack, gateway: GatewayClient, name: str) -> None:
        self._stack = stack
        self._gateway = gateway
        self._name = name
        self._starts: dict[str, Start] = {}
        self.runs: dict[str, set[str]] = {}
        """The runs that the answers to one start named; there should be one each."""

        self.decided: dict[str, list[str]] = {}
        """By marker: what was decided, in order."""

        self.refused: list[str] = []
        """Answers to a start or a decision that were neither taken nor to be tried again."""

    async def fill_corpora(self) -> None:
        """Add the sample documents; adding them again changes nothing."""
        for folder in sorted((SAMPLES / "corpora").iterdir()):
            documents: list[JsonValue] = [
                {"title": each.title, "text": each.text, "uri": each.uri}
                for each in read_documents(folder).documents
            ]
            await self._gateway.post(f"/corpora/{folder.name}/documents", {"documents": documents})

    async def start_at_their_times(self, starts: Iterable[Start]) -> None:
        """Start each run at its second, counted from now."""
        begun = time.monotonic()
        await asyncio.gather(*(self._start_at(each, begun) for each in starts))

    async def run_gently(self, starts: Iterable[Start], client: Client, at_once: int) -> None:
        """Start every run once and wait for its end, a few at a time."""
        gate = asyncio.Semaphore(at_once)

        async def one(start: Start) -> None:
            async with gate:
                await self.start(start)
                (run,) = self.runs[start.marker]
                with suppress(WorkflowFailureError):
                    await client.get_workflow_handle(f"{self._stack.tenant}/{run}").result()

        await asyncio.gather(*(one(each) for each in starts))

    async def decide_for_ever(self) -> None:
        """Decide at every gate that opens, until cancelled."""
        while True:
            found: Any = await self._gateway.get("/gates")
            for gate in found.get("gates", ()):
                await self._decide(gate)
            await asyncio.sleep(GATES_EVERY_SECONDS)

    async def repeat(self, chance: random.Random) -> str:
        """Send some starts that were answered again, all at once; returns what was done."""
        known = [self._starts[marker] for marker in sorted(self.runs) if self.runs[marker]]
        chosen = chance.sample(known, min(REPEATED, len(known)))
        await asyncio.gather(*(self.start(each) for each in chosen for _ in range(3)))
        return f"{len(chosen)} starts, 3 times each"

    async def until_ended(self, client: Client, patience_seconds: float) -> tuple[str, ...]:
        """Wait until no run of the tenant is open; returns those that still are in the end."""
        deadline = time.monotonic() + patience_seconds
        left: tuple[str, ...] = ()
        quiet = 0
        while time.monotonic() < deadline and quiet < 3:
            await asyncio.sleep(ENDS_EVERY_SECONDS)
            left = await open_runs(client, self._stack.tenant)
            # Temporal's list lags behind a little; so it has to be empty for some time.
            quiet = 0 if left else quiet + 1
        return left

    async def _start_at(self, start: Start, begun: float) -> None:
        await asyncio.sleep(max(0.0, begun + start.at - time.monotonic()))
        await asyncio.gather(*(self.start(start) for _ in range(start.clients)))

    async def start(self, start: Start) -> None:
        """Start one run, or find the one that an earlier request has started."""
        self._starts[start.marker] = start
        body: dict[str, JsonValue] = {"flow": start.flow, "input": marked_brief(start)}
        key = {"Idempotency-Key": f"{self._name}-{start.marker}"}
        status, answer = await self._gateway.post("/runs", body, key)
        answered: Any = answer
        if status == 202:
            self.runs.setdefault(start.marker, set()).add(answered["id"])
        else:
            self.refused.append(f"{start.marker}: start answered {status}")

    async def _decide(self, gate: Mapping[str, Any]) -> None:
        marker = next((each for each, runs in self.runs.items() if gate["run"] in runs), "")
        if not marker:
            return
        path = f"/runs/{gate['run']}/gates/{gate['gate']}"
        body = await self._decision(self._starts[marker], gate)
        name = f"{gate['gate']}:{gate['visit']}:{body.get('verdict') or body.get('action')}"
        if name not in self.decided.setdefault(marker, []):
            # Noted as it is sent: the answer may be lost although the decision counts.
            self.decided[marker].append(name)
        status, _ = await self._gateway.post(path, body)
        if status not in (200, 202, 404, 409):
            self.refused.append(f"{marker}: decision answered {status}")

    async def _decision(self, start: Start, gate: Mapping[str, Any]) -> dict[str, JsonValue]:
        body: dict[str, JsonValue] = {
            "shown": gate["shown"],
            "id": f"{start.marker}-{gate['gate']}-{gate['visit']}",
        }
        if gate["role"] == "operator":
            return body | {"who": OPERATOR, "action": "retry"}
        verdict = start.decision if gate["visit"] == 1 else "approve"
        if verdict == "edited":
            body["edited"] = await self._edited(gate)
        return body | {"who": EDITOR, "verdict": verdict}

    async def _edited(self, gate: Mapping[str, Any]) -> JsonValue:
        """Change the draft's title, which nothing else depends on."""
        (shown,) = (each for each in gate["references"] if each["slot"] == "draft")
        draft: Any = await self._gateway.get(f"/runs/{gate['run']}/values/{shown['digest']}")
        return {**draft, "title": f"{draft['title']} (edited)"}


def marked_brief(start: Start) -> dict[str, JsonValue]:
    """Write the run's marker where every prompt shows it and into the name of its artifact."""
    given = dict(brief(start.brief))
    given["title"] = f"{given['title']} {start.marker}"
    given["audience"] = f"{given['audience']}, group {start.marker}"
    return json.loads(json.dumps(given))  # type: ignore[no-any-return]  # plain JSON


async def open_runs(client: Client, tenant: str) -> tuple[str, ...]:
    """List the workflows of a tenant that are open; one when Temporal does not answer."""
    query = f"FoTenant = '{tenant}' AND ExecutionStatus = 'Running'"
    try:
        return tuple([each.id async for each in client.list_workflows(query)])
    except RPCError:
        return ("(Temporal does not answer)",)
