"""`make week`: a week of the newsletter on the real scheduler, with what a week brings.

Usage: `python -m tests.week.run [--json FILE] [--text FILE]`. Starts real processes. The seven days
before today are due one after another, by backfill; a real server cannot skip time, so the week's
copy of the flow escalates after seconds instead of days. Exits with 1 when a promise did not hold.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import JsonValue
from temporalio.client import Client

from tests.chaos.client import GatewayClient, GaveUpError
from tests.chaos.crash_demo import say
from tests.chaos.fault import WORKERS
from tests.chaos.stack import running
from tests.week.deploying import DEPLOYMENT, OLD, Deployment
from tests.week.judging import Issue, broken_promises, sums
from tests.week.telling import numbers, table
from tests.week.week import Week, weekly_flow

DAYS: Final = 7
ABOUT: Final = (
    "A schedule publishes a newsletter every day at 07:00; the last seven days are caught up, one\n"
    "after another. Every process is real, and what is killed is really killed; the model is\n"
    "scripted. Ann is the editor; where she does not answer, Cora is asked instead."
)
KEPT: Final = "Seven issues are out, and no topic was told twice."


class Log:
    """Prints lines as they come, and keeps them."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._began = time.monotonic()

    def print(self, text: str) -> None:
        """Print as it is."""
        self.lines.append(text)
        say(text)

    def tell(self, text: str) -> None:
        """Print behind the seconds since the beginning."""
        self.print(f"{time.monotonic() - self._began:6.1f} s  {text}")


async def a_week(tell: Callable[[str], None]) -> list[Issue]:
    """Run the week in a folder of its own.

    Raises:
        RuntimeError: something that the week needs did not happen.
        GaveUpError: the gateway did not answer for two minutes.
    """
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=ago) for ago in range(DAYS, 0, -1)]
    with tempfile.TemporaryDirectory(prefix="week-") as folder:
        async with running(Path(folder)) as stack:
            weekly_flow(stack)
            await Deployment(stack).begin()
            tell(f"the stack is up: {len(WORKERS)} workers of {OLD} in deployment {DEPLOYMENT}")
            gateway = GatewayClient(stack.gateway_url)
            client = await Client.connect(stack.temporal_address)
            try:
                return await Week(stack, gateway, client, tell).run(days)
            finally:
                await gateway.aclose()


def main() -> int:
    """Run the week, tell it, and judge it; 1 when a promise did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to keep what was measured")
    parser.add_argument("--text", type=Path, help="where to keep what was printed")
    given = parser.parse_args()
    log = Log()
    log.print(f"{ABOUT}\n")
    try:
        issues = asyncio.run(a_week(log.tell))
    except (RuntimeError, GaveUpError) as error:
        log.print(f"BROKEN: {error}")
        return 1
    broken = list(broken_promises(issues, DAYS))
    log.print(f"\n{table(issues)}\n\n{numbers(issues)}\n")
    log.print("\n".join(f"BROKEN: {each}" for each in broken) or KEPT)
    if given.json:
        given.json.write_text(json.dumps(_report(issues, broken), indent=2) + "\n", "utf-8")
    if given.text:
        given.text.write_text("\n".join(log.lines) + "\n", "utf-8")
    return 1 if broken else 0


def _report(issues: Sequence[Issue], broken: Sequence[str]) -> dict[str, JsonValue]:
    """Write the week as JSON: its sums first, by their names, then every issue."""
    return {
        **sums(issues).model_dump(mode="json"),
        "broken": [*broken],
        "days": [issue.model_dump(mode="json") for issue in issues],
    }


if __name__ == "__main__":
    sys.exit(main())
