"""The event stream as bytes: it beats when nothing happens, and ends when the server stops."""

import asyncio

import pytest

from services.errors import NotFoundError
from services.gateway import sse
from services.runs.following import Following
from tests.unit.gateway.recorded import (
    OTHER_RUN,
    RUN,
    FlakyStore,
    RecordedRuns,
    event,
    recorded_runs,
    transitions,
)


async def _read(runs: RecordedRuns, stopping: asyncio.Event, run: str = RUN) -> list[str]:
    """Read until the stream ends; the server stops after a fifth of a second."""
    asyncio.get_running_loop().call_later(0.2, stopping.set)
    following = Following(runs, run, slice_seconds=0.02)
    async with asyncio.timeout(5):
        return [
            chunk.decode() async for chunk in sse.stream(following, stopping, beat_seconds=0.05)
        ]


async def test_a_silent_stream_beats() -> None:
    """Comments keep a connection open on which nothing happens."""
    chunks = await _read(await recorded_runs(), asyncio.Event())

    assert chunks[0].startswith("event: snapshot\n")
    assert set(chunks[1:]) == {": still here\n\n"}
    assert len(chunks) >= 3


async def test_a_stream_ends_when_the_server_stops() -> None:
    """A server that is told to stop does not wait for its readers."""
    stopping = asyncio.Event()
    stopping.set()

    assert await _read(await recorded_runs(), stopping) == []


async def test_an_event_is_told_under_its_kind() -> None:
    """The kind is the event's name; fields at their default are left out."""
    runs = await recorded_runs()
    await runs.tell(transitions()[1])

    chunks = await _read(runs, asyncio.Event())

    assert chunks[1] == (
        'event: step_started\ndata: {"seq":2,"kind":"step_started","at_ms":2,"step":"one"}\n'
        "id: a.1-0.0~2\n\n"
    )


async def test_text_with_line_breaks_stays_one_event() -> None:
    """What a model writes cannot break the stream's framing."""
    runs = await recorded_runs()
    await runs.tell(event(2, transitions()[1].kind, "one", text="a\n\ndata: b\r\nid: c"))

    chunks = await _read(runs, asyncio.Event())

    assert chunks[1].count("\n\n") == 1
    assert chunks[1].count("\nid: ") == 1


async def test_missing_memory_is_a_problem_event() -> None:
    """The problem is the document that a request would get."""
    store = FlakyStore()
    store.is_down = True

    chunks = await _read(await recorded_runs(store), asyncio.Event())

    assert chunks[1].startswith('event: problem\ndata: {"type":"urn:flow-orchestra:problem:')
    assert '"code":"UnavailableError"' in chunks[1]


async def test_an_error_under_way_is_the_last_event() -> None:
    """A run that disappears while it is followed ends its stream with a problem."""
    runs = await recorded_runs()
    runs.error = NotFoundError("there is no such run")

    chunks = await _read(runs, asyncio.Event(), OTHER_RUN)

    assert [chunk.partition("\n")[0] for chunk in chunks] == ["event: problem"]


async def test_a_reader_that_goes_away_frees_what_it_held() -> None:
    """Closing the stream closes the following behind it."""
    runs = await recorded_runs()
    following = Following(runs, RUN, slice_seconds=0.02)
    items = following.items()
    await anext(items)

    await items.aclose()

    with pytest.raises(StopAsyncIteration):
        await anext(items)
