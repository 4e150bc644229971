"""The stack in the background: up, up again, down, and what a crash leaves."""

import os
import signal
import sys
import textwrap
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from services.errors import ConflictError, UnavailableError
from services.stack.control import down, remove_data
from services.stack.detached import up
from services.stack.record import stack_state

Eventually = Callable[[Callable[[], bool]], Awaitable[None]]
Background = Callable[[str], tuple[str, ...]]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "ORCHESTRA_DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def background(tmp_path: Path) -> Iterator[Background]:
    """Write a supervisor whose stack is one web server; the text says what it serves with."""

    def write(command: str) -> tuple[str, ...]:
        text = f"""
            import sys
            from pathlib import Path
            from services.errors import FlowError
            from services.settings import ModelSource
            from services.stack.part import Part
            from services.stack.ports import free_port
            from services.stack.probes import HttpProbe
            from services.stack.record import ModelChoice
            from services.stack.stack import StackPlan
            from services.stack.supervisor import run_stack

            def plan():
                port = free_port(0)
                url = f"http://127.0.0.1:{{port}}/"
                part = Part("web", {command}, {{}}, HttpProbe(url), url)
                model = ModelChoice(source=ModelSource.ENDPOINT)
                return StackPlan(data_dir, (part,), model)

            data_dir = Path(sys.argv[1])
            try:
                run_stack(data_dir, plan, print)
            except FlowError as error:
                sys.exit(str(error))
        """
        program = tmp_path / "supervisor.py"
        program.write_text(textwrap.dedent(text))
        return (sys.executable, str(program), str(tmp_path / "data"))

    yield write
    down(tmp_path / "data")


WEB = "(sys.executable, '-m', 'http.server', '--bind', '127.0.0.1', str(port))"
BROKEN = "(sys.executable, '-c', 'print(\"no port for me\"); raise SystemExit(78)')"


def test_up_returns_when_everything_works(background: Background, environ: dict[str, str]) -> None:
    """Once `up` is back, the stack works, in a session that outlives the terminal."""
    record = up(environ, background(WEB))

    assert record.parts[0].address.startswith("http://127.0.0.1:")
    assert record.ready_seconds is not None
    assert os.getsid(record.supervisor.pid) == record.supervisor.pid


def test_second_up_gives_the_running_stack(background: Background, environ: dict[str, str]) -> None:
    """Starting twice is starting once."""
    supervisor = background(WEB)

    assert up(environ, supervisor) == up(environ, supervisor)


def test_two_starts_at_once_make_one_stack(background: Background, environ: dict[str, str]) -> None:
    """Whoever comes second waits for the stack of the first."""
    supervisor = background(WEB)

    with ThreadPoolExecutor(2) as pool:
        records = [pool.submit(up, environ, supervisor) for _ in range(2)]

    assert records[0].result().supervisor == records[1].result().supervisor


def test_down_leaves_nothing(
    background: Background, environ: dict[str, str], tmp_path: Path
) -> None:
    """After `down` neither the supervisor nor a part runs."""
    record = up(environ, background(WEB))

    assert down(tmp_path / "data") is True

    assert record.parts[0].process is not None
    assert not record.parts[0].process.is_alive()
    assert not record.supervisor.is_alive()
    assert stack_state(tmp_path / "data") is None


def test_running_stack_keeps_its_data(
    background: Background, environ: dict[str, str], tmp_path: Path
) -> None:
    """Data can be removed only once the stack has stopped."""
    up(environ, background(WEB))

    with pytest.raises(ConflictError, match="orchestra down"):
        remove_data(tmp_path / "data")

    down(tmp_path / "data")
    assert remove_data(tmp_path / "data")


def test_failed_up_says_why(background: Background, environ: dict[str, str]) -> None:
    """When the stack does not come up, the error quotes the part that failed."""
    with pytest.raises(UnavailableError, match=r"(?s)web cannot run in this.*no port for me"):
        up(environ, background(BROKEN))


def test_supervisor_that_cannot_start_says_why(environ: dict[str, str]) -> None:
    """When not even the supervisor runs, the error quotes its log."""
    broken = (sys.executable, "-c", "raise SystemExit('the moon is in the wrong phase')")

    with pytest.raises(UnavailableError, match="the moon is in the wrong phase"):
        up(environ, broken)


def test_setting_that_fits_no_stack_is_named(environ: dict[str, str]) -> None:
    """What the supervisor finds wrong with the settings reaches the person who called `up`."""
    with pytest.raises(UnavailableError, match="endpoint needs OPENAI_BASE_URL or OPENAI_API_KEY"):
        up(environ | {"ORCHESTRA_MODEL_SOURCE": "endpoint"})


def test_stack_that_takes_too_long_is_ended(
    background: Background, environ: dict[str, str], tmp_path: Path
) -> None:
    """A start that does not end is broken off, and nothing of it stays."""
    forever = "(sys.executable, '-c', 'import time; time.sleep(60)')"

    with pytest.raises(UnavailableError, match="did not come up in time"):
        up(environ, background(forever), start_seconds=2)

    assert stack_state(tmp_path / "data") is None


async def test_killed_supervisor_takes_its_parts_along(
    background: Background, environ: dict[str, str], eventually: Eventually, tmp_path: Path
) -> None:
    """A crash of the supervisor leaves nothing that keeps the next start from working."""
    supervisor = background(WEB)
    first = up(environ, supervisor)
    part = first.parts[0].process
    assert part is not None

    os.kill(first.supervisor.pid, signal.SIGKILL)
    await eventually(lambda: not part.is_alive())

    assert stack_state(tmp_path / "data") is None
    second = up(environ, supervisor)
    assert second.supervisor != first.supervisor


def test_interrupt_stops_in_order(
    background: Background, environ: dict[str, str], tmp_path: Path
) -> None:
    """Ctrl-C on a stack in the foreground stops its parts before the supervisor ends."""
    record = up(environ, background(WEB))
    supervisor = psutil.Process(record.supervisor.pid)

    supervisor.send_signal(signal.SIGINT)
    supervisor.wait(timeout=10)

    assert record.parts[0].process is not None
    assert not record.parts[0].process.is_alive()
    assert not (tmp_path / "data" / "stack.json").exists()
