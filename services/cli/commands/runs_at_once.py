"""`orchestra runs rerun` and `cancel-many`: many runs at once, by how they stand."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from pydantic import JsonValue

from contracts.duration import seconds
from contracts.many_runs import CancelReport, RerunReport
from contracts.run import RunStatus
from services.cli import connection
from services.cli.exit_code import ExitCode
from services.cli.output import AsJson, clean, say, show, show_json
from services.cli.tables import table

Status = Annotated[RunStatus, typer.Option(help="Runs that stand so.")]
Flow = Annotated[str, typer.Option(help="Only runs of this flow.")]
Since = Annotated[
    str, typer.Option(help="Only those that ended so long ago or later, as in 30m, 2h or 7d.")
]
Limit = Annotated[int, typer.Option(min=1, max=100, help="How many at most, the newest first.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]


def rerun_runs(
    status: Status = RunStatus.FAILED,
    flow: Flow = "",
    since: Since = "",
    at: Annotated[
        str, typer.Option(help="Fork each at this step; else each is retried where it failed.")
    ] = "",
    flow_version: Annotated[
        str, typer.Option(help="`current`: go on by the flow as it is offered now, if it fits.")
    ] = "same",
    batch: Annotated[
        str,
        typer.Option(help="The same name goes on from each run once, however often it is sent."),
    ] = "",
    limit: Limit = 100,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Go on from many runs, each in a new run. Says what it will do, and on a terminal asks.

    Ends with 0 when all were gone on from, else with 11.
    """
    body: dict[str, JsonValue] = {
        "runs": _selection(status, flow, since, limit),
        "at": at,
        "flow_version": flow_version,
        "batch": batch,
    }
    with connection.gateway() as gateway:
        report = gateway.post(RerunReport, "/runs/rerun", {**body, "dry_run": True})
        ready = [each for each in report.runs if not each.problem]
        if not dry_run:
            if not as_json:
                _show_rerun(report)
            if not ready or not _agreed(f"go on from {len(ready)} run(s)", skip=yes or as_json):
                raise typer.Exit(ExitCode.OK if not report.runs else ExitCode.FAILED)
            report = gateway.post(RerunReport, "/runs/rerun", {**body, "batch": report.batch})
    if as_json:
        show_json(report)
    else:
        _show_rerun(report)
        if not dry_run:
            say(f"batch {report.batch}")
    if any(each.problem for each in report.runs):
        raise typer.Exit(ExitCode.FAILED)


def cancel_runs(
    status: Status,
    flow: Flow = "",
    since: Since = "",
    limit: Limit = 100,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Ask many runs to stop. Says which, and on a terminal asks. What they have made is kept."""
    body: dict[str, JsonValue] = {"runs": _selection(status, flow, since, limit)}
    with connection.gateway() as gateway:
        report = gateway.post(CancelReport, "/runs/cancel", {**body, "dry_run": True})
        if not dry_run:
            if not as_json:
                _show_cancelled(report)
            if not report.runs or not _agreed(
                f"stop {len(report.runs)} run(s)", skip=yes or as_json
            ):
                raise typer.Exit(ExitCode.OK)
            report = gateway.post(CancelReport, "/runs/cancel", body)
    if as_json:
        show_json(report)
    else:
        _show_cancelled(report)
    if any(each.problem for each in report.runs):
        raise typer.Exit(ExitCode.FAILED)


def _selection(status: RunStatus, flow: str, since: str, limit: int) -> dict[str, JsonValue]:
    chosen: dict[str, JsonValue] = {"status": status.value, "flow": flow, "limit": limit}
    if since:
        chosen["since"] = _moment(since)
    return chosen


def _moment(since: str) -> str:
    try:
        past = seconds(since)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from error
    assert isinstance(past, int)
    then = datetime.now(UTC) - timedelta(seconds=past)
    return then.isoformat(timespec="seconds").replace("+00:00", "Z")


def _agreed(what: str, *, skip: bool) -> bool:
    return skip or not sys.stdin.isatty() or typer.confirm(f"{what}?", err=True)


def _show_rerun(report: RerunReport) -> None:
    if not report.runs:
        say("no run stands so")
        return
    made = table("RUN", "FROM", "NEW RUN", "PROBLEM")
    for each in report.runs:
        visit = f" (visit {each.visit})" if each.visit > 1 else ""
        started = f"{each.started} (earlier)" if each.replayed else each.started
        begins = started or ("" if each.problem else "would be started")
        made.add_row(each.run, f"{each.place}{visit}", begins, clean(each.problem))
    show(made)


def _show_cancelled(report: CancelReport) -> None:
    if not report.runs:
        say("no run stands so")
        return
    made = table("RUN", "")
    for each in report.runs:
        done = "would be asked to stop" if report.dry_run else "was asked to stop"
        made.add_row(each.run, clean(each.problem) or done)
    show(made)
