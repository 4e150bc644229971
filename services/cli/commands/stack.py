"""`orchestra up`, `down`: start and stop the local stack."""

import os
from collections.abc import Mapping
from typing import Annotated, Literal

import typer
from pydantic import JsonValue

from services.cli.logs import log_to_stderr
from services.cli.origin import source_of_answers
from services.cli.output import AsJson, clean, say, show, show_json
from services.cli.tables import pairs
from services.errors import ConflictError
from services.settings import ModelSource, Settings
from services.stack import control, detached
from services.stack.plan import plan_stack
from services.stack.record import StackRecord
from services.stack.supervisor import run_stack

Model = Annotated[
    Literal["auto", "embedded", "scripted", "endpoint"],
    typer.Option(
        help="Where answers come from. auto: OPENAI_API_KEY or OPENAI_BASE_URL if set, else the"
        " embedded model, else scripted answers."
    ),
]


def up(
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return once everything works.")
    ] = False,
    model: Model = "auto",
    as_json: AsJson = False,
) -> None:
    """Start the local stack: Temporal, memory, a model, a worker, the gateway.

    Without --detach it runs until Ctrl-C. Taken ports are stepped around.
    """
    environ = with_model(os.environ, model)
    if detach:
        record = detached.up(environ)
        refuse_other_model(record, model)
        _show(record, as_json=as_json)
        say("stop it with `orchestra down`; look at it with `orchestra doctor`")
        return
    log_to_stderr()
    data_dir = Settings.from_environ(environ).data_dir.resolve()
    say("starting ...; Ctrl-C stops it")
    run_stack(data_dir, lambda: plan_stack(environ), lambda record: _show(record, as_json=as_json))


def down(
    remove_data: Annotated[
        bool,
        typer.Option(
            "--remove-data",
            help="Remove runs, memory, corpora and logs as well; it cannot be undone.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Stop the local stack. Data are kept; published texts always are."""
    data_dir = Settings.from_environ(os.environ).data_dir.resolve()
    stopped = control.down(data_dir)
    removed = control.remove_data(data_dir) if remove_data else ()
    if as_json:
        show_json({"stopped": stopped, "removed": [str(path) for path in removed]})
        return
    typer.echo("the stack has stopped" if stopped else f"no stack runs on {data_dir}")
    for path in removed:
        typer.echo(f"removed {path}")


def with_model(environ: Mapping[str, str], model: str) -> dict[str, str]:
    """Ask for a source of answers; `auto` leaves the choice to what the environment says."""
    if model == "auto":
        return dict(environ)
    return {**environ, "ORCHESTRA_MODEL_SOURCE": ModelSource(model).value}


def addresses(record: StackRecord) -> dict[str, str]:
    """List every address of a stack, by name."""
    named = {part.name: part.address for part in record.parts if part.address}
    settings = Settings.from_environ(record.environment)
    known = {"gateway": settings.gateway_url, "temporal_ui": settings.temporal_ui_url}
    return {**known, **named} | {name: url for name, url in known.items() if url}


def refuse_other_model(record: StackRecord, model: str) -> None:
    """Refuse a stack that runs with another source of answers than was asked for.

    Raises:
        ConflictError: it does.
    """
    if model not in ("auto", record.model.source.value):
        raise ConflictError(
            f"a stack runs whose answers come from {source_of_answers(record)};"
            " stop it with `orchestra down` first"
        )


def _show(record: StackRecord, *, as_json: bool) -> None:
    if as_json:
        show_json(_as_json(record))
        return
    rows = [(name.replace("_", " "), address) for name, address in addresses(record).items()]
    rows.append(("answers", source_of_answers(record)))
    rows += [("note", note) for note in record.notes]
    rows.append(("data", record.environment.get("ORCHESTRA_DATA_DIR", "")))
    rows.append(("published", record.environment.get("ORCHESTRA_PUBLISH_DIR", "")))
    ready = f" after {record.ready_seconds:.1f} s" if record.ready_seconds else ""
    show(f"the stack works{ready}", pairs(rows))


def _as_json(record: StackRecord) -> dict[str, JsonValue]:
    return {
        "phase": record.phase.value,
        "ready_seconds": record.ready_seconds,
        "addresses": {**addresses(record)},
        "environment": {**record.environment},
        "model": {"source": record.model.source.value, "reason": clean(record.model.reason)},
        "notes": list(record.notes),
        "logs": {part.name: str(part.log) for part in record.parts},
    }
