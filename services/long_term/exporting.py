"""Entries as JSON lines, one a version, exactly as stored: to keep elsewhere and to bring back."""

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from pydantic import Field, ValidationError

from contracts.base import Part
from contracts.base import digest as digest_of
from contracts.reference import Digest
from services.errors import ConflictError, InputInvalidError, StorageError
from services.long_term.entries import LongTermMemory
from services.long_term.reading import lost_value
from services.long_term.record import EntryRecord, StoredRecord


class ExportedVersion(Part):
    """A line of an export."""

    entry: str
    version: int = Field(ge=1)
    address: Digest
    """SHA-256 of `record`."""

    record: str
    """The record's stored bytes, as text; the chain is over these."""

    body: str | None = None
    """The value's bytes, as text, where the record itself does not hold them."""


@dataclass(frozen=True)
class Imported:
    """What an import did."""

    entries: int
    written: int
    present: int
    """Versions that were there already."""


async def exported(
    entries: LongTermMemory, tenant: str, names: Iterable[str]
) -> AsyncIterator[ExportedVersion]:
    """Tell all versions of entries, oldest first.

    Raises:
        StorageError: a record or a value is damaged or lost.
    """
    for name in names:
        for each in await entries.chains.all(tenant, name):
            record, body = each.record, None
            if record.body is None and not record.is_erased:
                stored = await entries.body(tenant, record)
                if stored is None:
                    raise StorageError(lost_value(record))
                body = stored.decode()
            yield ExportedVersion(
                entry=name,
                version=record.version,
                address=each.address,
                record=each.stored.decode(),
                body=body,
            )


async def imported(entries: LongTermMemory, tenant: str, lines: Iterable[str]) -> Imported:
    """Bring back versions, byte by byte; what is there already is compared.

    Raises:
        InputInvalidError: a line is no version of an entry, or its chain is broken.
        ConflictError: there is another version under that number.
    """
    read = [_read(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    written = 0
    for kept, body in read:
        written += await _bring_back(entries, tenant, kept, body)
    return Imported(len({kept.record.entry for kept, _ in read}), written, len(read) - written)


async def _bring_back(
    entries: LongTermMemory, tenant: str, kept: StoredRecord, body: str | None
) -> bool:
    record = kept.record
    there = await entries.chains.record(tenant, record.entry, record.version)
    if there is None:
        await _check_link(entries, tenant, kept)
        if body is not None:
            await entries.archive.put(tenant, {record.digest: body.encode()})
        if await entries.chains.append(tenant, kept):
            return True
        there = await entries.chains.record(tenant, record.entry, record.version)
    if there is None or there.stored != kept.stored:
        raise ConflictError(
            f"{record.entry} has another version {record.version} already; erase the entry, or"
            " import where it is not"
        )
    return False


def _read(number: int, line: str) -> tuple[StoredRecord, str | None]:
    try:
        found = ExportedVersion.model_validate_json(line, extra="forbid")
        kept = StoredRecord.read(found.record.encode(), found.entry, found.version)
    except (ValidationError, StorageError, json.JSONDecodeError) as error:
        raise InputInvalidError(
            f"line {number} is no version of an entry; import what `orchestra memory export` wrote"
        ) from error
    body = found.body if found.body is not None else kept.record.body
    is_whole = kept.record.is_erased or digest_of((body or "").encode()) == kept.record.digest
    if kept.address != found.address or not is_whole:
        raise InputInvalidError(f"line {number} was changed after it was exported")
    return kept, found.body


async def _check_link(entries: LongTermMemory, tenant: str, kept: StoredRecord) -> None:
    """Refuse a version whose predecessor is not there; a whole history begins by itself."""
    record = kept.record
    if record.version == 1 or (record.is_erased and not await _has_any(entries, tenant, record)):
        return
    before = await entries.chains.record(tenant, record.entry, record.version - 1)
    if before is None or before.address != record.previous:
        raise InputInvalidError(
            f"version {record.version} of {record.entry} does not follow the version"
            f" {record.version - 1} that is there; import the whole history of the entry"
        )


async def _has_any(entries: LongTermMemory, tenant: str, record: EntryRecord) -> bool:
    return bool(await entries.chains.records.versions(tenant, record.entry))
