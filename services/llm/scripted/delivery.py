"""Puts a response on a real connection, with the pauses and ruptures that its fault asks for."""

import asyncio
from collections.abc import Callable

from starlette.responses import Response as HTTPResponse
from starlette.types import Receive, Scope, Send

from services.llm.scripted.calls import Outcome
from services.llm.scripted.protocol import Ending, Wire

HangUp = Callable[[tuple[str, int]], None]
"""Closes the connection of a client, known by its address, after what was sent."""


class Delivery(HTTPResponse):
    """One response on its way. Ends early when the client leaves or the server stops."""

    def __init__(
        self,
        wire: Wire,
        delay_seconds: float,
        hang_up: HangUp,
        stopping: asyncio.Event,
        done: Callable[[Outcome], None],
    ) -> None:
        super().__init__(status_code=wire.status or 200)
        self._wire = wire
        self._delay_seconds = delay_seconds
        self._hang_up = hang_up
        self._stopping = stopping
        self._done = done

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it and tell how that ended."""
        playing = asyncio.create_task(self._play(scope, send))
        left = asyncio.create_task(_left(receive))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({playing, left, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not (playing.done() or left.done()):
                self._hang_up(scope["client"])
                await left
            self._done(playing.result() if playing.done() else self._cut_short())
        finally:
            await _cancel(playing, left, stopping)

    def _cut_short(self) -> Outcome:
        return Outcome.DROPPED if self._wire.ending is Ending.HANG_UP else Outcome.LEFT

    async def _play(self, scope: Scope, send: Send) -> Outcome:
        if self._wire.prelude:
            await self._send_head(send)
            await _send_parts(send, self._wire.prelude)
        await asyncio.sleep(self._delay_seconds)
        if self._wire.status and not self._wire.prelude:
            await self._send_head(send)
        await _send_parts(send, self._wire.parts)
        if self._wire.ending is Ending.HANG_UP:
            self._hang_up(scope["client"])
        if self._wire.ending is not Ending.COMPLETE:
            # Nothing more is sent; the end of the connection ends the wait.
            await asyncio.Event().wait()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return Outcome.ANSWERED

    async def _send_head(self, send: Send) -> None:
        headers = [(name.encode(), value.encode()) for name, value in self._wire.headers.items()]
        await send({"type": "http.response.start", "status": self._wire.status, "headers": headers})


async def _send_parts(send: Send, parts: tuple[bytes, ...]) -> None:
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cancel(*tasks: "asyncio.Task[object]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
