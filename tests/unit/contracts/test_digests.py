"""The digest law: a value has one serialisation, and so one address."""

from typing import get_args, get_origin

import pytest
from hypothesis import given
from pydantic import BaseModel

from contracts.base import Contract, digest
from contracts.content.draft import Draft
from contracts.registry import CONTRACTS
from tests.builders import a_brief
from tests.unit.contracts.strategies import contents, drafts, thoroughly


@given(contents)
@thoroughly
def test_a_stored_value_reads_back_as_it_was(value: Contract) -> None:
    """What is stored is read back as an equal value, and stored again as the same bytes."""
    stored = value.encode()

    read = type(value).decode(stored)

    assert read == value
    assert read.encode() == stored


@given(contents)
@thoroughly
def test_equal_values_have_one_address(value: Contract) -> None:
    """The same value built another way has the same bytes and the same digest."""
    built_again = type(value).model_validate(dict(reversed(value.model_dump().items())))

    assert built_again == value
    assert digest(built_again.encode()) == digest(value.encode())


@given(drafts, drafts)
@thoroughly
def test_different_values_have_different_addresses(one: Draft, other: Draft) -> None:
    """Two drafts have one address exactly when they are equal."""
    same_address = digest(one.encode()) == digest(other.encode())

    assert same_address == (one == other)


def test_the_digest_is_sha_256_of_the_bytes() -> None:
    """The address is the SHA-256 that every other program would compute (FIPS 180-4, B.1)."""
    assert digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_bytes_are_compact_utf_8_in_field_order() -> None:
    """Stored bytes carry no blanks between tokens and no escapes for letters that UTF-8 has."""
    stored = a_brief(title="Grüße, 堆肥").encode()

    assert stored.startswith('{"title":"Grüße, 堆肥","goal":'.encode())


def _fields(model: type[BaseModel]) -> list[object]:
    """Collect the type expressions of a model, of its parts, and all they are made of."""
    waiting: list[object] = [field.annotation for field in model.model_fields.values()]
    found: list[object] = []
    while waiting:
        annotation = waiting.pop()
        found.append(get_origin(annotation) or annotation)
        waiting.extend(get_args(annotation))
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            waiting.extend(field.annotation for field in annotation.model_fields.values())
    return found


@pytest.mark.parametrize("key", sorted(CONTRACTS.contracts))
def test_no_content_holds_a_mapping_or_a_fraction(key: str) -> None:
    """Content has nothing whose bytes could differ for equal values: no mappings, no fractions."""
    used = _fields(CONTRACTS.get(key))

    assert not {dict, set, frozenset, float} & {kind for kind in used if isinstance(kind, type)}
