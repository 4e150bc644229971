"""Sends the commands of many tasks in one round trip, one after the other.

What is asked while one is under way goes with the next.

With fifty runs at work a pipeline a step would cost more in the client than in the server.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

LANES: Final = 1
"""Batches under way at once. Larger batches cost less than more lanes gain (make bench)."""

Enqueue = Callable[[Pipeline], None]
"""Adds one caller's commands to a shared pipeline."""

_Asked = tuple[Enqueue, "asyncio.Future[list[object]]"]


class Batches:
    """Collects commands and runs them together, each caller getting its own answers or error."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[_Asked] = []
        self._lanes: set[asyncio.Task[None] | None] = set()

    async def run(self, enqueue: Enqueue) -> list[object]:
        """Run one caller's commands, in order; answers in order.

        Raises:
            RedisError: the connection failed, or one of this caller's own commands did.
        """
        answers: asyncio.Future[list[object]] = asyncio.get_running_loop().create_future()
        self._waiting.append((enqueue, answers))
        if len(self._lanes) < LANES:
            self._lanes.add(asyncio.create_task(self._send_all()))
        return await answers

    async def _send_all(self) -> None:
        """Send batch after batch: what is asked meanwhile makes the next one larger."""
        lane = asyncio.current_task()
        try:
            while self._waiting:
                await self._send()
        finally:
            # At once, not in a callback of the task: whoever is answered now may ask again before
            # that, and would count on lanes that have ended.
            self._lanes.discard(lane)

    async def _send(self) -> None:
        batch, self._waiting = self._waiting, []
        try:
            await self._execute(batch)
        finally:
            # Whatever else goes wrong, nobody is left waiting for an answer that will not come.
            for _, answers in batch:
                _fail(answers, RedisError("the commands were not sent"))

    async def _execute(self, batch: Sequence[_Asked]) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        ends = []
        for enqueue, _ in batch:
            enqueue(pipeline)
            ends.append(len(pipeline))
        try:
            found = await pipeline.execute(raise_on_error=False)
        except (RedisError, OSError, RuntimeError) as error:
            for _, answers in batch:
                _fail(answers, error)
            return
        begin = 0
        for (_, answers), end in zip(batch, ends, strict=True):
            _settle(answers, found[begin:end])
            begin = end


def _settle(answers: "asyncio.Future[list[object]]", found: Sequence[object]) -> None:
    error = next((each for each in found if isinstance(each, RedisError)), None)
    if error is not None:
        _fail(answers, error)
    elif not answers.done():
        answers.set_result(list(found))


def _fail(answers: "asyncio.Future[list[object]]", error: Exception) -> None:
    """Tell a caller; one that was cancelled meanwhile no longer listens."""
    if not answers.done():
        answers.set_exception(error)
