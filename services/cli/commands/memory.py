"""`orchestra memory`: long-term memory; what runs depend on, checked, mended, and what is gone."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from services.cli import connection, entry_table
from services.cli.client import run_path
from services.cli.commands.memory_entries import (
    entry_history,
    erase_entry,
    export_entries,
    get_entry,
    import_entries,
    list_entries,
    put_entry,
    restore_entry,
)
from services.cli.exit_code import ExitCode
from services.cli.output import AsJson, clean, plain_data, say, show, show_json
from services.cli.tables import DIGEST_COLUMNS, table

if TYPE_CHECKING:
    from services.runs.losses import LossReport
    from services.runs.scrub import ScrubbedRun

app = typer.Typer(no_args_is_help=True)
app.command("list")(list_entries)
app.command("get")(get_entry)
app.command("put")(put_entry)
app.command("history")(entry_history)
app.command("restore")(restore_entry)
app.command("export")(export_entries)
app.command("import")(import_entries)
app.command("erase")(erase_entry)


@app.command("verify")
def verify(
    run: Annotated[
        str, typer.Argument(help="Only this run; else every run whose memory is to be there.")
    ] = "",
    repair: Annotated[
        bool, typer.Option("--repair", help="Restore what is missing or wrong, where it can be.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check long-term memory, and that everything runs depend on is there, byte by byte.

    Asks Temporal, memory and the archive themselves. Ends with 3 when something remains to be done.
    """
    # Loaded here, for the other commands need no Temporal.
    from services.cli.scrubbing import scrub  # noqa: PLC0415
    from services.cli.scrubbing import verify as verify_entries  # noqa: PLC0415

    settings = connection.settings()
    found = asyncio.run(scrub(settings, run, repair=repair))
    entries = () if run else asyncio.run(verify_entries(settings, repair=repair))
    ok = all(each.is_sound for each in found) and not any(each.wrong for each in entries)
    if as_json:
        show_json({"ok": ok, "runs": plain_data(found), "entries": plain_data(entries)})
        if not ok:
            raise typer.Exit(ExitCode.UNAVAILABLE)
        return
    if entries:
        show(entry_table.verified(entries))
        for wrong in (wrong for each in entries for wrong in each.wrong):
            say(clean(wrong))
    if found:
        show(_scrubbed(found))
        for each in found:
            _say_more(each)
        if not repair and any(each.missing or each.wrong for each in found):
            say("mend what can be mended with --repair")
    else:
        say("there are no runs, and memory keeps none")
    if not ok:
        raise typer.Exit(ExitCode.UNAVAILABLE)


@app.command("loss-report")
def loss_report(
    run: Annotated[str, typer.Argument(help="Id of the run: `orchestra runs list`.")],
    as_json: AsJson = False,
) -> None:
    """Say which values of a run are gone for good, what depends on them, and who acts next.

    Ends with 3 when any is lost.
    """
    from services.runs.losses import LossReport  # noqa: PLC0415 - brings Temporal's client

    with connection.gateway() as gateway:
        report = gateway.get(LossReport, f"{run_path(run)}/loss-report")
    if as_json:
        show_json(report)
    else:
        if report.lost:
            show(_lost(report))
        show(clean(f"next: {report.next}"))
    if report.lost:
        raise typer.Exit(ExitCode.UNAVAILABLE)


def _scrubbed(found: "Sequence[ScrubbedRun]") -> Table:
    made = table(
        "RUN", "STATUS", "CHECKED", "MISSING", "WRONG", "REPAIRED", "LOST", "EVENTS MISSING"
    )
    for each in found:
        made.add_row(
            each.run,
            each.status.value if each.status else "unknown",
            str(each.checked),
            str(each.missing),
            str(each.wrong),
            str(each.repaired),
            str(len(each.lost)),
            _events(each),
        )
    return made


def _events(each: "ScrubbedRun") -> str:
    if not each.events_rebuilt:
        return str(each.events_missing)
    return f"{each.events_missing}, rebuilt {each.events_rebuilt}"


def _say_more(each: "ScrubbedRun") -> None:
    if each.lost:
        say(clean(f"{each.run} has lost {', '.join(each.lost)}: orchestra memory loss-report"))
    if each.expires:
        say(f"{each.run}: its memory now goes when its time is up")
    if each.problem:
        say(clean(f"{each.run}: {each.problem}"))


def _lost(report: "LossReport") -> Table:
    made = table("LOST", "MADE BY", "DIGEST", "NEEDED BY", "MADE FROM IT")
    for each in report.lost:
        made.add_row(
            each.name,
            f"{each.made_by} ({each.visit})" if each.visit > 1 else each.made_by,
            each.digest[:DIGEST_COLUMNS],
            ", ".join(each.needed_by) or "nothing",
            ", ".join(each.made_from_it) or "nothing",
        )
    return made
