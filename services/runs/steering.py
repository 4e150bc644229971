"""Holds runs up and lets them go on, also while no worker is up."""

from temporalio.service import RPCError, RPCStatusCode

from contracts.run import RunStatus, SteerRequest
from contracts.work import Steer
from services.errors import ConflictError
from services.runs.runs import Runs, unavailable
from workflows import names


class Steering:
    """Steers the runs of one tenant."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    async def pause(self, run: str, request: SteerRequest) -> RunStatus:
        """Hold a run up: steps at work end and are kept, and no new one begins.

        The wait is no working time, and a deadline of an open gate runs on. Twice is once. Returns
        how the run stood before.

        Raises:
            NotFoundError: there is no such run.
            ConflictError: it has ended.
            UnavailableError: Temporal does not answer.
        """
        return await self._send(run, names.PAUSE, request)

    async def resume(self, run: str, request: SteerRequest) -> RunStatus:
        """Let a run go on; raises as `pause` does. One that is not paused is left alone."""
        return await self._send(run, names.RESUME, request)

    async def _send(self, run: str, signal: str, request: SteerRequest) -> RunStatus:
        status = (await self._runs.summary(run)).status
        if status.is_final:
            raise ConflictError(f"run {run!r} has ended already: it {status}")
        order = Steer(who=request.who, note=request.note)
        try:
            await self._runs.handle(run).signal(signal, order)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise ConflictError(f"run {run!r} has ended in this moment") from error
            raise unavailable(error) from error
        return status
