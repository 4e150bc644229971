"""The model in process, where it is more than the scripted server."""

import time

import pytest

from contracts.failure import FailureKind
from services.llm.in_process import ScriptedModel
from services.llm.scripted.script import Fault, Line, Script
from tests.unit.llm.builders import Ear, a_request, failure_of


@pytest.mark.parametrize(
    "line",
    [Line(fault=Fault.HANG), Line(fault=Fault.STALL), Line(fault=Fault.SLOW, after_ms=90_000)],
)
async def test_rehearsal_does_not_wait(line: Line) -> None:
    """A model that lets no time pass times out at once where it would time out."""
    started = time.monotonic()

    error = await failure_of(ScriptedModel(script=Script(lines=(line,)), waits=False), a_request())

    assert error.kind is FailureKind.TIMED_OUT
    assert time.monotonic() - started < 5


async def test_rehearsal_skips_delays() -> None:
    """A model that lets no time pass gives a late answer at once, when it is not too late."""
    script = Script(lines=(Line(reply="late", after_ms=20_000),))
    started = time.monotonic()

    reply = await ScriptedModel(script=script, waits=False).complete(a_request(), Ear())

    assert reply.text == "late"
    assert time.monotonic() - started < 5
