"""Long-term memory: entries that outlive runs, with all of their versions."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import JsonValue

from contracts.long_term import ENTRY, Provenance
from services.errors import InputInvalidError, Problem
from services.gateway.memory_replies import (
    DifferencePiece,
    EntryDifference,
    EntryHistory,
    EntryList,
    EntryReply,
    EntryVersion,
    ImportEntries,
    ImportReply,
    PutEntry,
    RestoreEntry,
)
from services.gateway.parameters import IdempotencyKey
from services.gateway.problems import documented
from services.gateway.state import Here
from services.long_term import erasing, exporting
from services.long_term.difference import difference
from services.long_term.record import EntryValue
from services.long_term.writing import Writing
from services.runs.inputs import read_value

router = APIRouter(prefix="/v1/memory", tags=["memory"])

LINES: Final = "application/x-ndjson"

EntryPath = Annotated[
    str,
    Path(pattern=ENTRY, description="A namespace and a name in it.", examples=["brand.voice"]),
]
VersionPath = Annotated[int, Path(ge=1, description="A version's number, from 1.")]
Namespace = Annotated[
    str, Query(pattern=r"^([a-z][a-z0-9_]{0,47})?$", description="Of this namespace only.")
]
_EXPORTED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "One version a line, byte by byte as stored; oldest first.",
        "content": {LINES: {"schema": {"type": "string"}}},
    }
}


@router.get("", summary="List the entries", responses=documented(422, 500, 503, 507))
async def list_entries(here: Here, namespace: Namespace = "") -> EntryList:
    """By name, each as its last version; erased ones too."""
    heads = await here.entries.heads(here.runs.tenant, namespace)
    return EntryList(entries=tuple(EntryVersion.told(each) for each in heads))


@router.get(
    "/export",
    summary="Export entries with their whole history",
    response_class=StreamingResponse,
    responses=_EXPORTED | documented(404, 422, 500, 503, 507),
)
async def export_entries(
    here: Here,
    namespace: Namespace = "",
    entry: Annotated[str, Query(pattern=rf"{ENTRY}|^$", description="Of this entry only.")] = "",
) -> StreamingResponse:
    """JSON lines that an import elsewhere brings back with the same digests."""
    tenant = here.runs.tenant
    if entry:
        await here.entries.history(tenant, entry)  # refuses what is not there, or broken
    heads = [] if entry else await here.entries.heads(tenant, namespace)
    names = [entry] if entry else [each.entry for each in heads]

    async def lines() -> AsyncIterator[str]:
        async for each in exporting.exported(here.entries, tenant, names):
            yield f"{each.model_dump_json()}\n"

    return StreamingResponse(lines(), media_type=LINES)


@router.post(
    "/import",
    summary="Bring back exported versions",
    responses=documented(400, 409, 413, 415, 422, 500, 503, 507),
)
async def import_entries(body: ImportEntries, here: Here) -> ImportReply:
    """Doing it again changes nothing; another version under the same number is a conflict."""
    done = await exporting.imported(here.entries, here.runs.tenant, body.lines)
    return ImportReply(entries=done.entries, written=done.written, present=done.present)


@router.get("/{entry}", summary="Read an entry", responses=documented(404, 410, 422, 500, 503, 507))
async def get_entry(entry: EntryPath, here: Here) -> EntryReply:
    """The last version with its value."""
    return _with_value(await here.entries.get(here.runs.tenant, entry))


@router.put(
    "/{entry}",
    summary="Write a version of an entry",
    responses=documented(400, 404, 409, 410, 413, 415, 422, 500, 503, 507),
)
async def put_entry(
    entry: EntryPath, body: PutEntry, here: Here, idempotency_key: IdempotencyKey = None
) -> EntryVersion:
    """Written when `expected` is the last version, or united with that one as `merge` says.

    With an `Idempotency-Key` a repeated request finds the version that the first one wrote.
    """
    registry = here.entries.registry
    if body.contract not in registry.contracts:
        known = ", ".join(sorted(registry.contracts))
        told = f"there is no contract {body.contract}; there are {known}"
        raise InputInvalidError(told, [Problem("/contract", told)])
    writing = Writing(
        entry=entry,
        value=read_value(registry.get(body.contract), body.value, "/value"),
        provenance=body.provenance(),
        expected=body.expected,
        merge=body.merge,
        trust=body.trust,
        write=f"key/{idempotency_key}" if idempotency_key else "",
    )
    return EntryVersion.told(await here.entries.put(here.runs.tenant, writing))


@router.delete("/{entry}", summary="Erase an entry", responses=documented(404, 422, 500, 503, 507))
async def erase_entry(
    entry: EntryPath,
    here: Here,
    who: Annotated[str, Query(min_length=1, max_length=200, description="Who asks for it; kept.")],
    note: Annotated[str, Query(max_length=500, description="Why; kept.")] = "",
) -> EntryVersion:
    """Remove all versions from archive and memory; what is left says by whom, and when.

    Runs that work with a version fail from then on. Erasing again finishes what broke off.
    """
    provenance = Provenance(who=who, note=note)
    tenant = here.runs.tenant
    return EntryVersion.told(
        await erasing.erase(here.entries, here.store, tenant, entry, provenance)
    )


@router.get(
    "/{entry}/history",
    summary="List the versions of an entry",
    responses=documented(404, 422, 500, 503, 507),
)
async def entry_history(entry: EntryPath, here: Here) -> EntryHistory:
    """Oldest first: who wrote each, when, and from what. Every link of the chain is checked."""
    records = await here.entries.history(here.runs.tenant, entry)
    return EntryHistory(versions=tuple(EntryVersion.told(each) for each in records))


@router.get(
    "/{entry}/versions/{version}",
    summary="Read one version of an entry",
    responses=documented(404, 410, 422, 500, 503, 507),
)
async def entry_version(entry: EntryPath, version: VersionPath, here: Here) -> EntryReply:
    """The version with its value, as it was written."""
    return _with_value(await here.entries.get(here.runs.tenant, entry, version))


@router.get(
    "/{entry}/difference",
    summary="Compare two versions of an entry",
    responses=documented(404, 410, 422, 500, 503, 507),
)
async def entry_difference(
    entry: EntryPath,
    here: Here,
    before: Annotated[int, Query(ge=1, description="The older version.")],
    after: Annotated[int, Query(ge=1, description="The newer version.")],
) -> EntryDifference:
    """Word by word, over the values as indented JSON."""
    old, new = [await here.entries.get(here.runs.tenant, entry, each) for each in (before, after)]
    return EntryDifference(
        before=before,
        after=after,
        pieces=tuple(
            DifferencePiece(change=each.change, text=each.text) for each in difference(old, new)
        ),
    )


@router.post(
    "/{entry}/restore",
    summary="Go back to a version of an entry",
    responses=documented(400, 404, 409, 410, 413, 415, 422, 500, 503, 507),
)
async def restore_entry(entry: EntryPath, body: RestoreEntry, here: Here) -> EntryVersion:
    """A new version that equals an old one; nothing of the history is lost."""
    made = await here.entries.restore(
        here.runs.tenant, entry, body.version, body.provenance(), body.expected
    )
    return EntryVersion.told(made)


def _with_value(held: EntryValue) -> EntryReply:
    told = EntryVersion.told(held.record).model_dump()
    value: JsonValue = json.loads(held.body)
    return EntryReply(**told, value=value)
