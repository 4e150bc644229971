"""`orchestra runs diff`: two runs side by side, field by field and word by word."""

from typing import Annotated

import typer

from contracts.difference import RunDiff
from services.cli import connection, run_difference
from services.cli.client import run_path
from services.cli.output import AsJson, show, show_json


def diff_runs(
    a: Annotated[str, typer.Argument(help="Id of the one run: `orchestra runs list`.")],
    b: Annotated[str, typer.Argument(help="Id of the other.")],
    slot: Annotated[str, typer.Option(help="Only this slot.")] = "",
    every: Annotated[
        bool, typer.Option("--all", help="Every version of each slot, not the last alone.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what two runs have made differently, by which prompts and models, and at what cost.

    Words that only the first has are [-so-], words that only the second has {+so+}; on a terminal
    in colour.
    """
    run_path(b)
    query = {"versions": "all" if every else "final"}
    with connection.gateway() as gateway:
        found = gateway.get(RunDiff, f"{run_path(a)}/diff/{b}", query)
    if slot:
        kept = tuple(each for each in found.slots if each.slot == slot)
        found = found.model_copy(update={"slots": kept})
    if as_json:
        show_json(found)
    else:
        show(*run_difference.run_difference(found))
