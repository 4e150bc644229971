"""`orchestra doctor`: look for what is missing or does not answer."""

import asyncio
import dataclasses
import os

import typer

from services.cli.exit_code import ExitCode
from services.cli.output import AsJson, clean, show, show_json
from services.cli.tables import table
from services.settings import Settings
from services.stack.diagnosis import Check, diagnose


def doctor(as_json: AsJson = False) -> None:
    """Look for what is missing or does not answer, and say what to do about it.

    Changes nothing. Ends with 3 when something needs to be done.
    """
    checks = asyncio.run(diagnose(Settings.from_environ(os.environ)))
    if as_json:
        show_json({"ok": _ok(checks), "checks": [dataclasses.asdict(each) for each in checks]})
    else:
        made = table("", "LOOKED AT", "FOUND")
        for check in checks:
            remedy = f"\nremedy: {check.remedy}" if check.remedy else ""
            made.add_row(" ok" if check.ok else " fail", check.name, clean(check.detail) + remedy)
        show(made)
    if not _ok(checks):
        raise typer.Exit(ExitCode.UNAVAILABLE)


def _ok(checks: tuple[Check, ...]) -> bool:
    return all(check.ok for check in checks)
