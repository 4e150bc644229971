"""The worker as a process: waits for what it needs, tells its health, drains when asked to stop."""

import asyncio
import logging
import signal
from contextlib import AbstractAsyncContextManager

from services.cli.deploying import this_build
from services.cli.health import Health, State
from services.cli.patience import patiently
from services.deployment.pinning import pinned, refuse_orphans
from services.errors import UnavailableError
from services.settings import Settings
from services.temporal import connect, ensure_search_attributes
from services.worker import wiring
from services.worker.activities import Assembly
from services.worker.app import running, spare_the_collector, sweep_for_ever

log = logging.getLogger(__name__)


async def serve(settings: Settings, health: Health) -> None:
    """Work until SIGTERM or SIGINT; then let steps in hand finish, for as long as the grace is.

    Raises:
        UnavailableError: Temporal or memory does not come up within a minute.
        UnsafeMemoryError: the memory server may evict.
        SettingsError: the port for the health is taken.
    """
    asked = _asked_to_stop()
    async with health:
        prepared = asyncio.create_task(_prepare(settings))
        stopping = asyncio.create_task(asked.wait())
        await asyncio.wait({prepared, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not prepared.done():
            prepared.cancel()
            return
        assembly, worker = prepared.result()
        try:
            async with worker:
                await _work(settings, assembly, health, asked)
        finally:
            await assembly.aclose()


async def _prepare(
    settings: Settings,
) -> tuple[Assembly, AbstractAsyncContextManager[object]]:
    client = await patiently(lambda: connect(settings))
    await patiently(lambda: ensure_search_attributes(client))
    build = this_build()
    await patiently(lambda: refuse_orphans(client, settings, build))
    assembly = wiring.assembly(settings, client)
    await patiently(assembly.memory.store.check)
    return assembly, running(client, settings.task_queue, assembly, pinned(settings))


async def _work(
    settings: Settings, assembly: Assembly, health: Health, asked: asyncio.Event
) -> None:
    spare_the_collector()
    sweeping = asyncio.create_task(_sweep(settings, assembly))
    health.state = State.OK
    log.info("the worker takes work", extra={"queue": settings.task_queue})
    try:
        await asked.wait()
    finally:
        sweeping.cancel()
        health.state = State.DRAINING
    log.info("asked to stop; steps in hand are finished first")


async def _sweep(settings: Settings, assembly: Assembly) -> None:
    """Sweep for ever, also across a restart of memory."""
    while True:
        try:
            await sweep_for_ever(assembly, settings.tenant)
        except UnavailableError as error:
            log.warning("memory was not swept: %s", error)


def _asked_to_stop() -> asyncio.Event:
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    return asked
