"""Gates shared by every process that uses the same server of the Redis protocol.

A gate is read with the server's time, asked here, and kept in one step that fails when somebody
else was quicker; then it is asked again on what they left. So the law exists once, in Python.
"""

import asyncio
import random
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

from pydantic import ValidationError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from services.errors import UnavailableError
from services.health.base import Rules, Target
from services.health.gate import Gate, GateState
from services.health.waiting import Calls, sleep_until

Answer = TypeVar("Answer")

PREFIX: Final = "{@health}"
"""No tenant's name: what is kept of a model belongs to all of them. Braces keep a cluster's keys
together."""

LOST: Final = (RedisError, OSError, RuntimeError)
"""What a lost connection raises; the RuntimeError is the event loop's own."""

KEPT_MS: Final = 2 * 3_600_000
"""What nobody has touched for so long is of no more use: longer than any pause or open breaker."""

CALL_KEPT_MS: Final = 30_000
"""A call for a process that died is kept no longer."""

ANSWER_SECONDS: Final = 1.0
"""The server answers in a millisecond; no model's call should wait long for one that does not."""

TRIES: Final = 200
"""With so many others always quicker there is no telling, and the caller decides for itself."""

_LISTEN_SECONDS: Final = 5
_NOBODY_QUICKER: Final = 5

# KEYS: gate, list of gates, then one list of calls for each ticket.
# ARGV: revision found, revision made, state, milliseconds kept, name, now, milliseconds calls are
# kept, then the tickets.
_KEEP: Final = """
if (redis.call('HGET', KEYS[1], 'revision') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'revision', ARGV[2], 'state', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[6], ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[6] - ARGV[4])
for index = 8, #ARGV do
  redis.call('RPUSH', KEYS[index - 5], ARGV[index])
  redis.call('PEXPIRE', KEYS[index - 5], ARGV[7])
end
return 1
"""


@dataclass(frozen=True)
class _Asked:
    question: Callable[[Gate], object]
    answer: "asyncio.Future[Any]"


class RedisGates:
    """Implements `Gates`. One instance a process; close it with `aclose`."""

    def __init__(self, url: str, rules: Rules | None = None) -> None:
        once = Retry(NoBackoff(), 1)  # a connection that the server closed while idle
        self._redis: Redis = Redis.from_url(
            url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS, retry=once
        )
        self._listening: Redis = Redis.from_url(
            url, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=None
        )
        self._address = url.rpartition("@")[2].removeprefix("redis://")
        self._rules = rules or Rules()
        self._asked: dict[Target, list[_Asked]] = defaultdict(list)
        self._asking: dict[Target, asyncio.Task[None]] = {}
        self._listener: asyncio.Task[None] | None = None
        self._waiting = 0
        self.calls = Calls()
        self.caller = secrets.token_hex(6)

    async def ask(self, target: Target, question: Callable[[Gate], Answer]) -> Answer:
        """See `Gates.ask`. What is asked while one round is under way goes with the next."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[target].append(_Asked(question, answer))
        if target not in self._asking:
            self._asking[target] = asyncio.create_task(self._ask_all(target))
        return await answer

    async def called(self, event: asyncio.Event, seconds: float) -> None:
        """See `Gates.called`."""
        self._waiting += 1
        try:
            if self._listener is None or self._listener.done():
                self._listener = asyncio.create_task(self._listen())
            await sleep_until(event, seconds)
        finally:
            self._waiting -= 1

    async def targets(self) -> Sequence[Target]:
        """See `Gates.targets`."""
        try:
            names = await self._redis.zrange(f"{PREFIX}:gates", 0, -1)
        except LOST as error:
            raise self._unavailable() from error
        found = [Target.model_validate_json(cast("bytes", name)) for name in names]
        return sorted(found, key=lambda target: (target.endpoint, target.model))

    async def aclose(self) -> None:
        """See `Gates.aclose`."""
        tasks = [*self._asking.values(), *([self._listener] if self._listener else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._redis.aclose()
        await self._listening.aclose()

    async def _ask_all(self, target: Target) -> None:
        batch: list[_Asked] = []
        try:
            while self._asked[target]:
                batch = self._asked.pop(target)
                await self._answer(target, batch)
        finally:
            # Whatever else goes wrong, nobody is left waiting for an answer that will not come.
            self._asking.pop(target, None)
            for asked in (*batch, *self._asked.pop(target, ())):
                _fail(asked, self._unavailable())

    async def _answer(self, target: Target, batch: Sequence[_Asked]) -> None:
        try:
            answers = await self._round(target, batch)
        except LOST as error:
            failure = self._unavailable()
            failure.__cause__ = error
            for asked in batch:
                _fail(asked, failure)
            return
        for asked, answer in zip(batch, answers, strict=True):
            if not asked.answer.done():
                asked.answer.set_result(answer)

    async def _round(self, target: Target, batch: Sequence[_Asked]) -> list[object]:
        for attempt in range(TRIES):
            revision, kept, now = await self._read(target)
            gate = Gate(kept, now, self._rules)
            answers = [asked.question(gate) for asked in batch]
            made = gate.state
            if (made == kept and not gate.called) or await self._keep(target, revision, made, gate):
                return answers
            if attempt >= _NOBODY_QUICKER:
                await asyncio.sleep(random.random() / 100)  # noqa: S311  # spreads, hides nothing
        raise RedisError("others were always quicker")

    async def _read(self, target: Target) -> tuple[str, GateState, int]:
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.time()
        pipeline.hmget(_gate(target), ["revision", "state"])
        (seconds, micros), (revision, state) = await pipeline.execute()
        now = int(seconds) * 1000 + int(micros) // 1000
        return (revision or b"").decode(), _state(state), now

    async def _keep(self, target: Target, found: str, made: GateState, gate: Gate) -> bool:
        calls = [f"{PREFIX}:calls:{waiter.caller}" for waiter in gate.called]
        keys = [_gate(target), f"{PREFIX}:gates", *calls]
        words: list[str] = [found, secrets.token_hex(8), made.model_dump_json(), str(KEPT_MS)]
        words += [target.model_dump_json(), str(gate.now), str(CALL_KEPT_MS)]
        words += [waiter.ticket for waiter in gate.called]
        kept = self._redis.eval(_KEEP, len(keys), *keys, *words)
        return await cast("Awaitable[int]", kept) == 1

    async def _listen(self) -> None:
        """Pass calls on for as long as anybody here waits."""
        try:
            while self._waiting:
                found = await cast(
                    "Awaitable[list[bytes] | None]",
                    self._listening.blpop([f"{PREFIX}:calls:{self.caller}"], _LISTEN_SECONDS),
                )
                if found:
                    self.calls.call(found[1].decode())
        except LOST:
            # Whoever waits looks, and so learns that the server is gone.
            self.calls.call_all()

    def _unavailable(self) -> UnavailableError:
        return UnavailableError(
            f"the memory at {self._address} does not answer for the health of models; check that"
            " the server runs"
        )


def _gate(target: Target) -> str:
    return f"{PREFIX}:gate:{target.endpoint}/{target.model}"


def _state(stored: bytes | None) -> GateState:
    """Read a state; one that another release wrote otherwise is forgotten, and costs nothing."""
    try:
        return GateState.model_validate_json(stored or b"{}")
    except ValidationError:
        return GateState()


def _fail(asked: _Asked, error: Exception) -> None:
    if not asked.answer.done():
        asked.answer.set_exception(error)
