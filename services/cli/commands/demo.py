"""`orchestra demo`: starts everything, runs an article, shows what crossed each border, stops."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from services.cli import proof, tables
from services.cli.client import Gateway
from services.cli.commands.stack import Model, refuse_other_model, with_model
from services.cli.demonstration import Demonstration, Shown
from services.cli.exit_code import ExitCode, of_status
from services.cli.logs import log_to_stderr
from services.cli.output import AsJson, say, show, show_json
from services.cli.screen import Silent, screen_for_output
from services.cli.stack_thread import stack_beside
from services.settings import Settings
from services.stack import detached
from services.stack.connection import led_by
from services.stack.record import StackRecord, stack_state


def demo(
    brief: Annotated[
        Path | None, typer.Option(help="A brief of your own; one of the samples if not given.")
    ] = None,
    runs: Annotated[
        int, typer.Option(min=1, max=1000, help="So many runs, over all samples of low risk.")
    ] = 1,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running.")] = False,
    model: Model = "auto",
    as_json: AsJson = False,
) -> None:
    """Start everything, run one article, show what crossed each border, and stop.

    Every published sentence is held against the documents of the corpus by code. A stack that runs
    already is used, and left running.
    """
    log_to_stderr(logging.WARNING)
    environ = with_model(os.environ, model)
    with _stack(environ, model, keep=keep) as record:
        settings = Settings.from_environ(led_by(record, environ))
        with Gateway(settings.gateway_url) as gateway:
            demonstration = Demonstration(gateway, settings.publish_dir)
            say(proof.introduction(record, demonstration.add_samples()))
            found = _show_all(demonstration, record, brief, runs, as_json=as_json)
    if keep:
        say("the stack is left running; stop it with `make down` or `orchestra down`")
    raise typer.Exit(_exit_code(record, found))


@contextmanager
def _stack(environ: Mapping[str, str], model: str, *, keep: bool) -> Iterator[StackRecord]:
    data_dir = Settings.from_environ(environ).data_dir.resolve()
    is_there = stack_state(data_dir) is not None
    if is_there:
        say(f"a stack runs on {data_dir} already: it is used, and left running")
    else:
        say("starting Temporal, memory, a model, a worker and the gateway ...")
    if is_there or keep:
        record = detached.up(environ)
        refuse_other_model(record, model)
        yield record
        return
    with stack_beside(environ) as record:
        yield record
        say("stopping the stack ...")


def _show_all(
    demonstration: Demonstration,
    record: StackRecord,
    brief: Path | None,
    runs: int,
    *,
    as_json: bool,
) -> list[Shown]:
    briefs = demonstration.briefs(brief, runs)
    if runs == 1:
        return [_show_one(demonstration, record, next(briefs), as_json=as_json)]
    found: list[Shown] = []
    for path in briefs:
        found.append(demonstration.show(path, Silent()))
        if not as_json:
            typer.echo(proof.row(found[-1]))
    if as_json:
        show_json(proof.as_json(record, found))
    else:
        show("", *proof.summary(found))
    return found


def _show_one(
    demonstration: Demonstration, record: StackRecord, brief: Path, *, as_json: bool
) -> Shown:
    screen = Silent() if as_json else screen_for_output()
    shown = demonstration.show(brief, screen)
    if as_json:
        show_json(proof.as_json(record, [shown]))
        return shown
    borders = tables.hand_offs(demonstration.hand_offs(shown))
    show("", "what crossed each border:", borders, "", *proof.of(record, shown))
    return shown


def _exit_code(record: StackRecord, found: list[Shown]) -> ExitCode:
    bad = [each for each in found if not each.is_good(proof.must_be_verbatim(record))]
    if not bad:
        return ExitCode.OK
    return of_status(bad[0].run.status) or ExitCode.FAILED
