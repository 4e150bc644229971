"""`orchestra batches`: a flow over a list of inputs."""

import re
import sys
import time
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import JsonValue

from contracts.batch import BatchCheck, BatchReport, BatchView, ListFormat
from services.batches.sheet import sheet
from services.cli import batch_table, connection
from services.cli.client import Gateway
from services.cli.exit_code import ExitCode, of_batch
from services.cli.output import AsJson, say, show, show_json, write_file
from services.cli.reading import read_text
from services.errors import InputInvalidError, NotFoundError, Problem
from services.gateway.batch_replies import BatchList, BatchRetried, BatchStarted, BatchTold

app = typer.Typer(no_args_is_help=True)
Batch = Annotated[str, typer.Argument(help="Id of the batch: `orchestra batches list`.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Show progress to the end.")]
SECONDS: Final = 1.0
"""Between two looks at a batch that is watched."""

_BATCH: Final = re.compile(r"[0-9A-Z]{26}")
_JSON_LINES: Final = (".jsonl", ".ndjson")


@app.command("start")
def start_batch(
    flow: Annotated[str, typer.Argument(help="Name of the flow: `orchestra flows list`.")],
    given: Annotated[
        Path,
        typer.Argument(
            metavar="list",
            help="CSV whose header names fields (`title,words.min`), or .jsonl; - for standard"
            " input.",
        ),
    ],
    written_as: Annotated[
        ListFormat | None, typer.Option("--format", help="If the file's name does not tell.")
    ] = None,
    at_once: Annotated[
        int, typer.Option(min=1, max=100, help="How many runs may be at work at the same time.")
    ] = 5,
    skip_invalid: Annotated[
        bool, typer.Option("--skip-invalid", help="Leave rows out that do not fit.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only hold every row against the flow.")
    ] = False,
    watch: Watch = False,
    idempotency_key: Annotated[
        str, typer.Option(help="The same key with the same list gives the same batch.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Run a flow for every row of a list. Nothing starts while a row does not fit.

    With --watch it ends with 0 all succeeded, 11 some have not, 13 cancelled.
    """
    name, text = read_text(given)
    guessed = ListFormat.JSON_LINES if given.suffix.casefold() in _JSON_LINES else ListFormat.CSV
    body: dict[str, JsonValue] = {
        "flow": flow,
        "rows": text,
        "format": (written_as or guessed).value,
        "at_once": at_once,
        "skip_invalid": skip_invalid,
    }
    with connection.gateway() as gateway:
        if check:
            _check(_posted(gateway, "/batches/check", body, name), name, as_json=as_json)
            return
        begun = _started(gateway, body, idempotency_key, name)
        if begun.replayed:
            say(f"batch {begun.id} was started by an earlier request with this key")
        if watch:
            _watch(gateway, begun.id, as_json=as_json)
    if as_json:
        show_json(begun)
    else:
        typer.echo(f"batch {begun.id}   {begun.flow}   {begun.url}")
        typer.echo(f"see it with `orchestra batches show {begun.id} --watch`")


@app.command("list")
def list_batches(
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    cursor: Annotated[str, typer.Option(help="Where the last page ended.")] = "",
    as_json: AsJson = False,
) -> None:
    """List batches, newest first."""
    query: dict[str, str | int | bool] = {"limit": limit}
    if cursor:
        query["cursor"] = cursor
    with connection.gateway() as gateway:
        page = gateway.get(BatchList, "/batches", query)
    if as_json:
        show_json(page)
        return
    if not page.batches:
        say("no batches; start one with `orchestra batches start FLOW LIST.csv`")
        return
    show(batch_table.batches(page.batches))
    if page.cursor:
        say(f"more with --cursor {page.cursor}")


@app.command("show")
def show_batch(batch: Batch, watch: Watch = False, as_json: AsJson = False) -> None:
    """Show how far a batch has come; with --watch, to its end."""
    with connection.gateway() as gateway:
        if watch:
            _watch(gateway, batch, as_json=as_json)
        view = gateway.get(BatchView, _path(batch))
    if as_json:
        show_json(view)
        return
    show(batch_table.batch(view))
    for each in view.skipped:
        say(f"left out: line {each.line}: {each.problem}")


@app.command("pause")
def pause_batch(
    batch: Batch,
    note: Annotated[str, typer.Option(help="Why; shown with the batch.")] = "",
    as_json: AsJson = False,
) -> None:
    """Begin no further row; those at work go on."""
    _tell(batch, "pause", {"note": note}, "begins no further row", as_json=as_json)


@app.command("resume")
def resume_batch(batch: Batch, as_json: AsJson = False) -> None:
    """Go on with a paused batch."""
    _tell(batch, "resume", None, "goes on", as_json=as_json)


@app.command("cancel")
def cancel_batch(batch: Batch, as_json: AsJson = False) -> None:
    """Begin no further row and cancel those at work; `retry` goes on from there."""
    _tell(batch, "cancel", None, "was asked to stop", as_json=as_json)


@app.command("retry")
def retry_batch(batch: Batch, watch: Watch = False, as_json: AsJson = False) -> None:
    """Try rows again that failed, expired, were cancelled or never began."""
    with connection.gateway() as gateway:
        told = gateway.post(BatchRetried, f"{_path(batch)}/retry")
        if watch:
            _watch(gateway, batch, as_json=as_json)
    if as_json:
        show_json(told)
    else:
        typer.echo(f"batch {batch} tries {told.rows} rows again")


@app.command("report")
def report_on_batch(
    batch: Batch,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV and nothing else.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write CSV to this file instead.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List what came of every row, in the order of the list."""
    with connection.gateway() as gateway:
        report = gateway.get(BatchReport, f"{_path(batch)}/report")
    if out:
        write_file(out, sheet(report))
    elif as_json:
        show_json(report)
    elif as_csv:
        sys.stdout.write(sheet(report))
    else:
        show(batch_table.report(report))


def _watch(gateway: Gateway, batch: str, *, as_json: bool) -> None:
    """Print a line whenever something has changed, and end the program with the batch."""
    shown = ""
    try:
        while True:
            view = gateway.get(BatchView, _path(batch))
            told = batch_table.progress(view.state, view.rows)
            told += f" (paused: {view.state.note or 'by hand'})" if view.state.paused else ""
            if told != shown and not as_json:
                typer.echo(f"{told}, ${view.state.cost_usd:.4f}")
            shown = told
            if view.ended_at:
                break
            time.sleep(SECONDS)
    except KeyboardInterrupt:
        say(f"the batch goes on; see it with `orchestra batches show {batch} --watch`")
        raise
    if as_json:
        show_json(view)
    else:
        typer.echo(f"batch {batch} {view.status}; see `orchestra batches report {batch}`")
    raise typer.Exit(of_batch(view.status))


def _check(found: BatchCheck, name: str, *, as_json: bool) -> None:
    if as_json:
        show_json(found)
    else:
        for each in found.invalid:
            say(f"{name}:{each.line}: {each.problem}")
        typer.echo(f"{found.rows} rows fit, {len(found.invalid)} do not")
    if found.invalid:
        raise typer.Exit(ExitCode.CALLER)


def _started(gateway: Gateway, body: JsonValue, key: str, name: str) -> BatchStarted:
    headers = {"Idempotency-Key": key} if key else {}
    try:
        return gateway.post(BatchStarted, "/batches", body, headers)
    except InputInvalidError as error:
        raise _located(error, name) from error


def _posted(gateway: Gateway, path: str, body: JsonValue, name: str) -> BatchCheck:
    try:
        return gateway.post(BatchCheck, path, body)
    except InputInvalidError as error:
        raise _located(error, name) from error


def _located(error: InputInvalidError, name: str) -> InputInvalidError:
    """Say of each problem in the list on which line of the file it is: `/rows/7/words/min`."""
    problems = [Problem(_place(each.pointer, name), each.message) for each in error.problems]
    return InputInvalidError(str(error), problems)


def _place(pointer: str, name: str) -> str:
    match = re.fullmatch(r"/rows(?:/(\d+)(?:/(.*))?)?", pointer)
    if match is None:
        return pointer
    line, field = match.groups()
    place = f"{name}:{line}" if line else name
    return f"{place}: {field.replace('/', '.')}" if field else place


def _tell(batch: str, action: str, body: JsonValue, done: str, *, as_json: bool) -> None:
    with connection.gateway() as gateway:
        told = gateway.post(BatchTold, f"{_path(batch)}/{action}", body)
    if as_json:
        show_json(told)
    else:
        typer.echo(f"batch {batch} {done}")


def _path(batch: str) -> str:
    if not _BATCH.fullmatch(batch):
        raise NotFoundError(f"there is no batch {batch!r}; list them with `orchestra batches list`")
    return f"/batches/{batch}"
