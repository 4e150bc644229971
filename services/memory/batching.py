"""Sends the commands of many tasks in one round trip, one after the other.

What is asked while one is under way goes with the next.

With fifty runs at work a pipeline a step would cost more in the client than in the server.
"""

import asyncio
from collections.abc import Callable, Sequence

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

Enqueue = Callable[[Pipeline], None]
"""Adds one caller's commands to a shared pipeline."""


class Batches:
    """Collects commands and runs them together, each caller getting its own answers or error."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[tuple[Enqueue, asyncio.Future[list[object]]]] = []
        self._sending: asyncio.Task[None] | None = None

    async def run(self, enqueue: Enqueue) -> list[object]:
        """Run one caller's commands, in order; answers in order.

        Raises:
            RedisError: the connection failed, or one of this caller's own commands did.
        """
        answers: asyncio.Future[list[object]] = asyncio.get_running_loop().create_future()
        self._waiting.append((enqueue, answers))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())
        return await answers

    async def _send_all(self) -> None:
        """One batch at a time: what is asked meanwhile makes the next one larger."""
        try:
            while self._waiting:
                await self._send()
        finally:
            self._sending = None

    async def _send(self) -> None:
        batch, self._waiting = self._waiting, []
        pipeline = self._redis.pipeline(transaction=False)
        ends = []
        for enqueue, _ in batch:
            enqueue(pipeline)
            ends.append(len(pipeline))
        try:
            found = await pipeline.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
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
