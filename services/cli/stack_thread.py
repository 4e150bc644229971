"""Runs the local stack beside the caller, in a thread of its own, and stops it in any case."""

import asyncio
import signal
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from services.errors import UnavailableError
from services.settings import Settings
from services.stack.control import claimed
from services.stack.plan import plan_stack
from services.stack.record import StackRecord
from services.stack.stack import Stack, StackPlan

TERMINATED = 128 + signal.SIGTERM


@contextmanager
def stack_beside(environ: Mapping[str, str]) -> Iterator[StackRecord]:
    """Start the stack that an environment describes; stop it when the context closes.

    Raises:
        ConflictError: a stack runs on the data folder.
        SettingsError: the environment is wrong.
        UnavailableError: a part cannot be started, or kept ending meanwhile.
        StorageError: the data folder cannot be written.
    """
    signal.signal(signal.SIGTERM, _terminated)
    with claimed(Settings.from_environ(environ).data_dir.resolve()):
        thread = _StackThread(plan_stack(environ))
        try:
            record = thread.start()
            with thread.blamed():
                yield record
        finally:
            thread.stop()


class _StackThread:
    def __init__(self, plan: StackPlan) -> None:
        self._plan = plan
        self._pool = ThreadPoolExecutor(1, "stack")
        self._ready = Future[StackRecord]()
        self._begun = Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]]()
        self._kept: Future[None] | None = None

    def start(self) -> StackRecord:
        self._kept = self._pool.submit(lambda: asyncio.run(self._keep()))
        return self._ready.result()

    def stop(self) -> Exception | None:
        """Stop everything; give the error that had stopped it before, if there was one."""
        if self._kept is None:
            return None
        loop, task = self._begun.result()
        if not self._kept.done():
            loop.call_soon_threadsafe(task.cancel)
        self._pool.shutdown()
        error = None if self._kept.cancelled() else self._kept.exception()
        return error if isinstance(error, Exception) else None

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Raise what ended the stack instead of what the caller then found missing."""
        try:
            yield
        except UnavailableError as error:
            if cause := self.stop():
                raise cause from error
            raise

    async def _keep(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._begun.set_result((asyncio.get_running_loop(), task))
        try:
            async with Stack(self._plan) as stack:
                self._ready.set_result(stack.record)
                await stack.wait()
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            raise


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    """Unwind, so that the stack is stopped, instead of ending at once."""
    sys.exit(TERMINATED)
