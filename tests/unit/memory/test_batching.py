"""Commands of many tasks in few round trips: everybody is answered, whatever comes together."""

import asyncio
from typing import cast

from redis.asyncio import Redis

from services.memory.batching import LANES, Batches


class Commands:
    """A pipeline that answers with the names of its commands, when all lanes may go on."""

    def __init__(self, gate: asyncio.Event) -> None:
        self._gate = gate
        self._names: list[object] = []

    def __len__(self) -> int:
        return len(self._names)

    def echo(self, name: object) -> None:
        """Ask for one's own name."""
        self._names.append(name)

    async def execute(self, *, raise_on_error: bool) -> list[object]:
        """Answer everything asked, at the same moment in every lane."""
        assert not raise_on_error
        await self._gate.wait()
        return self._names


class Server:
    """Makes pipelines that wait for one gate."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.batches: list[Commands] = []

    def pipeline(self, *, transaction: bool) -> Commands:
        """Begin a batch."""
        assert not transaction
        self.batches.append(Commands(self.gate))
        return self.batches[-1]


async def _ask(batches: Batches, name: str) -> list[object]:
    return await batches.run(lambda pipeline: cast("None", pipeline.echo(name)))


async def test_whoever_is_answered_may_ask_again_at_once() -> None:
    """When every lane ends at the same moment, what is asked at that moment is still sent."""
    server = Server()
    batches = Batches(cast("Redis", server))

    async def ask_twice() -> list[object]:
        await _ask(batches, "first")
        return await _ask(batches, "again")

    tasks = [asyncio.create_task(ask_twice())]
    for number in range(1, LANES):
        await asyncio.sleep(0.01)
        tasks.append(asyncio.create_task(_ask(batches, str(number))))
    await asyncio.sleep(0.01)

    server.gate.set()

    async with asyncio.timeout(5):
        answers = await asyncio.gather(*tasks)
    assert answers == [["again"], *([str(number)] for number in range(1, LANES))]


async def test_what_is_asked_meanwhile_goes_together() -> None:
    """While all lanes are busy, whatever is asked makes one batch, answered to each apart."""
    server = Server()
    batches = Batches(cast("Redis", server))
    tasks = []
    for number in range(LANES + 20):
        tasks.append(asyncio.create_task(_ask(batches, str(number))))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    server.gate.set()

    async with asyncio.timeout(5):
        answers = await asyncio.gather(*tasks)
    assert answers == [[str(number)] for number in range(LANES + 20)]
    assert [len(batch) for batch in server.batches] == [*[1] * LANES, 20]
