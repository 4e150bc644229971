"""`orchestra deploy`: change the program while runs are going, and know what that does to them."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from services.cli import connection
from services.cli.exit_code import ExitCode
from services.cli.output import AsJson, clean, say, show, show_json
from services.cli.tables import table

if TYPE_CHECKING:
    from services.deployment.builds import Build
    from services.deployment.compatibility import Compatibility

app = typer.Typer(no_args_is_help=True)


@app.command("check")
def check(as_json: AsJson = False) -> None:
    """Replay the histories of open runs against this build, and say which would break.

    Run it with the new program, before its workers start. Nothing is changed. Ends with 1 when a
    run would break.
    """
    # Loaded here and below, for `--help` needs no Temporal.
    from services.cli.deploying import check as checked  # noqa: PLC0415

    found = asyncio.run(checked(connection.settings()))
    broken = [each for each in found if each.problems]
    if as_json:
        show_json({"ok": not broken, "open": [each.model_dump(mode="json") for each in found]})
    elif broken:
        show(_broken(broken), "", f"{len(broken)} of {len(found)} open would break")
        say("keep the build that began them until they have ended: ORCHESTRA_DEPLOYMENT in --help")
    else:
        show(f"all {len(found)} open replay, and find their agents and contracts here")
    if broken:
        raise typer.Exit(ExitCode.FINDINGS)


@app.command("list")
def list_builds(as_json: AsJson = False) -> None:
    """List the builds of the deployment: which takes new runs, which only finishes its own."""
    from services.cli.deploying import builds  # noqa: PLC0415

    _show(asyncio.run(builds(connection.settings())), as_json=as_json)


@app.command("promote")
def promote(
    build: Annotated[str, typer.Argument(help="Id of the build: `orchestra deploy list`.")],
    share: Annotated[
        int, typer.Option(min=1, max=100, help="Per cent of new runs that it takes.")
    ] = 100,
    as_json: AsJson = False,
) -> None:
    """Let a build take new runs, all of them or a share.

    Open runs stay with the build that began them. Promote an older build to go back.
    """
    from services.cli.deploying import promote as promoted  # noqa: PLC0415

    _show(asyncio.run(promoted(connection.settings(), build, share)), as_json=as_json)


def _show(found: "Sequence[Build]", *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    made = table("BUILD", "STANDING", "NEW RUNS")
    for each in found:
        made.add_row(clean(each.build), each.standing.value, f"{each.share} %")
    show(made)


def _broken(found: "Sequence[Compatibility]") -> Table:
    made = table("RUN", "FLOW", "BUILD", "WHY")
    for each in found:
        made.add_row(each.run, each.flow, each.build or "-", clean("; ".join(each.problems)))
    return made
