"""The lock of published schemas: what it holds, what it takes in, and what it refuses."""

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from contracts import schema_lock
from contracts.base import Contract
from contracts.evolution.json_schema import RETIRED
from contracts.registry import CONTRACTS, Registry
from contracts.schema_lock import (
    Inspection,
    inspect,
    publish,
    read_lock,
    read_samples,
    schema_digest,
)


class Leaflet(Contract, version=1):
    """A leaflet."""

    title: str
    """What it is called."""


class Reworded(Contract, name="Leaflet", version=1):
    """A leaflet, described in other words."""

    title: str
    """How readers know it."""


class Tightened(Contract, name="Leaflet", version=1):
    """A leaflet."""

    title: Annotated[str, Field(min_length=1)]
    """What it is called."""


class Titled(Contract, name="Leaflet", version=1):
    """A leaflet."""

    description: str
    """A field whose name is a keyword of JSON Schema."""


class Dated(Contract, name="Leaflet", version=1):
    """A leaflet with a field more."""

    title: str
    date: str = ""


class Nullable(Contract, name="Leaflet", version=1):
    """A leaflet that need not be called anything."""

    title: str | None


STORED = {"Leaflet@1": b'{"title":"One"}'}


def _digest(contract: type[Contract]) -> str:
    return schema_digest(Registry.of([contract]), contract.key())


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """A lock in which the leaflet is published."""
    publish(Registry.of([Leaflet]), ["Leaflet@1"], tmp_path)
    return tmp_path


def _write(contract: type[Contract], lock: Path, *, readers_first: bool = False) -> Inspection:
    registry = Registry.of([contract])
    return inspect(registry, lock, STORED, write=True, readers_first=readers_first)


def test_the_lock_in_the_repository_is_current() -> None:
    """No published contract has changed, none is gone, and none is waiting to be published."""
    assert schema_lock.main([]) == 0


def test_every_contract_of_the_flows_is_locked() -> None:
    """Nothing that flows use is left out of the lock."""
    assert set(CONTRACTS.contracts) <= set(read_lock())


def test_a_published_schema_is_readable(lock: Path) -> None:
    """One file a version, indented, fields in their order, no prose."""
    assert (lock / "Leaflet@1.json").read_text("utf-8") == (
        "{\n"
        '  "properties": {\n'
        '    "title": {\n'
        '      "type": "string"\n'
        "    }\n"
        "  },\n"
        '  "required": [\n'
        '    "title"\n'
        "  ],\n"
        '  "type": "object"\n'
        "}\n"
    )


def test_nothing_is_written_without_being_asked(lock: Path) -> None:
    """A check leaves the lock as it is, even where the change is compatible."""
    before = read_lock(lock)
    found = inspect(Registry.of([Dated]), lock, STORED)

    assert (len(found.findings), found.written) == (1, ())
    assert read_lock(lock) == before


def test_a_compatible_change_is_published(lock: Path) -> None:
    """A field with a default goes into the lock, and then all is as published."""
    found = _write(Dated, lock)

    assert (found.findings, found.written, found.contracts) == ((), ("Leaflet@1",), 1)
    assert inspect(Registry.of([Dated]), lock, STORED).findings == ()


@pytest.mark.parametrize("contract", [Tightened, Titled, Nullable])
def test_a_change_that_breaks_somebody_is_refused(contract: type[Contract], lock: Path) -> None:
    """The lock stays as it was."""
    before = read_lock(lock)
    found = _write(contract, lock)

    assert {each.contract for each in found.findings} == {"Leaflet@1"}
    assert found.written == ()
    assert read_lock(lock) == before


def test_a_wider_contract_is_published_when_somebody_vouches(lock: Path) -> None:
    """Readers first: whoever says so has seen to the order of the roll-out."""
    assert _write(Nullable, lock, readers_first=True).written == ("Leaflet@1",)


def test_all_is_published_or_nothing(lock: Path) -> None:
    """A new version is not published while the old one is in disorder."""

    class Next(Contract, name="Leaflet", version=2):
        title: str

    registry = Registry.of([Tightened, Next], {"Leaflet@1": lambda old: Next(title=old.title)})
    found = inspect(registry, lock, None, write=True)

    assert [each.contract for each in found.findings] == ["Leaflet@1", "Leaflet@2"]
    assert list(read_lock(lock)) == ["Leaflet@1"]


def test_the_name_of_a_removed_field_is_kept_in_the_lock(lock: Path) -> None:
    """It comes back neither with the next change nor with the one after."""
    _write(Dated, lock)
    _write(Leaflet, lock)
    refused = _write(Dated, lock)

    assert read_lock(lock)["Leaflet@1"][RETIRED] == ["date"]
    assert [each.change.kind.value for each in refused.findings[0].changes] == [
        "field name used again"
    ]


def test_stored_values_are_read_by_key(tmp_path: Path) -> None:
    """The newline at the end of a file is not part of the value; no folder, no values."""
    (tmp_path / "Leaflet@1.json").write_bytes(STORED["Leaflet@1"] + b"\n")

    assert read_samples(tmp_path) == STORED
    assert read_samples(tmp_path / "nowhere") is None


def test_the_command_tells_what_to_do(
    lock: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends with 1 and says on standard error which contract, what and how many."""
    monkeypatch.chdir(lock)
    monkeypatch.setattr(schema_lock, "LOCK", lock)
    monkeypatch.setattr(schema_lock, "PUBLISHED", Registry.of([Tightened]))

    code = schema_lock.main([])

    told = capsys.readouterr().err.splitlines()
    assert code == 1
    assert told[0].startswith("Leaflet@1  ")
    assert told[-1] == "1 published contract: 1 to see to"


def test_words_may_change() -> None:
    """Rewording descriptions is no change of a contract."""
    assert _digest(Leaflet) == _digest(Reworded)


@pytest.mark.parametrize("changed", [Tightened, Titled])
def test_meaning_may_not_change(changed: type[Contract]) -> None:
    """A new constraint or a field renamed is a change, whatever the field is called."""
    assert _digest(Leaflet) != _digest(changed)


def test_a_field_called_description_counts() -> None:
    """A field is no prose, even when JSON Schema has a keyword of that name."""

    class Described(Contract, name="Leaflet", version=1):
        """A leaflet."""

        title: str
        description: str

    assert _digest(Leaflet) != _digest(Described)
