"""Brings a run's event stream up to what its history tells."""

from contracts.event import EventKind
from services.memory.base import ContextStore, StreamEvent
from services.runs.runs import Runs


async def stream_of(store: ContextStore, tenant: str, run: str) -> list[StreamEvent]:
    """Read a run's whole event stream.

    Raises:
        UnavailableError: memory does not answer.
    """
    kept: list[StreamEvent] = []
    while found := await store.events(tenant, run, kept[-1].id if kept else "0-0"):
        kept += found
    return kept


async def rebuild_events(runs: Runs, run: str) -> list[StreamEvent] | None:
    """Put back what the stream of a live run has lost; gives the stream as it is then.

    None for a run that has ended: its memory may have gone as it was to, and stays away.

    Raises:
        NotFoundError: there is no such run.
        StorageError: memory refuses to write.
        UnavailableError: memory or Temporal does not answer.
    """
    told, _ = await runs.told(run)
    ended = any(each.kind is EventKind.RUN_ENDED for each in told.events.values())
    if ended or told.outcome is not None:
        return None
    store = runs.memory.store
    # Listed, so that it goes when the run does.
    await store.hold(runs.tenant, run, [told.start.flow.digest])
    await store.rebuild_events(runs.tenant, run, told.ordered())
    return await stream_of(store, runs.tenant, run)
