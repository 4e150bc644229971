"""Reading stored values of older versions: a worked example of migrations on read."""

import pytest
from pydantic import ValidationError

from contracts.base import Contract, Part, digest
from contracts.registry import CONTRACTS, MissingMigrationError, Registry, UnknownContractError


class NoteV1(Contract, name="Note", version=1):
    """The first version: one text, and an author who may be missing."""

    text: str
    author: str | None = None


class NoteV2(Contract, name="Note", version=2):
    """The second version: paragraphs instead of one text."""

    paragraphs: tuple[str, ...]
    author: str | None = None


class Author(Part):
    """Who wrote a note."""

    name: str


class Note(Contract, version=3):
    """The current version: the author has become a part of its own, and has to be known."""

    paragraphs: tuple[str, ...]
    author: Author


class Memo(Contract, version=1):
    """Another contract."""

    text: str


def _split(old: NoteV1) -> NoteV2:
    return NoteV2(paragraphs=tuple(old.text.split("\n\n")), author=old.author)


def _name_author(old: NoteV2) -> Note:
    return Note(paragraphs=old.paragraphs, author=Author(name=old.author or "unknown"))


REGISTRY = Registry.of([NoteV1, NoteV2, Note, Memo], {"Note@1": _split, "Note@2": _name_author})

STORED_AS_1 = b'{"text":"One.\\n\\nTwo.","author":null}'
STORED_AS_2 = b'{"paragraphs":["One.","Two."],"author":"Ada"}'


def test_an_old_value_is_read_as_the_current_version() -> None:
    """Bytes stored as version 1 come out as version 3, through every migration in between."""
    read = REGISTRY.read(STORED_AS_1, "Note@1", "Note@3")

    assert read == Note(paragraphs=("One.", "Two."), author=Author(name="unknown"))


def test_a_value_migrates_from_where_it_stands() -> None:
    """Bytes stored as version 2 need the last migration only."""
    read = REGISTRY.read(STORED_AS_2, "Note@2", "Note@3")

    assert read == Note(paragraphs=("One.", "Two."), author=Author(name="Ada"))


def test_a_reader_may_want_an_old_version() -> None:
    """A reader that was compiled against version 2 gets version 2."""
    assert isinstance(REGISTRY.read(STORED_AS_1, "Note@1", "Note@2"), NoteV2)


def test_a_migrated_value_is_a_value_of_its_own() -> None:
    """A migrated value has its own digest, the same each time, and the old one keeps its own."""
    once = REGISTRY.read(STORED_AS_1, "Note@1", "Note@3").encode()
    again = REGISTRY.read(STORED_AS_1, "Note@1", "Note@3").encode()

    assert digest(once) == digest(again) != digest(STORED_AS_1)
    assert REGISTRY.read(STORED_AS_1, "Note@1", "Note@1").encode() == STORED_AS_1


@pytest.mark.parametrize(
    ("written_as", "wanted", "stored"),
    [
        ("Note@3", "Note@1", b'{"paragraphs":["One."],"author":{"name":"Ada"}}'),
        ("Note@1", "Memo@1", b'{"text":"One."}'),
        ("Memo@1", "Note@1", b'{"text":"One."}'),
    ],
    ids=["newer than wanted", "another contract", "nothing leads on"],
)
def test_a_path_that_is_missing_is_named(written_as: str, wanted: str, stored: bytes) -> None:
    """Without a path of migrations the reader is told from where and to where none leads."""
    with pytest.raises(MissingMigrationError, match="no migration leads from"):
        REGISTRY.read(stored, written_as, wanted)


def test_a_missing_link_is_named_where_it_is_missing() -> None:
    """When the second of two migrations is missing, the message begins there."""
    broken = Registry.of([NoteV1, NoteV2, Note], {"Note@1": _split})

    with pytest.raises(MissingMigrationError, match="from Note@2 to Note@3"):
        broken.read(STORED_AS_1, "Note@1", "Note@3")


def test_migrations_never_leave_their_contract() -> None:
    """A migration that would end in another contract is never applied."""
    leaving = Registry.of([NoteV1, Memo], {"Note@1": lambda note: Memo(text=note.text)})

    with pytest.raises(MissingMigrationError, match="from Note@1 to Memo@1"):
        leaving.read(STORED_AS_1, "Note@1", "Memo@1")


@pytest.mark.parametrize(("written_as", "wanted"), [("Note@9", "Note@3"), ("Note@1", "Note@9")])
def test_an_unknown_contract_is_named_with_those_known(written_as: str, wanted: str) -> None:
    """A version nobody registered is refused with the list of those that are."""
    with pytest.raises(UnknownContractError) as unknown:
        REGISTRY.read(STORED_AS_1, written_as, wanted)

    assert str(unknown.value) == ("no contract 'Note@9'; there are Memo@1, Note@1, Note@2, Note@3")


def test_bytes_that_do_not_fit_are_refused_before_any_migration() -> None:
    """A value is first read as what it was written as, and that has to fit."""
    with pytest.raises(ValidationError, match="NoteV1"):
        REGISTRY.read(b'{"words":"One."}', "Note@1", "Note@3")


def test_two_classes_cannot_claim_one_key() -> None:
    """One key means one class."""

    class Impostor(Contract, name="Memo", version=1):
        """Claims a name that is taken."""

    with pytest.raises(ValueError, match="two classes claim Memo@1"):
        Registry.of([Memo, Impostor])


def test_every_old_version_that_ships_has_a_way_on() -> None:
    """Each registered version but the newest of its name has a migration to the next."""
    versions = {
        (each.contract_name, each.contract_version) for each in CONTRACTS.contracts.values()
    }
    older = {f"{name}@{number}" for name, number in versions if (name, number + 1) in versions}

    assert older == set(CONTRACTS.migrations)
