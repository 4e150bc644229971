"""The workflow that a schedule starts: prepares one run and sees it through to its end."""

from temporalio import workflow
from temporalio.common import SearchAttributePair
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from contracts.launch import LaunchOutcome, LaunchStart, LaunchTask
    from workflows import names
    from workflows.launching import REFUSED, launched


@workflow.defn(name=names.LAUNCH)
class Launch:
    """Starts one run. It ends as the run does, so that Temporal's policies see the truth."""

    @workflow.run
    async def run(self, start: LaunchStart) -> LaunchOutcome:
        """Prepare and run to an end.

        Raises:
            ApplicationError: of type `failed`, `expired` or `refused`, with the outcome as its
                detail; or what kept the run from being prepared.
        """
        info = workflow.info()
        content = f"{start.flow}\n{start.given_at or start.given}"
        content += f"\n{start.row}" if start.row >= 0 else ""
        run = names.launched_run(info.workflow_id, content)
        workflow.upsert_memo({names.RUN: run})
        due = info.typed_search_attributes.get(names.DUE) or info.workflow_start_time
        task = LaunchTask(
            tenant=start.tenant,
            run=run,
            flow=start.flow,
            given=start.given,
            given_at=start.given_at,
            row=start.row,
            scheduled_ms=int(due.timestamp() * 1000) if start.schedule else 0,
            time_zone=start.time_zone,
        )
        workflow.set_current_details(f"run `{run}` of {start.flow}")
        try:
            outcome = await launched(task, self._found_by(start))
        except ActivityError as error:
            if workflow.cancellation_reason() is None:
                self._mark("failed")
            raise error.cause or error from error
        self._mark(outcome.outcome)
        if outcome.outcome in ("failed", "expired", REFUSED):
            raise ApplicationError(
                f"run {run} {outcome.outcome}: {outcome.reason}",
                outcome,
                type=outcome.outcome,
                non_retryable=True,
            )
        return outcome

    def _found_by(self, start: LaunchStart) -> list[SearchAttributePair[str]]:
        given = ((names.SCHEDULE, start.schedule), (names.BATCH, start.batch))
        return [SearchAttributePair(key, value) for key, value in given if value]

    def _mark(self, outcome: str) -> None:
        workflow.upsert_search_attributes([names.STATUS.value_set(outcome)])
