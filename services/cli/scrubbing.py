"""Scrubs from the command line: talks to Temporal, memory and archive, and needs no gateway."""

from contextlib import AsyncExitStack

from contracts.registry import CONTRACTS
from services import composition
from services.flows.shelf import Shelf
from services.long_term.verifying import VerifiedEntry, verify_entries
from services.runs.runs import Runs
from services.runs.scrub import Scrub, ScrubbedRun
from services.settings import Settings
from services.temporal import connect


async def scrub(settings: Settings, run: str, *, repair: bool) -> tuple[ScrubbedRun, ...]:
    """Scrub one run, or all where none is named.

    Raises:
        SettingsError: the archive's address is none of a bucket.
        UnavailableError: Temporal or memory does not answer.
    """
    async with AsyncExitStack() as stack:
        client = await connect(settings)
        memory = composition.memory(settings, client)
        stack.push_async_callback(memory.aclose)
        await memory.store.check()
        # Runs carry their flows: those on offer are of no concern here.
        scrubbing = Scrub(Runs(client, memory, Shelf({}, {}, {}), CONTRACTS, settings))
        if run:
            return (await scrubbing.run(run, repair=repair),)
        return tuple([each async for each in scrubbing.all(repair=repair)])


async def verify(settings: Settings, *, repair: bool) -> tuple[VerifiedEntry, ...]:
    """Verify long-term memory.

    Raises:
        SettingsError: the archive's address is none of a bucket.
        UnavailableError: the archive does not answer.
    """
    entries = composition.entries(settings, composition.archive(settings))
    try:
        return await verify_entries(entries, settings.tenant, repair=repair)
    finally:
        await entries.aclose()
