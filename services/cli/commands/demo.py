"""`orchestra demo`: starts everything, runs an article, shows what crossed each border, and stops."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from services.cli.client import Gateway
from services.cli.commands.stack import Model, source_of_answers, with_model
from services.cli.demonstration import Demonstration, Shown
from services.cli.attend import screen_for_output
from services.cli.exit_code import ExitCode, of_status
from services.cli.facts import count
from services.cli.output import AsJson, say, show, show_json
from services.cli.screen import Silent
from services.cli.stack_thread import stack_beside
from services.cli import tables
from services.settings import ModelSource, Settings
from services.stack import detached
from services.stack.connection import led_by
from services.stack.record import StackRecord, stack_state

SHOWN_FAULTS = 5


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
    environ = with_model(os.environ, model)
    with _stack(environ, keep=keep) as record:
        settings = Settings.from_environ(led_by(record, environ))
        with Gateway(settings.gateway_url) as gateway:
            shown = _demonstrate(
                Demonstration(gateway, settings.publish_dir), record, brief, runs, as_json=as_json
            )
    if as_json:
        show_json(_as_json(record, shown))
    elif keep:
        say("the stack is left running; stop it with `make down` or `orchestra down`")
    raise typer.Exit(_exit_code(record, shown))


@contextmanager
def _stack(environ: Mapping[str, str], *, keep: bool) -> Iterator[StackRecord]:
    data_dir = Settings.from_environ(environ).data_dir.resolve()
    if running := stack_state(data_dir):
        say(f"a stack runs on {data_dir} already: it is used, and left running")
        yield detached.up(environ) if running else running
        return
    say("starting Temporal, memory, a model, a worker and the gateway ...")
    if keep:
        yield detached.up(environ)
        return
    with stack_beside(environ) as record:
        yield record
        say("stopping the stack ...")


def _demonstrate(
    demonstration: Demonstration,
    record: StackRecord,
    brief: Path | None,
    runs: int,
    *,
    as_json: bool,
) -> list[Shown]:
    say(_introduction(record, demonstration.add_samples()))
    briefs = demonstration.briefs(brief, runs)
    if runs > 1:
        return _measure(demonstration, record, briefs, as_json=as_json)
    screen = Silent() if as_json else screen_for_output()
    shown = demonstration.show(next(briefs), screen, details=not as_json)
    if not as_json:
        show("", "what crossed each border", tables.hand_offs(demonstration.hand_offs(shown).hand_offs))
        show("", *_proof(record, shown), *_where_to_look(record, shown))
    return [shown]
