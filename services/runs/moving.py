"""Moves a run to the version of its flow that is on offer now: asked for, checked, and told.

What a run began with stays pinned to it: flow, prompts, models. So another run goes on in its stead
from where it stands, with what it has made, and it is cancelled itself.
"""

from contracts.compiled import CompiledFlow
from contracts.run import MoveReport, MoveRequest
from services.errors import ConflictError, InputInvalidError
from services.runs.forking import Forking, Plan
from services.runs.runs import Runs
from workflows.names import parent_of


class Moving:
    """Moves the runs of one tenant."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._forking = Forking(runs)

    async def move(self, run: str, request: MoveRequest) -> MoveReport:
        """Let another run go on from where a run stands, by the flow on offer, and cancel this one.

        Sent again after it broke off, it finds the run that it had started.

        Raises:
            NotFoundError: there is no such run.
            ConflictError: it has ended, a step of it is at work, or its flow has not changed.
            InputInvalidError: it does a step of another run, or the flow on offer cannot go on
                from there; the message names what is missing.
            NotInMemoryError: a value is nowhere to be found.
            UnavailableError: memory or Temporal does not answer.
        """
        status = (await self._runs.summary(run)).status
        if status.is_final:
            raise ConflictError(
                f"run {run!r} has ended already: it {status}; go on from it with `orchestra runs"
                f" retry {run} --flow-version current`, or with a fork"
            )
        if parent := parent_of(run):
            raise InputInvalidError(f"run {run!r} does a step of run {parent!r}; move that one")
        plan = await self._forking.plan_move(run, request.who)
        report = _report(run, plan, request)
        if request.dry_run:
            return report
        # The other run first: were it the second, a crash between the two would lose the work.
        started = await self._forking.start(plan, f"move {run} {plan.fingerprint}")
        await self._runs.cancel(run)
        return report.model_copy(update={"moved_to": started.run})


def _report(run: str, plan: Plan, request: MoveRequest) -> MoveReport:
    return MoveReport(
        run=run,
        place=plan.origin.place,
        from_version=plan.past.flow.version,
        to_version=plan.flow.version,
        agents=_changed(plan.past.flow, plan.flow),
        dry_run=request.dry_run,
    )


def _changed(before: CompiledFlow, after: CompiledFlow) -> tuple[str, ...]:
    """List the agents of a flow that differ from those of another, by name, in order."""
    return tuple(
        name for name, agent in sorted(after.agents.items()) if before.agents.get(name) != agent
    )
