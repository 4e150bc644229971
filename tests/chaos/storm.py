"""One whole trial: the runs of a seed without faults, then with them, then the verdict."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from temporalio.client import Client

from tests.chaos import observe
from tests.chaos.client import GatewayClient
from tests.chaos.inject import Injector
from tests.chaos.judge import Evidence, Verdict, judge
from tests.chaos.load import Load
from tests.chaos.model import read_calls
from tests.chaos.schedule import Schedule
from tests.chaos.stack import ChaosStack, running

CALM_MS: Final = 20
STORMY_MS: Final = 400
"""How long the model takes for an answer under faults: long enough that kills fall into it."""

AT_ONCE: Final = 12
PATIENCE_SECONDS: Final = 240.0
"""After the last fault: some attempts at a step wait for a minute before the next."""

Say = Callable[[str], object]


async def trial(schedule: Schedule, folder: Path, say: Say) -> tuple[Evidence, Verdict]:
    """Run a schedule in an empty folder; everything is started before and killed after."""
    say("starting Temporal, memory, the model, three workers and a gateway")
    async with running(folder) as stack:
        gateway = GatewayClient(stack.gateway_url)
        client = await Client.connect(stack.temporal_address)
        try:
            return await _trial(schedule, stack, gateway, client, say)
        finally:
            await gateway.aclose()


async def _trial(
    schedule: Schedule, stack: ChaosStack, gateway: GatewayClient, client: Client, say: Say
) -> tuple[Evidence, Verdict]:
    say(f"{len(schedule.starts)} runs undisturbed")
    calm = Load(stack, gateway, "calm")
    await calm.fill_corpora()
    say("corpora filled")
    deciding = asyncio.create_task(calm.decide_for_ever())
    await stack.pace(CALM_MS)
    async with asyncio.timeout(PATIENCE_SECONDS + len(schedule.starts)):
        await calm.run_gently(schedule.starts, client, AT_ONCE)
    await _cancelled(deciding)
    say("looking at them")
    undisturbed = await observe.look(stack, gateway, calm.runs)
    before = {run for runs in calm.runs.values() for run in runs}
    calm_calls = read_calls(stack.calls)

    await stack.forget()
    await stack.pace(STORMY_MS)
    say(f"the same {len(schedule.starts)} runs under {len(schedule.faults)} faults")
    stormy = Load(stack, gateway, "stormy")
    deciding = asyncio.create_task(stormy.decide_for_ever())
    injector = Injector(stack, stormy.repeat)
    faults, _ = await asyncio.gather(
        injector.perform(schedule), stormy.start_at_their_times(schedule.starts)
    )
    say("the last fault is over; waiting for the ends")
    still_open = await stormy.until_ended(client, PATIENCE_SECONDS)
    await _cancelled(deciding)
    say("looking at them")
    evidence = Evidence(
        schedule=schedule,
        calm=undisturbed,
        stormy=await observe.look(stack, gateway, stormy.runs, before),
        calm_calls=calm_calls,
        stormy_calls=read_calls(stack.calls)[len(calm_calls) :],
        faults=tuple(faults),
        answered={marker: frozenset(runs) for marker, runs in stormy.runs.items()},
        decided={marker: tuple(each) for marker, each in stormy.decided.items()},
        still_open=still_open,
        refused=tuple(stormy.refused),
        bugs=tuple(gateway.bugs),
    )
    return evidence, judge(evidence)


async def _cancelled(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
