"""Shows runs going wrong as a check has foretold: the real interpreter, every answer made up."""

import asyncio
import os
from collections.abc import Sequence

import typer

from contracts.compiled import CompiledFlow
from services.catalogue import catalogue
from services.cli.output import clean, say
from services.cli.witness_list import witnessed
from services.flows.examining import Examined
from services.rehearsal.play import Played, play, throwaway_client
from services.settings import Settings
from workflows.checking.located import LocatedFinding


def play_witnesses(examined: Sequence[Examined], code: str) -> None:
    """Play each witness of a code on a Temporal server of its own, and print how it went.

    Raises:
        InputInvalidError: there is not exactly one file.
        NotFoundError: it has no such finding, or none that shows itself in a run.
        UnavailableError: there is no Temporal server program here.
    """
    findings = witnessed(examined, code)
    flow = examined[0].flow
    assert flow is not None, "a flow with witnesses was resolved"
    say("playing it on the interpreter; a Temporal server is started for it")
    for finding, played in zip(findings, asyncio.run(_play(flow, findings)), strict=True):
        for line in _told(finding, played):
            typer.echo(clean(line))


async def _play(flow: CompiledFlow, findings: Sequence[LocatedFinding]) -> list[Played]:
    registry = catalogue(Settings.from_environ(os.environ)).registry
    async with throwaway_client() as client:
        return [
            await play(client, flow, finding.witness, registry)
            for finding in findings
            if finding.witness is not None
        ]


def _told(finding: LocatedFinding, played: Played) -> tuple[str, str]:
    where = f"the run reached {played.end}" if played.end else "the run went wrong"
    verdict = "as foretold" if played.as_foretold else "NOT as foretold: please report this"
    return (
        f"{finding.code} at line {finding.line}: {where}, {verdict}",
        f"       {played.reason}",
    )
