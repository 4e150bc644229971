"""`make crash-demo`: one article, written twice: in peace, and while everything breaks.

Usage: `python -m tests.chaos.crash_demo`. Starts real processes, tells what it does to them, and
prints the two runs side by side. Exits with 1 when they differ.
"""

import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from temporalio.client import Client

from tests.chaos import observe
from tests.chaos.client import GatewayClient
from tests.chaos.fault import TEMPORAL, WORKERS
from tests.chaos.load import Load
from tests.chaos.model import ModelCall, read_calls
from tests.chaos.observe import RunSeen, Seen
from tests.chaos.processes import PartProcess
from tests.chaos.schedule import ARTICLE, Start
from tests.chaos.stack import ChaosStack, memory_of, running

START: Final = Start(0.0, "r0001", ARTICLE, "hot-heap", "approve", clients=1)
THINKING_MS: Final = 3_000
"""How long the model takes for an answer, so that there is time to kill somebody in the middle."""

PATIENCE_SECONDS: Final = 120.0
SECTION_WRITER: Final = "section_writer/"
SHOWN_DIGITS: Final = 16


class Demonstration:
    """Does one run in peace and one under fire, on one stack, and tells about both."""

    def __init__(self, stack: ChaosStack, gateway: GatewayClient, client: Client) -> None:
        self._stack = stack
        self._gateway = gateway
        self._client = client
        self._began = time.monotonic()

    async def show(self) -> bool:
        """Show it; whether the same article came out."""
        await Load(self._stack, self._gateway, "corpora").fill_corpora()
        self._tell("the stack is up: " + ", ".join(self._pids()))
        calm, calm_calls = await self._in_peace()
        await self._stack.forget()
        stormy, stormy_calls = await self._under_fire(len(calm_calls), tuple(_runs(calm)))
        say("")
        say(side_by_side(calm, stormy, calm_calls, stormy_calls))
        say(bought_again(stormy_calls))
        one, other = _only(calm), _only(stormy)
        return one.digests == other.digests and calm.published == stormy.published

    async def _in_peace(self) -> tuple[Seen, tuple[ModelCall, ...]]:
        self._tell("first run: the flow `article`, the brief `hot-heap`, nothing disturbs it")
        load = Load(self._stack, self._gateway, "calm")
        await load.start(START)
        await load.until_ended(self._client, PATIENCE_SECONDS)
        self._tell("it has ended; memory, archive and published files are emptied")
        seen = await observe.look(self._stack, self._gateway, load.runs)
        return seen, read_calls(self._stack.calls)

    async def _under_fire(
        self, known_calls: int, before: Sequence[str]
    ) -> tuple[Seen, tuple[ModelCall, ...]]:
        stack = self._stack
        await stack.pace(THINKING_MS)
        self._tell("second run: the same brief; the model now takes 3 s for an answer")
        load = Load(stack, self._gateway, "stormy")
        await load.start(START)
        (run,) = load.runs[START.marker]
        worker = await self._worker_in_a_call(run, known_calls)
        await worker.kill()
        self._tell(f"kill -9 {worker.part.name}: sections were being written in it")
        await self._wipe_memory()
        await stack.processes[TEMPORAL].kill()
        self._tell("kill -9 temporal")
        await stack.processes[TEMPORAL].start()
        self._tell("temporal is started again, on its file")
        await worker.start()
        self._tell(f"{worker.part.name} is started again; memory is still empty")
        self._tell("the step is given to a worker again when its heartbeat is missed for 20 s")
        left = await load.until_ended(self._client, PATIENCE_SECONDS)
        self._tell("the run has ended" if not left else f"still open: {left}")
        seen = await observe.look(stack, self._gateway, load.runs, before)
        return seen, read_calls(stack.calls)[known_calls:]

    async def _worker_in_a_call(self, run: str, known_calls: int) -> PartProcess:
        """Wait until sections are being written, and find the process that waits for answers."""
        while not self._sections_are_asked_for(known_calls):  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.05)
        self._tell("the model has been asked for the first sections and is thinking")
        handle = self._client.get_workflow_handle(f"{self._stack.tenant}/{run}")
        pending = (await handle.describe()).raw_description.pending_activities
        pids = {int(each.last_worker_identity.partition("@")[0]) for each in pending}
        return next(
            self._stack.processes[name]
            for name in WORKERS
            if self._stack.processes[name].pid in pids
        )

    def _sections_are_asked_for(self, known_calls: int) -> bool:
        calls = read_calls(self._stack.calls)[known_calls:]
        return any(call.work.startswith(SECTION_WRITER) for call in calls)

    async def _wipe_memory(self) -> None:
        async with memory_of(self._stack.redis_url) as memory:
            keys = await memory.dbsize()
            await memory.flushall()
        self._tell(f"memory wiped: {keys} keys gone, among them every value of the run")

    def _pids(self) -> Iterable[str]:
        return (f"{name} {each.pid}" for name, each in self._stack.processes.items())

    def _tell(self, text: str) -> None:
        say(f"{time.monotonic() - self._began:5.1f} s  {text}")


