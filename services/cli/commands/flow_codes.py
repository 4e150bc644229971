"""`orchestra flows explain-code`: what a finding of the check means, wrong and mended."""

import sys
from difflib import get_close_matches
from textwrap import dedent
from typing import Annotated, Final

import typer
from rich.padding import Padding
from rich.text import Text

from services.cli.code_page import page
from services.cli.output import AsJson, show, show_json
from services.cli.tables import table
from services.errors import NotFoundError
from workflows.checking.code import Code
from workflows.checking.codes import CODES

Named = Annotated[
    str, typer.Argument(metavar="CODE", help="As findings name it, FO203; without it, all.")
]

AsPage = Annotated[
    bool, typer.Option("--markdown", help="Print all codes as a page, docs/findings.md.")
]
_NEAR: Final = 3
"""How many codes are named for one that does not exist."""


def explain_code(code: Named = "", as_json: AsJson = False, markdown: AsPage = False) -> None:
    """Explain a finding's code: what it means, an example, and what mends it."""
    if markdown:
        sys.stdout.write(page())
        return
    chosen = [_find(code)] if code else list(CODES.values())
    if as_json:
        show_json(chosen)
    elif code:
        _show(chosen[0])
    else:
        _list(chosen)


def _find(code: str) -> Code:
    """Find a code, written `FO203`, `fo203` or `203`.

    Raises:
        NotFoundError: there is none; near ones are named.
    """
    wanted = code.strip().upper()
    wanted = f"FO{wanted}" if wanted.isdigit() else wanted
    if wanted in CODES:
        return CODES[wanted]
    near = ", ".join(_near(wanted))
    raise NotFoundError(
        f"there is no finding {code}; {f'near it are {near}' if near else 'none is like it'};"
        " orchestra flows explain-code lists all"
    )


def _near(wanted: str) -> list[str]:
    """Find the codes next to a number, or spelt alike."""
    digits = wanted.removeprefix("FO")
    if not digits.isdecimal():
        return get_close_matches(wanted, CODES, _NEAR)
    return sorted(CODES, key=lambda code: abs(int(code[2:]) - int(digits)))[:_NEAR]


def _show(code: Code) -> None:
    wrong, mended = (
        Padding(Text(dedent(text).rstrip(), style), (0, 0, 0, 4))
        for text, style in ((code.example.wrong, "red"), (code.example.mended, "green"))
    )
    show(
        Text(f"{code.code}  {code.title}", "bold"),
        Text(f"{code.kind}\n", "dim"),
        Text(code.meaning),
        Text("\nWrong", "bold"),
        wrong,
        Text("\nMended", "bold"),
        mended,
    )


def _list(codes: list[Code]) -> None:
    made = table("CODE", "SEVERITY", "WHAT IT MEANS")
    for code in codes:
        made.add_row(code.code, code.severity.value, code.title)
    show(made)
