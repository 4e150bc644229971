"""What waits for people across all runs, the most pressing first.

One visibility query finds every run that waits, with its deadline and roles; a history is read
only for those that a page shows.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.run import GateView
from services.errors import NotFoundError
from services.runs.history import UnreadableRunError
from services.runs.listing import Filters, Waiting, query_for, read_cursor, write_cursor
from services.runs.looking import Looking
from services.runs.open_gates import open_gate
from services.runs.runs import Runs

HISTORIES_AT_ONCE: Final = 10


@dataclass(frozen=True)
class Asked:
    """Which gates to list; empty means any."""

    role: str = ""
    flow: str = ""
    unseen_by: str = ""
    """Only those that this person has not looked at as they are now."""


@dataclass(frozen=True)
class InboxPage:
    """One page of gates, the cursor of the next (empty on the last), and how many wait in all."""

    gates: tuple[GateView, ...]
    cursor: str
    waiting: int


class Inbox:
    """Lists the open gates of one tenant's runs."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._looking = Looking(runs)

    async def page(self, asked: Asked, *, limit: int = 50, cursor: str = "") -> InboxPage:
        """List gates by deadline.

        Raises:
            InputInvalidError: the cursor is not one of ours, or a filter is no name.
            UnavailableError: Temporal does not answer.
        """
        filters = Filters(flow=asked.flow, role=asked.role)
        key = f"inbox {query_for(self._runs.tenant, filters)} {asked.unseen_by}"
        after = _after(read_cursor(cursor, key))
        waiting = sorted(await self._runs.waiting(filters))
        left = [each for each in waiting if each > after]
        found: list[GateView] = []
        while left and len(found) < limit:
            # No more histories than the page has room for: most of them are shown.
            batch = left[: limit - len(found)]
            left = left[len(batch) :]
            found += [gate for gate in await self._gates(batch, asked) if gate]
            after = batch[-1]
        token = json.dumps(after).encode() if left else None
        return InboxPage(tuple(found), write_cursor(token, key), len(waiting))

    async def _gates(self, batch: Sequence[Waiting], asked: Asked) -> list[GateView | None]:
        places = asyncio.Semaphore(HISTORIES_AT_ONCE)

        async def one(waiting: Waiting) -> GateView | None:
            async with places:
                return await self._gate(waiting.run, asked)

        return await asyncio.gather(*map(one, batch))

    async def _gate(self, run: str, asked: Asked) -> GateView | None:
        """Read the gate that a run waits at; None when it no longer does, or is not asked for."""
        try:
            told, flow = await self._runs.told(run)
        except (NotFoundError, UnreadableRunError):
            return None
        gate = open_gate(told, flow)
        if gate is None or (asked.role and asked.role not in gate.roles):
            return None
        if asked.unseen_by and await self._looking.has_seen(gate, asked.unseen_by):
            return None
        return gate


def _after(token: bytes | None) -> Waiting:
    if not token:
        return Waiting(-1, "")
    deadline_ms, run = json.loads(token)
    return Waiting(deadline_ms, run)
