"""How batches look on a terminal."""

from collections.abc import Sequence

from rich.table import Table

from contracts.batch import BatchReport, BatchState, BatchSummary, BatchView
from services.cli.facts import count
from services.cli.output import clean
from services.cli.tables import pairs, table


def batches(found: Sequence[BatchSummary]) -> Table:
    """List batches."""
    made = table("BATCH", "FLOW", "ROWS", "STATUS", "STARTED (UTC)", "ENDED (UTC)")
    for each in found:
        began, ended = _readable(each.started_at), _readable(each.ended_at or "")
        made.add_row(each.id, each.flow, f"{each.rows:,}", each.status, began, ended)
    return made


def batch(view: BatchView) -> Table:
    """Show one batch."""
    state = view.state
    return pairs(
        [
            ("batch", view.id),
            ("flow", view.flow),
            ("status", view.status),
            ("paused", state.note or "by hand" if state.paused else ""),
            ("rows", progress(state, view.rows)),
            ("at once", str(view.at_once)),
            ("left out", count(view.skipped_rows, "row") if view.skipped_rows else ""),
            ("cost", f"${state.cost_usd:.4f}"),
            ("started", _readable(view.started_at)),
            ("ended", _readable(view.ended_at or "")),
            ("temporal", view.temporal_url),
        ]
    )


def progress(state: BatchState, rows: int) -> str:
    """Say in one line how far a batch has come."""
    done = sum(state.outcomes.values())
    told = [f"{number:,} {outcome}" for outcome, number in state.outcomes.items()]
    told += [f"{len(state.running):,} at work"] if state.running else []
    told += [f"{state.waiting:,} wait"] if state.waiting else []
    return f"{done:,} of {rows:,} done: {', '.join(told)}" if told else f"0 of {rows:,} done"


def report(found: BatchReport) -> Table:
    """List every row with what came of it."""
    made = table("LINE", "RUN", "OUTCOME", "TRY", "COST", "WHY")
    for row in found.rows:
        tried, cost = str(row.attempt or ""), f"${row.cost_usd:.4f}" if row.run else ""
        made.add_row(str(row.line), row.run, row.outcome, tried, cost, clean(row.reason))
    return made


def _readable(moment: str) -> str:
    """Leave out of RFC 3339 what its column says."""
    return moment[:19].replace("T", " ")
