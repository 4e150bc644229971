"""One whole trial: the runs of a seed without faults, then with them, then the verdict."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from temporalio.client import Client

from tests.chaos import observe
from tests.chaos.client import GatewayClient
from tests.chaos.inject import Done, Injector
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
    calm, seen = await _undisturbed(schedule, stack, gateway, client, say)
    known = len(read_calls(stack.calls))
    await stack.forget()
    await stack.pace(STORMY_MS)
    stormy, faults, still_open = await _under_faults(schedule, stack, gateway, client, say)
    say("looking at them")
    calls = read_calls(stack.calls)
    before = {run for runs in calm.runs.values() for run in runs}
    evidence = Evidence(
        schedule=schedule,
        calm=seen,
        stormy=await observe.look(stack, gateway, stormy.runs, before),
        calm_calls=calls[:known],
        stormy_calls=calls[known:],
        faults=faults,
        answered={marker: frozenset(runs) for marker, runs in stormy.runs.items()},
        decided={marker: tuple(each) for marker, each in stormy.decided.items()},
        still_open=still_open,
        refused=tuple(stormy.refused),
        bugs=tuple(gateway.bugs),
    )
    return evidence, judge(evidence)


async def _undisturbed(
    schedule: Schedule, stack: ChaosStack, gateway: GatewayClient, client: Client, say: Say
) -> tuple[Load, observe.Seen]:
    load = Load(stack, gateway, "calm")
    await load.fill_corpora()
    await stack.pace(CALM_MS)
    say(f"{len(schedule.starts)} runs undisturbed")
    patience = asyncio.timeout(PATIENCE_SECONDS + len(schedule.starts))
    async with _deciding(load), patience:
        await load.run_gently(schedule.starts, client, AT_ONCE)
    say("looking at them")
    return load, await observe.look(stack, gateway, load.runs)


async def _under_faults(
    schedule: Schedule, stack: ChaosStack, gateway: GatewayClient, client: Client, say: Say
) -> tuple[Load, tuple[Done, ...], tuple[str, ...]]:
    say(f"the same {len(schedule.starts)} runs under {len(schedule.faults)} faults")
    load = Load(stack, gateway, "stormy")
    async with _deciding(load):
        faults, _ = await asyncio.gather(
            Injector(stack, load.repeat).perform(schedule),
            load.start_at_their_times(schedule.starts),
        )
        say("the last fault is over; waiting for the ends")
        still_open = await load.until_ended(client, PATIENCE_SECONDS)
    return load, tuple(faults), still_open


@asynccontextmanager
async def _deciding(load: Load) -> AsyncIterator[None]:
    """Let somebody decide at gates for as long as the context is open."""
    deciding = asyncio.create_task(load.decide_for_ever())
    try:
        yield
    finally:
        deciding.cancel()
        # Whatever else has ended it is a bug of the trial, and not hidden.
        with suppress(asyncio.CancelledError):
            await deciding
