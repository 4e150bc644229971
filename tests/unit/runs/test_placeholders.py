"""What an input leaves open is filled at its start, from a closed list."""

from zoneinfo import ZoneInfo

import pytest
from pydantic import JsonValue

from contracts.long_term import Provenance
from contracts.reference import Trust
from services.errors import ConflictError, InputInvalidError
from services.long_term.entries import LongTermMemory
from services.long_term.in_process import InProcessHeads, InProcessRecords
from services.long_term.writing import Writing
from services.memory.in_process import InProcessArchive
from services.runs.placeholders import EntryFields, ScheduledTime, filled, zone_named
from tests.toys import REGISTRY, Note

SUNDAY_EVENING_UTC = 1_767_567_600_000
"""2026-01-04T23:00:00Z, which is Monday of the next week in Berlin."""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("date", "2026-01-05"),
        ("time", "00:00"),
        ("week", "2026-W02"),
        ("month", "2026-01"),
        ("year", "2026"),
        ("weekday", "Monday"),
        ("at", "2026-01-05T00:00:00+01:00"),
    ],
)
async def test_the_time_is_told_in_the_zone_of_the_schedule(name: str, expected: str) -> None:
    """All of it is of the moment at which the start was due, where the schedule is at home."""
    moment = ScheduledTime(SUNDAY_EVENING_UTC, ZoneInfo("Europe/Berlin"))

    assert await filled({"text": f"{{{{scheduled.{name}}}}}"}, {"scheduled": moment}) == {
        "text": expected
    }


async def test_texts_are_filled_wherever_they_stand() -> None:
    """Lists and objects are walked; other braces, keys and numbers stay as they are."""
    moment = ScheduledTime(SUNDAY_EVENING_UTC, ZoneInfo("UTC"))
    given: dict[str, JsonValue] = {
        "{{scheduled.date}}": [{"a": "on {{ scheduled.date }}, {{scheduled.year}}"}, 7, None],
        "braces": "{{x}} {scheduled.date} {{ }}",
    }

    assert await filled(given, {"scheduled": moment}) == {
        "{{scheduled.date}}": [{"a": "on 2026-01-04, 2026"}, 7, None],
        "braces": "{{x}} {scheduled.date} {{ }}",
    }


async def test_unknown_placeholders_are_named_with_their_places() -> None:
    """Each is told with a pointer and with those there are, and nothing is filled by guess."""
    moment = ScheduledTime(SUNDAY_EVENING_UTC, ZoneInfo("UTC"))
    given: dict[str, JsonValue] = {
        "a": ["{{scheduled.day}}"],
        "b": {"c": "{{memory.brand.voice}}"},
    }

    with pytest.raises(InputInvalidError) as refused:
        await filled(given, {"scheduled": moment})

    assert [each.pointer for each in refused.value.problems] == ["/a/0", "/b/c"]
    assert "scheduled.date" in refused.value.problems[0].message


async def _entries(trust: Trust = Trust.OPERATOR) -> LongTermMemory:
    homes = InProcessRecords(), InProcessHeads(), InProcessArchive()
    entries = LongTermMemory(*homes, REGISTRY)
    note = Note(text="plain", score=7)
    await entries.put("t", Writing("brand.voice", note, Provenance(who="eva"), 0, trust=trust))
    return entries


@pytest.mark.parametrize(
    ("path", "expected"),
    [("text", "plain"), ("score", "7"), ("items", None), ("nothing", None)],
)
async def test_a_field_of_an_entry_is_taken_as_text(path: str, expected: str | None) -> None:
    """Texts and numbers of the last version are filled in; what is neither is unknown."""
    fields = EntryFields(await _entries(), "t")

    assert await fields.fill(["brand", "voice", path]) == expected
    assert await fields.fill(["brand", "logo", path]) is None


async def test_an_entry_that_a_model_made_is_no_input() -> None:
    """An input counts as the operator's words, so what a model wrote cannot slip into one."""
    fields = EntryFields(await _entries(Trust.MODEL), "t")

    with pytest.raises(ConflictError, match="under `memory:`"):
        await fields.fill(["brand", "voice", "text"])


@pytest.mark.parametrize("name", ["Europe/Nowhere", "", "../etc/passwd", "x" * 300])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    """A name that is no zone of the IANA database is refused with an example of one."""
    with pytest.raises(InputInvalidError, match="Europe/Berlin"):
        zone_named(name)
