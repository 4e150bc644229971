"""The process that runs the local stack: in the foreground, or as `python -m` in the background."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from services.errors import FlowError
from services.settings import Settings
from services.stack.control import claimed
from services.stack.plan import plan_stack
from services.stack.record import StackRecord
from services.stack.stack import Stack, StackPlan

LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s %(part)s %(how)s"


def run_stack(
    data_dir: Path,
    plan: Callable[[], StackPlan],
    on_ready: Callable[[StackRecord], None],
) -> None:
    """Run a stack until it is asked to stop by a signal, or until a part of it has to be given up.

    Args:
        data_dir: the folder to own.
        plan: called once the folder is owned and nothing old runs on its ports any more.
        on_ready: called once everything works.

    Raises:
        ConflictError: a stack runs on this folder.
        UnavailableError: a part cannot be started or kept ending; with its last log lines.
        StorageError: the data folder cannot be written.
    """
    with claimed(data_dir):
        asyncio.run(_serve(plan(), on_ready))


def run_local_stack(on_ready: Callable[[StackRecord], None]) -> None:
    """Run the local stack that this process's environment describes, as `run_stack` does.

    Raises:
        SettingsError: the environment is wrong.
        ConflictError: a stack runs on this folder.
        UnavailableError: a part cannot be started or kept ending; with its last log lines.
        StorageError: the data folder cannot be written.
    """
    environ = dict(os.environ)
    data_dir = Settings.from_environ(environ).data_dir.resolve()
    run_stack(data_dir, lambda: plan_stack(environ), on_ready)


async def _serve(plan: StackPlan, on_ready: Callable[[StackRecord], None]) -> None:
    """Keep the stack until a signal; only the first one counts, so that stopping is not cut."""
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    kept = asyncio.create_task(_keep(plan, on_ready))
    stop = asyncio.create_task(asked.wait())
    await asyncio.wait({kept, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    kept.cancel()
    await asyncio.wait({kept})
    if not kept.cancelled():
        kept.result()


async def _keep(plan: StackPlan, on_ready: Callable[[StackRecord], None]) -> None:
    async with Stack(plan) as stack:
        on_ready(stack.record)
        await stack.wait()


def main() -> None:
    """Run the local stack in the background: what it has to say goes to its log."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(LOG_FORMAT, defaults={"part": "", "how": ""}))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        run_local_stack(lambda _: logging.getLogger(__name__).info("the stack works"))
    except FlowError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
