"""`orchestra flows check`: everything there is to say about flow files, without a stack."""

import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli import flow_findings
from services.cli.exit_code import ExitCode
from services.cli.output import AsJson, show_json
from services.cli.witness_list import print_witnesses
from services.settings import Settings

if TYPE_CHECKING:
    from services.flows.compile import Catalogue
    from services.flows.examining import Examined


class Format(StrEnum):
    """Who reads the findings."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


Files = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Flow files, or folders of them; without any, the flows that are offered here: the"
        " shipped ones and those of ORCHESTRA_FLOWS_DIR.",
        show_default=False,
    ),
]
Chosen = Annotated[
    Format,
    typer.Option("--format", help="text, json, or github: annotations of a workflow's files."),
]
Witnessed = Annotated[
    str,
    typer.Option(
        "--witness",
        metavar="CODE",
        help="Of one file: who would answer what for a run to go wrong as this finding says.",
    ),
]
Played = Annotated[
    bool,
    typer.Option(
        "--run",
        help="With --witness: play it on the real interpreter and show the run going wrong.",
    ),
]


def check_flows(
    files: Files = None,
    form: Chosen = Format.TEXT,
    as_json: AsJson = False,
    witness: Witnessed = "",
    run: Played = False,
) -> None:
    """Check flow files against this installation's agents; needs no stack.

    Ends with 1 when there are errors; notes are none. `explain-code CODE` says more.
    """
    form = Format.JSON if as_json else form
    if witness and form is not Format.TEXT:
        raise typer.BadParameter("json and github show no list; json holds every witness as data")
    if run and not witness:
        raise typer.BadParameter("--run plays a witness; name its code with --witness")
    examined = _examine(files or [], Settings.from_environ(os.environ))
    match form:
        case Format.JSON:
            show_json(flow_findings.report(examined))
        case Format.GITHUB:
            flow_findings.print_annotations(examined)
        case Format.TEXT if witness:
            print_witnesses(examined, witness)
            if run:
                _play(examined, witness)
        case Format.TEXT:
            flow_findings.print_text(examined)
    if any(each.errors for each in examined):
        raise typer.Exit(ExitCode.FINDINGS)


def _examine(paths: Sequence[Path], settings: Settings) -> "list[Examined]":
    # Loads all agents, which the other commands do not need.
    from services.catalogue import catalogue  # noqa: PLC0415

    resolved = catalogue(settings)
    if not paths:
        return _offered(settings.flows_dir, resolved)
    return [each for path in paths for each in _of_path(path, resolved)]


def _play(examined: "Sequence[Examined]", code: str) -> None:
    # Loads the interpreter and starts a Temporal server, which checking does not need.
    from services.cli.rehearsing import play_witnesses  # noqa: PLC0415

    play_witnesses(examined, code)


def _offered(folder: Path | None, catalogue: "Catalogue") -> "list[Examined]":
    from services.flows.examining import examine_text, one_of_each_name  # noqa: PLC0415
    from services.flows.shelf import shipped_files  # noqa: PLC0415

    shipped = [
        examine_text(_from_here(Path(str(entry))), entry.read_text("utf-8"), catalogue)
        for entry in shipped_files()
    ]
    mounted = _of_path(folder, catalogue) if folder else []
    return one_of_each_name([*shipped, *mounted])


def _of_path(path: Path, catalogue: "Catalogue") -> "list[Examined]":
    from services.flows.examining import (  # noqa: PLC0415
        examine_file,
        no_flows_in,
        one_of_each_name,
    )
    from services.flows.shelf import flow_files  # noqa: PLC0415

    if not path.is_dir():
        return [examine_file(path, str(path), catalogue)]
    found = [examine_file(each, str(each), catalogue) for each in flow_files(path)]
    return one_of_each_name(found) if found else [no_flows_in(str(path))]


def _from_here(path: Path) -> str:
    """Name a file as seen from the working directory, where it is inside."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
