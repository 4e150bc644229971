"""The parts together: started in order, kept running, stopped in reverse, written down."""

import asyncio
import os
import time
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from services.errors import FlowError
from services.stack import folder
from services.stack.identity import ProcessIdentity
from services.stack.part import Part, RestartPolicy
from services.stack.process import SupervisedProcess
from services.stack.record import (
    ModelChoice,
    PartRecord,
    Phase,
    StackRecord,
    write_record,
)


@dataclass(frozen=True)
class StackPlan:
    """What a stack consists of, before anything runs."""

    data_dir: Path
    parts: tuple[Part, ...]
    """In the order in which they are started; what a part needs stands before it."""

    model: ModelChoice
    environment: Mapping[str, str] = field(default_factory=dict)
    """Settings that lead to this stack; no secrets, for they are written down."""

    notes: tuple[str, ...] = ()


class Stack:
    """Runs a plan. The caller owns the data folder (`control.claimed`) for as long as it runs.

    Every change is written to the record in the data folder. Parts that need nothing of each other
    start at the same time.
    """

    def __init__(self, plan: StackPlan, policy: RestartPolicy | None = None) -> None:
        self.plan = plan
        self._started_at = datetime.now(UTC)
        self._began = time.monotonic()
        self._phase = Phase.STARTING
        self._failure = ""
        self._ready_seconds: float | None = None
        self._processes = {
            part.name: SupervisedProcess(
                part,
                folder.log_path(plan.data_dir, part.name),
                policy or RestartPolicy(),
                self._save,
            )
            for part in plan.parts
        }

    @property
    def record(self) -> StackRecord:
        """The stack as it is now."""
        supervisor = ProcessIdentity.of(os.getpid())
        assert supervisor is not None
        return StackRecord(
            supervisor=supervisor,
            started_at=self._started_at,
            phase=self._phase,
            failure=self._failure,
            ready_seconds=self._ready_seconds,
            model=self.plan.model,
            notes=self.plan.notes,
            environment=dict(self.plan.environment),
            parts=tuple(map(_part_record, self._processes.values())),
        )

    async def __aenter__(self) -> Self:
        """Start all parts and wait until each works. What had started is stopped on failure.

        Raises:
            UnavailableError: a part cannot be started; with the last lines of its log.
            StorageError: the data folder cannot be written.
        """
        self._save()
        async with AsyncExitStack() as undo:
            undo.push_async_exit(self.__aexit__)
            await self._start_all()
            self._ready_seconds = time.monotonic() - self._began
            self._turn(Phase.RUNNING)
            undo.pop_all()
        return self

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Stop all parts, the last one first. An error of ours stays in the record as the cause."""
        try:
            self._turn(Phase.STOPPING)
        finally:
            for process in reversed(self._processes.values()):
                await process.stop()
        if isinstance(error, FlowError):
            self._failure = str(error)
            self._turn(Phase.FAILED)
        else:
            folder.remove(self.plan.data_dir / folder.RECORD)

    async def wait(self) -> None:
        """Wait for ever; a part that is given up ends the wait, and with it the whole stack.

        Raises:
            UnavailableError: a part kept ending; with the last lines of its log.
            StorageError: the data folder cannot be written.
        """
        await _all([process.wait() for process in self._processes.values()])

    async def _start_all(self) -> None:
        await _all([self._start(process) for process in self._processes.values()])

    async def _start(self, process: SupervisedProcess) -> None:
        for name in process.part.needs:
            await self._processes[name].is_ready()
        await process.start()

    def _turn(self, phase: Phase) -> None:
        self._phase = phase
        self._save()

    def _save(self) -> None:
        write_record(self.plan.data_dir, self.record)


async def _all(waits: list[Coroutine[None, None, None]]) -> None:
    """Wait for all; the first error ends the waiting for the others and is raised."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _part_record(process: SupervisedProcess) -> PartRecord:
    return PartRecord(
        name=process.part.name,
        address=process.part.address,
        log=process.log_file,
        process=process.identity,
        restarts=process.restarts,
        ready_seconds=process.ready_seconds,
    )
