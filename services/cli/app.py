"""The program `orchestra`: which commands there are, and where each one lives.

A command's module is imported only when that command is called, so that the program starts fast.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Final

import typer

PROGRAM: Final = "orchestra"
DEBUG: Final = "--debug"


@dataclass(frozen=True)
class Entry:
    """A command, or a group of commands, by the title that `orchestra --help` shows."""

    name: str
    module: str
    """Within `services.cli.commands`. A group is its `app`, a command its function `name`."""

    title: str
    panel: str
    is_group: bool = False

    @property
    def path(self) -> str:
        """The module's full name."""
        return f"services.cli.commands.{self.module}"


WORK, STACK, PARTS = (
    "Work",
    "Local stack",
    "Processes (the stack, containers and clusters start them)",
)

ENTRIES: Final = (
    Entry("run", "run", "Start a run of a flow and, with --watch, see it through.", WORK),
    Entry("runs", "runs", "Look at runs, compare, steer and go on from them.", WORK, is_group=True),
    Entry("gates", "gates", "See what waits for a person, and decide it.", WORK, is_group=True),
    Entry("webhooks", "webhooks", "Say who is told what happens to runs.", WORK, is_group=True),
    Entry(
        "schedules",
        "schedules",
        "Start flows by themselves: by cron, interval or calendar.",
        WORK,
        is_group=True,
    ),
    Entry("batches", "batches", "Run a flow over a list of inputs.", WORK, is_group=True),
    Entry(
        "flows", "flows", "Look at flows, check flow files, write new ones.", WORK, is_group=True
    ),
    Entry(
        "contracts", "contracts", "Look at contracts, and check their changes.", WORK, is_group=True
    ),
    Entry("deploy", "deploy", "Change the program while runs are going.", WORK, is_group=True),
    Entry("memory", "memory", "What outlives runs, and what runs depend on.", WORK, is_group=True),
    Entry("corpus", "corpus", "Keep the documents that research searches.", WORK, is_group=True),
    Entry(
        "demo", "demo", "Start everything, run one article, show what crossed each border.", STACK
    ),
    Entry("up", "stack", "Start the local stack.", STACK),
    Entry("down", "stack", "Stop the local stack.", STACK),
    Entry("doctor", "doctor", "Look for what is missing or does not answer.", STACK),
    Entry("worker", "hosting", "Run a worker: hosts flows and agents until SIGTERM.", PARTS),
    Entry("gateway", "hosting", "Serve the HTTP interface until SIGTERM.", PARTS),
    Entry("model", "hosting", "Serve the scripted model over the OpenAI protocol.", PARTS),
)


def build(called: Sequence[str]) -> typer.Typer:
    """Build the program with the called entries in full and of all others the title only.

    Args:
        called: names of entries; others are never invoked.
    """
    program = typer.Typer(
        name=PROGRAM,
        help="Flow Orchestra: run declared flows of agents, watch them, decide at their gates.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    program.callback()(_options)
    for entry in ENTRIES:
        _add(program, entry, in_full=entry.name in called)
    return program


def called_by(arguments: Sequence[str], *, completing: bool) -> tuple[str, ...]:
    """Tell which entries a command line needs: the one it names, or all to complete a word."""
    if completing:
        return tuple(entry.name for entry in ENTRIES)
    return tuple(word for word in arguments if not word.startswith("-"))[:1]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and end the process with a code that `ExitCode` explains.

    Args:
        arguments: the command line without the program's name; the process's own if not given.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    completing = f"_{PROGRAM.upper()}_COMPLETE" in os.environ
    try:
        build(called_by(given, completing=completing))(given, prog_name=PROGRAM)
    except Exception as error:  # the edge: a person reads a sentence, never a traceback
        from services.cli.failing import end  # noqa: PLC0415  # most calls never need it

        end(error, debug=DEBUG in given[:1])


def _add(program: typer.Typer, entry: Entry, *, in_full: bool) -> None:
    if not in_full:
        program.command(entry.name, help=entry.title, rich_help_panel=entry.panel)(_not_loaded)
        return
    module = import_module(entry.path)
    if entry.is_group:
        program.add_typer(
            module.app, name=entry.name, help=entry.title, rich_help_panel=entry.panel
        )
    else:
        program.command(entry.name, rich_help_panel=entry.panel)(getattr(module, entry.name))


def _not_loaded() -> None:
    raise AssertionError("only the command that is called is loaded")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {version('flow-orchestra')}")
        raise typer.Exit


def _options(
    debug: Annotated[
        bool, typer.Option(DEBUG, help="Show the traceback of an unexpected error.")
    ] = False,
    shown: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """`main` reads `--debug` itself, for an error may come before this is called."""


if __name__ == "__main__":
    main()
