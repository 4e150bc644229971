"""Seven issues of a newsletter, one a day, with what a week brings: people, faults, a deploy."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import JsonValue
from temporalio.client import Client

from contracts.content.covered_topics import CoveredTopic, CoveredTopics
from services.llm.scripted.calls import Outcome
from tests.chaos.client import GatewayClient
from tests.chaos.load import Load
from tests.chaos.model import ModelCall, read_calls
from tests.chaos.stack import ROOT, ChaosStack
from tests.week.happenings import THINKING_MS, Happenings
from tests.week.judging import Event, Issue
from tests.week.tracing import builds_of

FLOW: Final = "letter"
SCHEDULE: Final = "letter-daily"
ENTRY: Final = "newsletter.covered"
ZONE: Final = ZoneInfo("Europe/Berlin")
DUE: Final = clock_time(7, 0)
ESCALATED_AFTER_SECONDS: Final = 5
PATIENCE_SECONDS: Final = 180.0
LOOK_EVERY_SECONDS: Final = 0.2
NOBODY_TOOK: Final = (Outcome.LEFT, Outcome.OPEN)
BAD: Final = 300
"""From this status on a request was not taken."""

REQUEST: Final[Mapping[str, JsonValue]] = {
    "title": "The house letter",
    "goal": "Know what to do at home this week.",
    "audience": "people who keep a house and a heap",
    # The second is sensitive: its issues have to be approved.
    "corpora": ["home-energy", "medication", "composting"],
    "issue_date": "{{scheduled.date}}",
    "stories": 2,
}
Act = Callable[[str], Awaitable[Event]]
"""Does something while an issue is at work, once its run is known."""


class Week:
    """Lets the days of a week be due one after another, and answers for its people."""

    def __init__(
        self,
        stack: ChaosStack,
        gateway: GatewayClient,
        client: Client,
        tell: Callable[[str], None],
    ) -> None:
        self._stack = stack
        self._gateway = gateway
        self._client = client
        self._tell = tell
        self._happenings = Happenings(stack, gateway, client, tell)
        self._has_escalated = False

    async def run(self, days: Sequence[date]) -> list[Issue]:
        """Publish an issue for each day, with something else happening on each."""
        await Load(self._stack, self._gateway, "corpora").fill_corpora()
        await self._stack.pace(THINKING_MS)
        await self._schedule()
        this = self._happenings
        acts: Sequence[Act] = (
            this.nothing,
            this.kill,
            this.wipe,
            this.nothing,
            this.deploy,
            this.retire,
            this.nothing,
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
        """Let a day be due, and wait until its issue is out."""
        before, known = time.monotonic(), len(read_calls(self._stack.calls))
        due = datetime.combine(day, DUE, ZONE)
        await self._backfill(due)
        run = await self._started(due)
        event = await act(run)
        gates, escalated = await self._until_ended(run)
        view: Any = await self._gateway.get(f"/runs/{run}")
        result: Any = await self._gateway.get(f"/runs/{run}/result")
        calls = read_calls(self._stack.calls)[known:]
        topics = await self._topics(day)
        builds = await builds_of(self._client, f"{self._stack.tenant}/{run}")
        issue = Issue(
            day=f"{day:%a %d %b}",
            run=run,
            status=view["status"],
            topics=tuple(each.id for each in topics),
            titles=tuple(each.title for each in topics),
            published=str(result.get("where", "")),
            gates=gates,
            escalated=escalated,
            calls=len(calls),
            lost=sum(call.outcome in NOBODY_TOOK for call in calls),
            counted=view["spent"]["calls"],
            revisions=_revisions(calls),
            builds=tuple(sorted(builds)),
            event=event,
            seconds=round(time.monotonic() - before, 1),
        )
        self._tell(f"{issue.day}: {issue.status}, {issue.published or view['reason']}")
        return issue

    async def _backfill(self, due: datetime) -> None:
        """Have the schedule start what it would have started at a time that has passed."""
        window: dict[str, JsonValue] = {
            "start": (due - timedelta(seconds=1)).isoformat(),
            "end": (due + timedelta(seconds=1)).isoformat(),
        }
        status, answer = await self._gateway.post(f"/schedules/{SCHEDULE}/backfill", window)
        if status >= BAD:
            raise RuntimeError(f"the backfill was refused: {answer}")

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
                    what = "issue" if gate["flow"] == FLOW else "lead"
                    if await self._approve(gate, who):
                        self._tell(f"{who} approves the {what} as {gate['role']}")
                        decided.append(f"{what}: {who} as {gate['role']}")
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
        return status < BAD

    async def _topics(self, day: date) -> list[CoveredTopic]:
        """Read from long-term memory what the issue of a day has told, the lead first."""
        entry: Any = await self._gateway.get(f"/memory/{ENTRY}")
        covered = CoveredTopics.model_validate(entry.get("value", {}), strict=False)
        return [each for each in covered.topics if each.when == day.isoformat()]


def weekly_flow(stack: ChaosStack) -> None:
    """Offer the shipped newsletter under another name, with a gate that is escalated in seconds."""
    shipped = (ROOT / "workflows" / "flows" / "newsletter.yaml").read_text("utf-8")
    role = "    gate: editor\n"
    escalated = f"{role}    escalate: [{{after: {ESCALATED_AFTER_SECONDS}s, to: chief_editor}}]\n"
    text = shipped.replace("flow: newsletter\n", f"flow: {FLOW}\n").replace(role, escalated)
    (stack.flows / f"{FLOW}.yaml").write_text(text, "utf-8")


def _revisions(calls: Sequence[ModelCall]) -> tuple[str, ...]:
    return tuple(sorted({call.revision or "1" for call in calls}))
