"""Stored payloads of every contract version that was ever published: they must always load."""

from pathlib import Path

import pytest

from contracts.compiled import CompiledFlow
from contracts.registry import CONTRACTS, Registry
from contracts.schema_lock import read_lock

SAMPLES = Path(__file__).with_name("samples")
PUBLISHED = Registry({**CONTRACTS.contracts, CompiledFlow.key(): CompiledFlow}, {})


def test_every_published_contract_has_a_sample() -> None:
    """Who publishes a contract version leaves a stored payload of it here."""
    assert sorted(path.stem for path in SAMPLES.glob("*.json")) == sorted(read_lock())


@pytest.mark.parametrize("key", sorted(CONTRACTS.contracts))
def test_a_stored_sample_keeps_its_address(key: str) -> None:
    """What was stored would be stored as the same bytes again."""
    stored = (SAMPLES / f"{key}.json").read_bytes().strip()

    assert CONTRACTS.read(stored, key, key).encode() == stored


@pytest.mark.parametrize("key", sorted(PUBLISHED.contracts))
def test_a_stored_sample_loads(key: str) -> None:
    """What an older program stored is read, and stored again loses nothing."""
    stored = (SAMPLES / f"{key}.json").read_bytes().strip()

    read = PUBLISHED.read(stored, key, key)

    assert type(read).decode(read.encode()) == read


@pytest.mark.parametrize("key", sorted(CONTRACTS.contracts))
def test_a_stored_sample_loads_as_the_newest_version(key: str) -> None:
    """Whatever version it was stored as, today's reader gets today's version of it."""
    name = key.partition("@")[0]
    newest = max(
        (each for each in CONTRACTS.contracts if each.startswith(f"{name}@")),
        key=lambda each: int(each.partition("@")[2]),
    )
    stored = (SAMPLES / f"{key}.json").read_bytes().strip()

    assert CONTRACTS.read(stored, key, newest).key() == newest
