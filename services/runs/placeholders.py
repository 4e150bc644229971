"""Fills what an input leaves open for the moment of its start: `{{scheduled.date}}` in texts."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import JsonValue

from contracts.reference import Trust
from services.errors import ConflictError, NotFoundError, Problem, SettingsError
from services.long_term.entries import LongTermMemory
from services.runs.inputs import invalid

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)+)\s*\}\}")
"""A path of at least two names in double braces; other braces are text."""

_FORMATS: Final[Mapping[str, str]] = {
    "date": "%Y-%m-%d",
    "time": "%H:%M",
    "week": "%G-W%V",
    "month": "%Y-%m",
    "year": "%Y",
    "weekday": "%A",
}
"""ISO 8601, the week too; weekdays in English."""


class Source(Protocol):
    """Where the values of placeholders come from; one source for each first name of a path."""

    def known(self) -> Sequence[str]:
        """List the paths there are, or their forms, for who wrote another."""
        ...

    async def fill(self, path: Sequence[str]) -> str | None:
        """Write what a path stands for, its first name left out; None where it is unknown."""
        ...


class ScheduledTime:
    """The time at which a start is due, in the schedule's own zone; never the present time."""

    def __init__(self, milliseconds: int, zone: tzinfo) -> None:
        self._moment = datetime.fromtimestamp(milliseconds / 1000, zone)

    def known(self) -> Sequence[str]:
        """See `Source.known`."""
        return [*(f"scheduled.{name}" for name in _FORMATS), "scheduled.at"]

    async def fill(self, path: Sequence[str]) -> str | None:
        """See `Source.fill`."""
        if list(path) == ["at"]:
            return self._moment.isoformat(timespec="seconds")
        written = _FORMATS.get(".".join(path))
        return self._moment.strftime(written) if written else None


class EntryFields:
    """Fields of the last versions of long-term memory's entries: `memory.brand.voice.summary`.

    A list of texts is written with commas. An input counts as the operator's own words, so an entry
    that a model made may not slip into one.
    """

    def __init__(self, entries: LongTermMemory, tenant: str) -> None:
        self._entries = entries
        self._tenant = tenant

    def known(self) -> Sequence[str]:
        """See `Source.known`."""
        return ["memory.NAMESPACE.ENTRY.FIELD"]

    async def fill(self, path: Sequence[str]) -> str | None:
        """See `Source.fill`.

        Raises:
            ConflictError: the entry is not the operator's.
            StorageError: the entry is damaged.
            UnavailableError: the archive does not answer.
        """
        entry, fields = ".".join(path[:2]), path[2:]
        try:
            held = await self._entries.get(self._tenant, entry)
        except NotFoundError:
            return None
        if held.record.trust is not Trust.OPERATOR:
            raise ConflictError(
                f"{entry} of long-term memory was not written by the operator and may not become"
                " part of an input; let the flow read it, under `memory:` in its file"
            )
        return _field(json.loads(held.body), fields)


def sources(
    entries: LongTermMemory, tenant: str, scheduled_ms: int, time_zone: str
) -> dict[str, Source]:
    """Name what the placeholders of a scheduled start may take from.

    Raises:
        InputInvalidError: there is no such time zone.
    """
    moment = ScheduledTime(scheduled_ms, zone_named(time_zone))
    return {"scheduled": moment, "memory": EntryFields(entries, tenant)}


def zone_named(name: str) -> ZoneInfo:
    """Find a time zone.

    Raises:
        InputInvalidError: the time zone database of this machine has no such zone.
        SettingsError: this machine has no such database.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        if name == "UTC":
            raise SettingsError("this machine has no time zone database; install one") from error
        told = f"{name!r} is no time zone; write an IANA name such as Europe/Berlin, or UTC"
        raise invalid("the time zone is unknown", [Problem("/time_zone", told)]) from error


async def filled(
    given: Mapping[str, JsonValue], sources: Mapping[str, Source]
) -> dict[str, JsonValue]:
    """Fill the placeholders in every text of an input; keys are left as they are.

    Raises:
        InputInvalidError: a placeholder is unknown; each is named with its place.
    """
    problems: list[Problem] = []
    made = {key: await _filled(value, sources, f"/{key}", problems) for key, value in given.items()}
    if problems:
        raise invalid("the input has unknown placeholders", problems)
    return made


async def _filled(
    value: JsonValue, sources: Mapping[str, Source], pointer: str, problems: list[Problem]
) -> JsonValue:
    match value:
        case str():
            return await _text(value, sources, pointer, problems)
        case list():
            return [
                await _filled(each, sources, f"{pointer}/{index}", problems)
                for index, each in enumerate(value)
            ]
        case dict():
            return {
                key: await _filled(each, sources, f"{pointer}/{key}", problems)
                for key, each in value.items()
            }
        case _:
            return value


async def _text(
    text: str, sources: Mapping[str, Source], pointer: str, problems: list[Problem]
) -> str:
    pieces: list[str] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        first, *path = match[1].split(".")
        source = sources.get(first)
        found = await source.fill(path) if source else None
        if found is None:
            known = ", ".join(name for each in sources.values() for name in each.known())
            problems.append(
                Problem(pointer, f"there is no {match[0]}; there are {known or 'none here'}")
            )
        pieces += [text[end : match.start()], found or ""]
        end = match.end()
    return "".join([*pieces, text[end:]])


def _field(value: JsonValue, path: Sequence[str]) -> str | None:
    """Follow a path into a value; None where it leads to no text, number or list of texts."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    match value:
        case str():
            return value
        case bool() | None:
            return None
        case int() | float():
            return str(value)
        case list():
            texts = [each for each in value if isinstance(each, str)]
            return ", ".join(texts) if len(texts) == len(value) else None
        case _:
            return None
