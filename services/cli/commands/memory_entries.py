"""The commands of `orchestra memory` that read and write entries."""

import itertools
import json
import re
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import JsonValue

from contracts.long_term import ENTRY, Merge, contract_by_convention
from services.cli import connection, entry_table
from services.cli.client import Gateway
from services.cli.output import AsJson, say, show, show_json, write_file
from services.cli.reading import STDIN, read_mapping
from services.cli.who import user_name
from services.errors import InputInvalidError, NotFoundError
from services.gateway.memory_replies import (
    EntryDifference,
    EntryHistory,
    EntryList,
    EntryReply,
    EntryVersion,
    ImportReply,
)

SENT_BYTES: Final = 512 * 1024
"""Lines are sent in requests of about this size; the gateway takes 1 MiB at most."""

Entry = Annotated[str, typer.Argument(help="A namespace and a name in it, as in brand.voice.")]
Version = Annotated[int, typer.Option(min=0, help="This version; without it, the last.")]
Who = Annotated[str, typer.Option(help="Who writes; your user name if not given.")]
Note = Annotated[str, typer.Option(help="Why; kept with the version.")]
Expected = Annotated[
    int, typer.Option(min=0, help="The last version there is; 0 when there is none.")
]


def list_entries(
    namespace: Annotated[str, typer.Argument(help="Only those of this namespace.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the entries of long-term memory."""
    with connection.gateway() as gateway:
        query = {"namespace": namespace} if namespace else None
        found = gateway.get(EntryList, "/memory", query)
    if as_json:
        show_json(found)
    elif found.entries:
        show(entry_table.entries(found.entries))
    else:
        say("no entries; write one with `orchestra memory put NAMESPACE.NAME FILE`")


def get_entry(
    entry: Entry,
    version: Version = 0,
    value: Annotated[bool, typer.Option("--value", help="Print the value alone, as JSON.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show an entry: who wrote it, and its value."""
    with connection.gateway() as gateway:
        path = _path(entry) + (f"/versions/{version}" if version else "")
        found = gateway.get(EntryReply, path)
    if value:
        show_json(found.value)
    elif as_json:
        show_json(found)
    else:
        show(*entry_table.entry(found))


def put_entry(
    entry: Entry,
    file: Annotated[Path, typer.Argument(help="YAML or JSON file; - for standard input.")],
    contract: Annotated[
        str, typer.Option(help="What the value is; else by the name: BrandVoice@1 for brand.voice.")
    ] = "",
    expected: Expected = 0,
    merge: Annotated[
        Merge | None, typer.Option(help="What to do when there is another version; else refuse.")
    ] = None,
    who: Who = "",
    note: Note = "",
    as_json: AsJson = False,
) -> None:
    """Write a version of an entry.

    Ends with 4 when the entry has another version than the one expected, and says which.
    """
    written = read_mapping(file)
    body: dict[str, JsonValue] = {
        "contract": contract or contract_by_convention(entry),
        "value": written.data,
        "expected": expected,
        "who": who or user_name(),
        "note": note,
    }
    with connection.gateway() as gateway:
        sent = body | ({"merge": merge.value} if merge else {})
        try:
            made = gateway.put(EntryVersion, _path(entry), sent)
        except InputInvalidError as error:
            raise InputInvalidError(str(error), written.locate(error.problems)) from error
    _tell(made, as_json=as_json)


def entry_history(
    entry: Entry,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what each version changed, word by word.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the versions of an entry, oldest first: who wrote each, when and how."""
    with connection.gateway() as gateway:
        found = gateway.get(EntryHistory, f"{_path(entry)}/history")
        changes = _differences(gateway, found) if diff else []
    if as_json and diff:
        told: JsonValue = [each.model_dump(mode="json") for each in changes]
        show_json({**found.model_dump(mode="json"), "differences": told})
    elif as_json:
        show_json(found)
    else:
        show(entry_table.versions(found.versions))
        for each in changes:
            show(f"\n{each.before} -> {each.after}", entry_table.difference(each.pieces))


def restore_entry(
    entry: Entry,
    version: Annotated[int, typer.Argument(min=1, help="The version to go back to.")],
    expected: Expected = 0,
    who: Who = "",
    note: Note = "",
    as_json: AsJson = False,
) -> None:
    """Go back to a version, by a new one that equals it.

    Without --expected it follows whatever is the last version now.
    """
    with connection.gateway() as gateway:
        last = expected or gateway.get(EntryReply, _path(entry)).version
        body: JsonValue = {
            "version": version,
            "expected": last,
            "who": who or user_name(),
            "note": note,
        }
        made = gateway.post(EntryVersion, f"{_path(entry)}/restore", body)
    _tell(made, as_json=as_json)


def export_entries(
    entry: Annotated[str, typer.Argument(help="Only this entry; else all.")] = "",
    namespace: Annotated[str, typer.Option(help="Only those of this namespace.")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file; else standard output.")
    ] = None,
) -> None:
    """Write entries with their whole history as JSON lines, one a version."""
    query = {name: text for name, text in (("entry", entry), ("namespace", namespace)) if text}
    with connection.gateway() as gateway:
        lines = gateway.text("/memory/export", query)
    if output:
        write_file(output, lines)
    else:
        sys.stdout.write(lines)


def import_entries(
    file: Annotated[Path, typer.Argument(help="What an export wrote; - for standard input.")],
    as_json: AsJson = False,
) -> None:
    """Bring back exported versions, byte by byte; doing it again changes nothing."""
    done = ImportReply(entries=0, written=0, present=0)
    lines = _lines(file)
    with connection.gateway() as gateway:
        for some in _in_requests(lines):
            body: JsonValue = {"lines": list(some)}
            reply = gateway.post(ImportReply, "/memory/import", body)
            done = ImportReply(
                entries=len({json.loads(line).get("entry") for line in lines}),
                written=done.written + reply.written,
                present=done.present + reply.present,
            )
    if as_json:
        show_json(done)
    else:
        typer.echo(
            f"{done.entries} entries: {done.written} versions written, {done.present} were there"
        )


def erase_entry(
    entry: Entry,
    yes: Annotated[bool, typer.Option("--yes", help="It is meant: there is no way back.")] = False,
    who: Who = "",
    note: Note = "",
    as_json: AsJson = False,
) -> None:
    """Erase an entry with all of its versions, from archive and memory.

    Runs that work with one of them fail from then on. What was exported is not reached.
    """
    if not yes:
        raise typer.BadParameter(f"{entry} goes with all of its versions, for good; say --yes")
    query = {"who": who or user_name(), **({"note": note} if note else {})}
    with connection.gateway() as gateway:
        made = gateway.delete(EntryVersion, _path(entry), query)
    if as_json:
        show_json(made)
    else:
        typer.echo(f"{entry} is erased; version {made.version} says when and by whom")


def _path(entry: str) -> str:
    """Name an entry.

    Raises:
        NotFoundError: no entry can have this name.
    """
    if not re.fullmatch(ENTRY, entry):
        raise NotFoundError(
            f"{entry!r} is no name of an entry; write namespace.name, as in brand.voice"
        )
    return f"/memory/{entry}"


def _tell(made: EntryVersion, *, as_json: bool) -> None:
    if as_json:
        show_json(made)
    else:
        typer.echo(f"{made.entry} version {made.version}   {made.contract}   {made.digest[:12]}")


def _differences(gateway: Gateway, found: EntryHistory) -> list[EntryDifference]:
    numbers = [each.version for each in found.versions if each.contract]
    return [
        gateway.get(
            EntryDifference,
            f"/memory/{found.versions[0].entry}/difference",
            {"before": before, "after": after},
        )
        for before, after in itertools.pairwise(numbers)
    ]


def _lines(file: Path) -> list[str]:
    try:
        text = sys.stdin.read() if str(file) == STDIN else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputInvalidError(f"{file} cannot be read as text; give an export's file") from error
    return [line for line in text.split("\n") if line.strip()]


def _in_requests(lines: list[str]) -> list[list[str]]:
    """Gather lines for requests that are not too large; a longer line goes alone."""
    gathered: list[list[str]] = []
    room = 0
    for line in lines:
        taken = len(line.encode())
        if not gathered or taken > room:
            gathered.append([])
            room = SENT_BYTES
        gathered[-1].append(line)
        room -= taken
    return gathered
