"""`make week`: a week of the newsletter on the real scheduler, with what a week brings.

Usage: `python -m tests.week.run [--json FILE]`. Starts real processes. The seven days before today
are due one after another, by backfill; a real server cannot skip time, so the week's copy of the
flow escalates after seconds instead of days. Exits with 1 when a promise did not hold.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tests.chaos.client import GatewayClient
from tests.chaos.crash_demo import say
from tests.chaos.fault import GATEWAY
from tests.chaos.stack import running
from tests.week.judging import Issue, broken_promises, table, told_twice
from tests.week.week import Week, weekly_flow

DAYS: Final = 7


async def a_week() -> list[Issue]:
    """Run the week in a folder of its own."""
    began = time.monotonic()
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=ago) for ago in range(DAYS, 0, -1)]
    with tempfile.TemporaryDirectory(prefix="week-") as folder:
        async with running(Path(folder)) as stack:
            weekly_flow(stack)
            for name in (*(each for each in stack.processes if "worker" in each), GATEWAY):
                await stack.processes[name].end()
                await stack.processes[name].start()
            gateway = GatewayClient(stack.gateway_url)
            try:
                return await Week(
                    stack, gateway, lambda text: say(f"{time.monotonic() - began:6.1f} s  {text}")
                ).run(days)
            finally:
                await gateway.aclose()


def told(issues: Sequence[Issue]) -> str:
    """Write the week as a table, and its sums below."""
    topics = sum(len(issue.topics) for issue in issues)
    calls = sum(issue.calls for issue in issues)
    more = calls - len(issues) * min(issue.calls for issue in issues)
    published = sum(bool(issue.published) for issue in issues)
    return "\n".join(
        [
            "",
            table(issues),
            "",
            f"{published} issues, {topics} topics, {len(told_twice(issues))} told twice",
            f"{sum(len(issue.gates) for issue in issues)} decisions at gates,"
            f" {sum(issue.escalated for issue in issues)} after an escalation",
            f"{calls} model calls, {more} more than {len(issues)} undisturbed issues make",
        ]
    )


def main() -> int:
    """Run the week, tell it, and judge it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to keep what was measured")
    given = parser.parse_args()
    issues = asyncio.run(a_week())
    say(told(issues))
    broken = list(broken_promises(issues, DAYS))
    for each in broken:
        say(f"broken: {each}")
    if given.json:
        kept = {"issues": [issue.model_dump(mode="json") for issue in issues], "broken": broken}
        given.json.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