def side_by_side(
    calm: Seen, stormy: Seen, calm_calls: Sequence[ModelCall], stormy_calls: Sequence[ModelCall]
) -> str:
    """Write both runs in two columns, line by line with what they have in common."""
    one, other = _only(calm), _only(stormy)
    rows = [("", "undisturbed", "disturbed")]
    rows += [("ended", one.status, other.status)]
    rows += [
        (
            key.rstrip(":"),
            one.digests[key][:SHOWN_DIGITS],
            other.digests.get(key, "-")[:SHOWN_DIGITS],
        )
        for key in sorted(one.digests, key=_order(one))
    ]
    rows += [("hand-overs", str(len(one.route)), str(len(other.route)))]
    rows += [("published files", str(len(calm.published)), str(len(stormy.published)))]
    rows += [("bytes published", _bytes(calm), _bytes(stormy))]
    rows += [("calls paid", str(len(calm_calls)), str(len(stormy_calls)))]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1, 2)]
    lines = [
        f"{name:<{widths[0]}}  {left:<{widths[1]}}  {right:<{widths[2]}}  {_mark(left, right)}"
        for name, left, right in rows
    ]
    return "\n".join([lines[0].rstrip(), *(line.rstrip() for line in lines[1:])])


def bought_again(calls: Sequence[ModelCall]) -> str:
    """Say which calls were paid more than once."""
    times = Counter(call.work for call in calls)
    twice = [work for work, count in times.items() if count > 1]
    if not twice:
        return "\nNo call was paid twice."
    return f"\nPaid again, for it was in flight when the worker died: {', '.join(twice)}"


def _mark(left: str, right: str) -> str:
    return "same" if left == right else ""


def _order(run: RunSeen) -> Callable[[str], tuple[int, str]]:
    """Slots as they were filled, items of one slot by their keys."""
    slots = list(dict.fromkeys(key.partition(":")[0] for key in run.digests))
    return lambda key: (slots.index(key.partition(":")[0]), key)


def _bytes(seen: Seen) -> str:
    return ", ".join(digest[:SHOWN_DIGITS] for digest in seen.published.values())


def _only(seen: Seen) -> RunSeen:
    (run,) = seen.runs.values()
    return run


def _runs(seen: Seen) -> Iterable[str]:
    return (each.run for each in seen.runs.values())


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def demonstrate() -> bool:
    """Run the demonstration in a folder of its own; whether the same article came out."""
    with tempfile.TemporaryDirectory(prefix="crash-demo-") as folder:
        async with running(Path(folder)) as stack:
            gateway = GatewayClient(stack.gateway_url)
            client = await Client.connect(stack.temporal_address)
            try:
                return await Demonstration(stack, gateway, client).show()
            finally:
                await gateway.aclose()


def main() -> int:
    """Show it and say how it came out."""
    say("One article is written twice from the same brief. What is killed is really killed.\n")
    is_same = asyncio.run(demonstrate())
    say("\nThe same article came out." if is_same else "\nTHE ARTICLES DIFFER.")
    return 0 if is_same else 1


if __name__ == "__main__":
    sys.exit(main())
