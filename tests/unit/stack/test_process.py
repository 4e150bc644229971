"""A part kept running: readiness, restarts, giving up, stopping the whole group."""

import asyncio
import os
import signal
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from services.errors import UnavailableError
from services.stack.part import Part, RestartPolicy
from services.stack.process import SupervisedProcess

APart = Callable[..., Part]
Eventually = Callable[[Callable[[], bool]], Awaitable[None]]
Supervise = Callable[[Part], SupervisedProcess]


@pytest.fixture
async def supervise(tmp_path: Path, impatient: RestartPolicy) -> AsyncIterator[Supervise]:
    started: list[SupervisedProcess] = []

    def build(part: Part) -> SupervisedProcess:
        log = tmp_path / f"{part.name}.log"
        started.append(SupervisedProcess(part, log, impatient, lambda: None))
        return started[-1]

    yield build
    for process in started:
        await process.stop()


def leader(process: SupervisedProcess) -> int:
    assert process.identity is not None
    return process.identity.pid


async def test_start_returns_when_the_probe_is_content(
    supervise: Supervise, a_part: APart, tmp_path: Path
) -> None:
    """A part counts as started only once it works."""
    process = supervise(a_part("slow", "time.sleep(0.3); ready(); stay()"))

    await process.start()

    assert (tmp_path / "slow.ready").exists()
    assert process.ready_seconds is not None
    assert process.ready_seconds >= 0.3


async def test_all_output_reaches_the_log(
    supervise: Supervise, a_part: APart, tmp_path: Path
) -> None:
    """What a part prints, on either stream, can be read in its log."""
    program = "print('said'); print('complained', file=sys.stderr); ready(); stay()"
    process = supervise(a_part("loud", program))

    await process.start()

    assert (tmp_path / "loud.log").read_text().split() == ["said", "complained"]


async def test_part_runs_in_a_group_of_its_own(supervise: Supervise, a_part: APart) -> None:
    """Ctrl-C in the terminal reaches the supervisor only, which stops parts in order."""
    process = supervise(a_part("own", "ready(); stay()"))

    await process.start()

    assert os.getpgid(leader(process)) == leader(process) != os.getpgrp()


async def test_dead_part_is_started_again(
    supervise: Supervise, a_part: APart, eventually: Eventually
) -> None:
    """A part that is killed comes back by itself."""
    process = supervise(a_part("mortal", "ready(); stay()"))
    await process.start()
    first = leader(process)

    os.kill(first, signal.SIGKILL)
    await eventually(lambda: process.restarts == 1 and process.identity is not None)

    assert leader(process) != first


async def test_stop_ends_the_whole_group(
    supervise: Supervise, a_part: APart, tmp_path: Path
) -> None:
    """What a part started itself, and what ignores a polite request, goes with the part."""
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    program = f"""
child = subprocess.Popen([sys.executable, "-c", {deaf!r}])
(here / "grandchild").write_text(str(child.pid))
ready(); stay()
"""
    process = supervise(a_part("parent", program))
    await process.start()
    grandchild = psutil.Process(int((tmp_path / "grandchild").read_text()))

    await process.stop()

    grandchild.wait(timeout=5)
    assert process.identity is None


async def test_deaf_part_is_killed_after_its_grace(supervise: Supervise, a_part: APart) -> None:
    """A part that does not stop when asked is killed."""
    program = "signal.signal(signal.SIGTERM, signal.SIG_IGN); ready(); stay()"
    process = supervise(a_part("deaf", program, grace_seconds=0.2))
    await process.start()
    known = psutil.Process(leader(process))

    await process.stop()

    assert not known.is_running()


async def test_part_may_finish_within_its_grace(
    supervise: Supervise, a_part: APart, tmp_path: Path
) -> None:
    """A part that is asked to stop has time to put its things in order."""
    program = """
def leave(*_): time.sleep(0.2); (here / "tidied").touch(); sys.exit()
signal.signal(signal.SIGTERM, leave); ready(); stay()
"""
    process = supervise(a_part("tidy", program))
    await process.start()

    await process.stop()

    assert (tmp_path / "tidied").exists()


async def test_giving_up_shows_the_last_log_lines(supervise: Supervise, a_part: APart) -> None:
    """A part that keeps ending is given up, and the error quotes what it said last."""
    process = supervise(a_part("hopeless", "print('the disk is upside down'); sys.exit(3)"))

    with pytest.raises(UnavailableError) as caught:
        await process.start()

    assert "hopeless ended 3 times within 30 s, at last with exit code 3" in str(caught.value)
    assert "the disk is upside down" in str(caught.value)


async def test_part_that_dies_later_too_often_ends_the_wait(
    supervise: Supervise, a_part: APart
) -> None:
    """Giving up is told to whoever waits, also long after a good start."""
    process = supervise(a_part("fading", "ready(); time.sleep(0.2); sys.exit(1)"))
    await process.start()

    with pytest.raises(UnavailableError, match="fading ended 3 times"):
        await process.wait()


async def test_unfit_environment_is_not_tried_again(
    supervise: Supervise, a_part: APart, tmp_path: Path
) -> None:
    """A part that says its environment has to change is started once only."""
    program = "(here / 'tries').open('a').write('x'); print('no key'); sys.exit(78)"
    process = supervise(a_part("unfit", program))

    with pytest.raises(UnavailableError, match=r"(?s)unfit cannot run in this env.*no key"):
        await process.start()

    assert (tmp_path / "tries").read_text() == "x"


async def test_part_that_never_works_is_ended(supervise: Supervise, a_part: APart) -> None:
    """A part that does not become ready in time is an error that says what is missing."""
    process = supervise(a_part("lazy", "stay()", ready_seconds=0.3))

    with pytest.raises(UnavailableError, match=r"not ready after 0\.3 s: lazy\.ready is not there"):
        await process.start()

    assert process.identity is None


async def test_missing_program_is_named(supervise: Supervise, a_part: APart) -> None:
    """A program that is not installed is an error with its name."""
    process = supervise(a_part("absent", "", command=("no-such-program",)))

    with pytest.raises(UnavailableError, match="absent cannot be started: no program no-such-"):
        await process.start()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's tether exists on Linux only")
async def test_part_dies_with_its_supervisor(
    a_part: APart, tmp_path: Path, eventually: Eventually
) -> None:
    """Nothing stays behind when the supervisor itself is killed."""
    program = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n(here / 'pid').write_text("
    part = a_part("tied", program + "str(os.getpid())); ready(); stay()")
    supervisor = textwrap.dedent(f"""
        import asyncio
        from pathlib import Path
        from services.stack.part import Part, RestartPolicy
        from services.stack.probes import TcpProbe
        from services.stack.process import SupervisedProcess
        part = Part("tied", {part.command!r}, {{}}, TcpProbe("127.0.0.1", 1), "")
        log = Path({str(tmp_path / "tied.log")!r})
        process = SupervisedProcess(part, log, RestartPolicy(), lambda: None)
        asyncio.run(process.start())
    """)
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", supervisor)
    await eventually((tmp_path / "tied.ready").exists)
    child = psutil.Process(int((tmp_path / "pid").read_text()))

    parent.kill()
    await parent.wait()

    await eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
