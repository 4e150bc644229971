"""`orchestra flows rehearse`: every fault at every step of a flow, and what comes of it."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
import uvloop
from pydantic import JsonValue

from services.cli.exit_code import ExitCode
from services.cli.flow_argument import FlowArgument, compiled_flow
from services.cli.output import AsJson, say, show, show_json, write_file
from services.settings import Settings

if TYPE_CHECKING:
    from services.rehearsal.rehearse import Chosen
    from services.rehearsal.report import Rehearsal, Row
    from services.rehearsal.stage import Play

_MODELS: Final = {
    "ORCHESTRA_MODEL_SOURCE": "scripted",
    "ORCHESTRA_MODEL_WRITER": "scripted-writer",
    "ORCHESTRA_MODEL_JUDGE": "scripted-judge",
}
"""All that is taken for models, whatever the environment says: nothing is ever paid."""

Steps = Annotated[
    list[str] | None,
    typer.Option("--step", help="Only this step or gate; may be given again."),
]
Faults = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        help="Only this fault, or all of model, agent, memory, worker, gate or answer; may be given"
        " again.",
    ),
]
InputFile = Annotated[
    Path | None,
    typer.Option("--input", help="An input of the flow, YAML or JSON, instead of the samples."),
]
Folder = Annotated[
    Path | None,
    typer.Option("--corpora", help="A folder with one folder of documents for each corpus."),
]


def rehearse_flow(
    flow: FlowArgument,
    steps: Steps = None,
    faults: Faults = None,
    seed: Annotated[int, typer.Option(help="Draws what is changed in answers.")] = 1,
    input_file: InputFile = None,
    corpora: Folder = None,
    at_once: Annotated[int, typer.Option(min=1, max=200, help="Runs at a time.")] = 24,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="Do not wait the 20 s in which Temporal notices that a worker is lost."
        ),
    ] = False,
    page: Annotated[Path | None, typer.Option("--html", help="Write a page as well.")] = None,
    only_list: Annotated[bool, typer.Option("--list", help="List the faults, no more.")] = False,
    as_json: AsJson = False,
) -> None:
    """Inject every fault at every step of a flow, on servers of its own, and judge what comes out.

    Good answers are the agents' own samples; no model is paid and nothing is published. Ends with
    1 when a line is not filled, or garbage passed that code can tell.
    """
    # Loads the interpreter and everything that a worker has, which other commands do not need.
    from services.rehearsal.rehearse import Chosen  # noqa: PLC0415
    from services.worker.app import spare_the_collector  # noqa: PLC0415

    if only_list:
        _list(as_json)
        return
    chosen = Chosen(frozenset(steps or ()), frozenset(faults or ()))
    spare_the_collector()
    asked = _Asked(flow, seed, input_file, corpora, at_once, quick)
    done = uvloop.run(_rehearse(asked, _settings(os.environ), chosen))
    if page:
        from services.rehearsal.page import page as written  # noqa: PLC0415

        write_file(page, written(done))
    if as_json:
        show_json(_report(done))
    else:
        from services.cli.rehearsal_table import table  # noqa: PLC0415

        show(*table(done))
    if not done.is_good:
        raise typer.Exit(ExitCode.FINDINGS)


def _settings(environ: Mapping[str, str]) -> Settings:
    """Read nothing of the environment but where flow files are."""
    folder = environ.get("ORCHESTRA_FLOWS_DIR", "")
    return Settings.from_environ({**_MODELS, "ORCHESTRA_FLOWS_DIR": folder})


@dataclass(frozen=True)
class _Asked:
    """The command line, read."""

    flow: str
    seed: int
    input_file: Path | None
    corpora: Path | None
    at_once: int
    quick: bool


async def _rehearse(asked: _Asked, settings: Settings, chosen: "Chosen") -> "Rehearsal":
    from services.rehearsal import material  # noqa: PLC0415 - as above
    from services.rehearsal.rehearse import rehearse  # noqa: PLC0415

    play = await _play(asked, settings)
    given = asked.input_file
    inputs = material.read_input_file(given) if given else material.inputs_of(play.flow)
    say("a Temporal server, a Valkey server and scripted models are started for it")
    return await rehearse(
        play,
        inputs,
        seed=asked.seed,
        chosen=chosen,
        at_once=asked.at_once,
        progress=_progress(),
    )


async def _play(asked: _Asked, settings: Settings) -> "Play":
    from services.agents.catalogue import build  # noqa: PLC0415 - as above
    from services.catalogue import catalogue  # noqa: PLC0415
    from services.rehearsal import material  # noqa: PLC0415
    from services.rehearsal.stage import Play  # noqa: PLC0415

    resolved = catalogue(settings)
    compiled = await asyncio.to_thread(compiled_flow, asked.flow, settings, resolved)
    library = await material.corpora(asked.corpora)
    writer = settings.models["writer"].name
    return Play(
        compiled,
        lambda publisher: build(retriever=library, publisher=publisher, writer_model=writer),
        resolved.registry,
        notices=asked.quick,
    )


def _progress() -> "Callable[[int, int, Row | None], None]":
    """Show on a terminal how far it has come; elsewhere, every tenth of it."""
    told = -1

    def progress(done: int, of: int, row: "Row | None") -> None:
        nonlocal told
        tenth = done * 10 // of if of else 10
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done} of {of} faults" + ("\n" if done == of else ""))
        elif tenth != told:
            say(f"{done} of {of} faults")
        told = tenth

    return progress


def _report(done: "Rehearsal") -> dict[str, JsonValue]:
    return {
        **done.model_dump(mode="json"),
        "good": done.is_good,
        "silent": len(done.silent),
        "unrecognised": len(done.unrecognised),
        "unrehearsed": len(done.unrehearsed),
    }


def _list(as_json: bool) -> None:
    from services.cli.rehearsal_table import faults  # noqa: PLC0415 - as above
    from services.rehearsal.report import catalogue  # noqa: PLC0415

    rows = catalogue()
    if as_json:
        listed: list[JsonValue] = [row.model_dump(mode="json", include=_LISTED) for row in rows]
        show_json(listed)
    else:
        show(faults(rows))


_LISTED: Final = {"port", "fault", "does", "mode", "recognisable"}
