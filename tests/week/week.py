"""Seven issues of a newsletter, one a day, with what a week brings: people, faults, a deploy."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from contracts.content.covered_topics import CoveredTopics
from tests.chaos.client import GatewayClient
from tests.chaos.fault import GATEWAY, WORKERS
from tests.chaos.load import Load
from tests.chaos.model import ModelCall, read_calls
from tests.chaos.stack import ROOT, ChaosStack, memory_of
from tests.week.judging import Issue

FLOW: Final = "letter"
SCHEDULE: Final = "letter-daily"
ENTRY: Final = "newsletter.covered"
ZONE: Final = ZoneInfo("Europe/Berlin")
DUE: Final = clock_time(7, 0)
ESCALATED_AFTER_SECONDS: Final = 5
THINKING_MS: Final = 400
"""How long the model takes, so that there is a middle of an issue to do something in."""

PATIENCE_SECONDS: Final = 180.0
LOOK_EVERY_SECONDS: Final = 0.2
BAD: Final = 300
"""From this status on a request was not taken."""

REQUEST: Final[Mapping[str, JsonValue]] = {
    "title": "The house letter",
    "goal": "Know what to do at home this week.",
    "audience": "people who keep a house and a heap",
    "corpora": ["medication", "home-energy", "composting"],
    "issue_date": "{{scheduled.date}}",
    "stories": 2,
}
Act = Callable[[str], Awaitable[str]]
"""Does something while an issue is at work, once its run is known; returns what it did."""


class Week:
    """Lets the days of a week be due one after another, and answers for its people."""

    def __init__(
        self, stack: ChaosStack, gateway: GatewayClient, tell: Callable[[str], None]
    ) -> None:
        self._stack = stack
        self._gateway = gateway
        self._tell = tell
        self._has_escalated = False

    async def run(self, days: Sequence[date]) -> list[Issue]:
        """Publish an issue for each day, with something else happening on each."""
        await Load(self._stack, self._gateway, "corpora").fill_corpora()
        await self._stack.pace(THINKING_MS)
        await self._schedule()
        acts: Sequence[Act] = (
            self._nothing,
            self._nothing,
            self._kill,
            self._wipe,
            self._deploy,
            self._nothing,
            self._nothing,
        )
        return [await self._day(day, act) for day, act in zip(days, acts, strict=True)]

    async def _schedule(self) -> None:
        body: dict[str, JsonValue] = {
            "id": SCHEDULE,
            "flow": FLOW,
            "input": dict(REQUEST),
            "times": {"cron": ["0 7 * * *"], "time_zone": ZONE.key},
            "overlap": "buffer_all",
        }
        status, answer = await self._gateway.post("/schedules", body)
        if status != 201:
            raise RuntimeError(f"the schedule was refused: {answer}")
        self._tell(f"schedule {SCHEDULE}: every day at 07:00 in {ZONE.key}")

    async def _day(self, day: date, act: Act) -> Issue:
        before, known = time.monotonic(), len(read_calls(self._stack.calls))
        due = datetime.combine(day, DUE, ZONE)
        window = {
            "start": (due - timedelta(seconds=1)).isoformat(),
            "end": (due + timedelta(seconds=1)).isoformat(),
        }
        await self._gateway.post(f"/schedules/{SCHEDULE}/backfill", window)
        run = await self._started(due)
        event = await act(run)
        gates, escalated = await self._until_ended(run)
        view: Any = await self._gateway.get(f"/runs/{run}")
        calls = read_calls(self._stack.calls)[known:]
        result: Any = await self._gateway.get(f"/runs/{run}/result")
        issue = Issue(
            day=f"{day:%a %d %b}",
            run=run,
            status=view["status"],
            topics=await self._topics(day),
            published=str(result.get("where", "")),
            gates=gates,
            escalated=escalated,
            calls=len(calls),
            counted=view["spent"]["calls"],
            revisions=_revisions(calls),
            event=event,
            seconds=round(time.monotonic() - before, 1),
        )
        self._tell(f"{issue.day}: {issue.status}, {issue.published or view['reason']}")
        return issue

    async def _started(self, due: datetime) -> str:
        """Find the run that the schedule has started for a time."""
        at = due.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            schedule: Any = await self._gateway.get(f"/schedules/{SCHEDULE}")
            for firing in schedule["recent"]:
                if firing["due_at"].startswith(at) and firing["run"]:
                    return str(firing["run"])
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        raise RuntimeError(f"the schedule has started nothing for {due}")

    async def _until_ended(self, run: str) -> tuple[tuple[str, ...], int]:
        """Answer what a run and its sub-flow ask; returns who decided, and how often another."""
        decided: list[str] = []
        escalated = 0
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            view: Any = await self._gateway.get(f"/runs/{run}")
            if view.get("status") in ("succeeded", "failed", "rejected", "cancelled", "expired"):
                return tuple(decided), escalated
            inbox: Any = await self._gateway.get("/gates")
            for gate in inbox["gates"]:
                if self._answers(gate):
                    who = "cora" if gate["escalated_from"] else "ann"
                    if await self._approve(gate, who):
                        decided.append(f"{gate['role']} {who}")
                        escalated += len(gate["escalated_from"])
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        raise RuntimeError(f"run {run} does not end")

    def _answers(self, gate: Mapping[str, Any]) -> bool:
        """Ann answers for the editor, but not the first issue's gate: that goes to her chief."""
        return gate["flow"] != FLOW or bool(gate["escalated_from"]) or self._has_escalated

    async def _approve(self, gate: Mapping[str, Any], who: str) -> bool:
        body: dict[str, JsonValue] = {"shown": gate["shown"], "who": who, "verdict": "approve"}
        status, _ = await self._gateway.post(f"/runs/{gate['run']}/gates/{gate['gate']}", body)
        if status < BAD:
            self._has_escalated |= bool(gate["escalated_from"])
            self._tell(f"{who} approves {gate['gate']} of {gate['flow']} as {gate['role']}")
        return status < BAD

    async def _topics(self, day: date) -> tuple[str, ...]:
        entry: Any = await self._gateway.get(f"/memory/{ENTRY}")
        covered = CoveredTopics.model_validate(entry["value"], strict=False)
        return tuple(each.id for each in covered.topics if each.when == day.isoformat())

    async def _nothing(self, run: str) -> str:
        return ""

    async def _at_work(self, run: str) -> None:
        """Wait until the model has been asked for this issue."""
        known = len(read_calls(self._stack.calls))
        while len(read_calls(self._stack.calls)) < known + 3:  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.05)

    async def _kill(self, run: str) -> str:
        await self._at_work(run)
        for name in WORKERS:
            await self._stack.processes[name].kill()
        self._tell(f"kill -9 {', '.join(WORKERS)}")
        await asyncio.gather(*(self._stack.processes[name].start() for name in WORKERS))
        return f"{len(WORKERS)} workers killed"

    async def _wipe(self, run: str) -> str:
        await self._at_work(run)
        async with memory_of(self._stack.redis_url) as memory:
            keys = await memory.dbsize()
            await memory.flushall()
        self._tell(f"memory wiped: {keys} keys gone")
        return f"memory wiped, {keys} keys"

    async def _deploy(self, run: str) -> str:
        await self._at_work(run)
        self._stack.deploy()
        for name in (*WORKERS, GATEWAY):
            await self._stack.processes[name].end()
            await self._stack.processes[name].start()
        self._tell("deployed: another revision of every prompt; this issue keeps its own")
        return "prompts deployed"


def weekly_flow(stack: ChaosStack) -> None:
    """Offer the shipped newsletter under another name, with a gate that is escalated in seconds."""
    shipped = (ROOT / "workflows" / "flows" / "newsletter.yaml").read_text("utf-8")
    role = "    gate: editor\n"
    escalated = f"{role}    escalate: [{{after: {ESCALATED_AFTER_SECONDS}s, to: chief_editor}}]\n"
    text = shipped.replace("flow: newsletter\n", f"flow: {FLOW}\n").replace(role, escalated)
    (stack.flows / f"{FLOW}.yaml").write_text(text, "utf-8")


def _revisions(calls: Sequence[ModelCall]) -> tuple[str, ...]:
    return tuple(sorted({call.revision or "1" for call in calls}))
