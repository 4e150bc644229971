"""`orchestra corpus`: keep the documents that research searches."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli import connection, tables
from services.cli.adding import add, read
from services.cli.client import segment
from services.cli.facts import count
from services.cli.output import AsJson, clean, say, show, show_json
from services.gateway.replies import CorpusList, PassageList

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the corpus.")]


@app.command("list")
def list_corpora(as_json: AsJson = False) -> None:
    """List the corpora, with how much each holds."""
    with connection.gateway() as gateway:
        found = gateway.get(CorpusList, "/corpora")
    if as_json:
        show_json(found)
    elif found.corpora:
        show(tables.corpora(found.corpora))
    else:
        say("no corpora; add one with `orchestra corpus add NAME PATH...`")


@app.command("add")
def add_documents(
    name: Name,
    paths: Annotated[list[Path], typer.Argument(help="Markdown, text or HTML files, or folders.")],
    as_json: AsJson = False,
) -> None:
    """Add files to a corpus; adding the same again changes nothing.

    Files are read here and sent to the gateway as plain text. What cannot be read is listed.
    """
    reading = read(paths)
    with connection.gateway() as gateway:
        done = add(gateway, name, reading)
    if as_json:
        show_json(done)
        return
    typer.echo(
        f"{name}: {count(done.added, 'document')} added, {done.replaced} replaced,"
        f" {done.unchanged} unchanged"
    )
    for skipped in done.skipped:
        say(f"skipped {clean(skipped)}")


@app.command("search")
def search(
    name: Name,
    query: Annotated[str, typer.Argument(help="What to find, in words.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many passages.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Find passages as research would, best first."""
    with connection.gateway() as gateway:
        path = f"/corpora/{segment(name)}/search"
        found = gateway.get(PassageList, path, {"q": query, "limit": limit})
    if as_json:
        show_json(found)
    elif found.passages:
        show(tables.passages(found.passages))
    else:
        say("nothing found")
