"""`orchestra contracts`: what crosses borders, what was published of it, and how it may change."""

from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.text import Text

from contracts import schema_lock
from contracts.base import Contract
from contracts.evolution.advice import SAMPLES, file_of
from contracts.evolution.change import Verdict
from contracts.evolution.finding import Finding
from contracts.evolution.migrating import older_versions
from contracts.evolution.text import lines, summary
from services.cli import contract_table
from services.cli.contract_uses import Uses, uses_of
from services.cli.exit_code import ExitCode
from services.cli.output import AsJson, clean, console, show, show_json
from services.errors import NotFoundError, StorageError

app = typer.Typer(no_args_is_help=True)


class Format(StrEnum):
    """Who reads the findings."""

    TEXT = "text"
    JSON = "json"


class UsedFinding(Finding):
    """A finding, and who uses the contract here."""

    used: Uses


class Report(BaseModel):
    """What `orchestra contracts check --format json` prints."""

    ok: bool
    contracts: int
    """How many are published."""

    published: tuple[str, ...]
    """Those that were published just now."""

    findings: tuple[UsedFinding, ...]


class ContractView(BaseModel):
    """One contract in the list."""

    contract: str
    file: str
    state: str
    leads_to: str
    """The version that a stored value is migrated to; empty for the newest."""

    used: Uses


Named = Annotated[str, typer.Argument(metavar="CONTRACT", help="As flows name it: Draft@1.")]
Chosen = Annotated[Format, typer.Option("--format", help="text or json.")]
Write = Annotated[
    bool,
    typer.Option("--write", help="Publish what is new and what is compatible; refuse the rest."),
]
ReadersFirst = Annotated[
    bool,
    typer.Option(
        "--readers-first",
        help="With --write: publish also what older programs refuse, because all of them will be"
        " replaced before anybody writes it.",
    ),
]
Samples = Annotated[
    Path,
    typer.Option("--samples", help="A folder with one stored value of each contract, Draft@1.json"),
]


@app.command("check")
def check_contracts(
    form: Chosen = Format.TEXT,
    as_json: AsJson = False,
    write: Write = False,
    readers_first: ReadersFirst = False,
    samples: Samples = Path(SAMPLES),
) -> None:
    """Hold the contracts against what was published of them; needs no stack.

    Says of each change who can no longer read what, and what to do. Ends with 1 when there is
    something to do.
    """
    if readers_first and not write:
        raise typer.BadParameter("--readers-first says what --write may publish; add --write")
    found = _inspect(samples, write=write, readers_first=readers_first)
    if as_json or form is Format.JSON:
        show_json(_report(found))
    else:
        _print(found, write=write)
    if found.findings:
        raise typer.Exit(ExitCode.FINDINGS)


@app.command("list")
def list_contracts(as_json: AsJson = False) -> None:
    """List the contracts: their state, and who uses them."""
    registry = schema_lock.PUBLISHED
    found = schema_lock.inspect(registry, schema_lock.LOCK, None).findings
    states = {each.contract: each.concern.value for each in reversed(found)}
    later = dict(older_versions(registry))
    views = [
        ContractView(
            contract=key,
            file=file_of(contract),
            state=states.get(key, "as published"),
            leads_to=later.get(key, ""),
            used=uses_of(key),
        )
        for key, contract in sorted(registry.contracts.items())
    ]
    if as_json:
        show_json(views)
    else:
        show(contract_table.contracts(map(_row, views)))


@app.command("show")
def show_contract(contract: Named, as_json: AsJson = False) -> None:
    """Show what one contract asks for, and who uses it; with --json its JSON Schema."""
    found = _find(contract)
    if as_json:
        show_json(found.model_json_schema())
        return
    show(
        Text(f"{found.key()}  {file_of(found)}", "bold"),
        f"{(found.__doc__ or '').strip()}\n",
        contract_table.fields(found.model_json_schema()),
        *(["", *used] if (used := list(uses_of(found.key()).lines())) else []),
    )


def _inspect(samples: Path, *, write: bool, readers_first: bool) -> schema_lock.Inspection:
    if samples != Path(SAMPLES) and not samples.is_dir():
        raise NotFoundError(f"there is no folder {samples}; name one that holds Draft@1.json")
    try:
        return schema_lock.inspect(
            schema_lock.PUBLISHED,
            schema_lock.LOCK,
            schema_lock.read_samples(samples),
            write=write,
            readers_first=readers_first,
        )
    except OSError as error:
        raise StorageError(f"{error.filename}: {error.strerror}") from error


def _report(found: schema_lock.Inspection) -> Report:
    return Report(
        ok=not found.findings,
        contracts=found.contracts,
        published=found.written,
        findings=tuple(
            UsedFinding(**dict(each), used=uses_of(each.contract)) for each in found.findings
        ),
    )


def _print(found: schema_lock.Inspection, *, write: bool) -> None:
    shown = console()
    for finding in found.findings:
        for number, line in enumerate(_lines(finding)):
            style = "bold" if number == 0 else _STYLES.get(line.strip().partition(":")[0], "")
            shown.print(Text(clean(line), style), soft_wrap=True)
    for key in found.written:
        shown.print(f"published {key}")
    told = summary(found.contracts, found.findings, has_samples=found.has_samples)
    refused = "; nothing was published" if write and found.findings else ""
    shown.print(f"{told}{refused}", soft_wrap=True)


def _lines(finding: Finding) -> list[str]:
    """Write a finding; where work is left to do, with those who use the contract."""
    told = list(lines(finding))
    if finding.verdict in (Verdict.READERS_FIRST, Verdict.NEEDS_VERSION):
        told += (f"  {line}" for line in uses_of(finding.contract).lines())
    return told


_STYLES = {"stored values": "red", "older programs": "red", "or instead": "green", "to do": "green"}


def _row(view: ContractView) -> dict[str, str]:
    return {
        "contract": view.contract,
        "state": view.state,
        "leads to": view.leads_to,
        "produced by": ", ".join(view.used.produced_by),
        "slots": ", ".join(view.used.slots),
    }


def _find(key: str) -> type[Contract]:
    """Find a contract.

    Raises:
        NotFoundError: there is none; near ones are named.
    """
    contracts = schema_lock.PUBLISHED.contracts
    if key in contracts:
        return contracts[key]
    known = sorted(contracts)
    near = get_close_matches(key, known, 3) or known
    raise NotFoundError(f"there is no contract {key}; there are {', '.join(near)}")
