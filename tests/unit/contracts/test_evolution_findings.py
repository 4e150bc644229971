"""What somebody is told to do about contracts that are not as they were published."""

from collections.abc import Callable

import pytest
from pydantic import Field

from contracts.base import Contract
from contracts.evolution.change import Verdict
from contracts.evolution.check import check
from contracts.evolution.finding import Concern, Finding, may_publish
from contracts.evolution.json_schema import Schema, schema_of
from contracts.evolution.text import lines, summary
from contracts.registry import Migration, Registry


class NoteV1(Contract, name="Note", version=1):
    """The first version."""

    text: str = Field(max_length=20)
    colour: str = "red"


class Note(Contract, version=2):
    """The second version."""

    lines: tuple[str, ...] = Field(min_length=1)


class Shorter(Contract, name="Note", version=1):
    """The first version with less room."""

    text: str = Field(max_length=10)
    colour: str = "red"


class Roomier(Contract, name="Note", version=1):
    """The first version with more room."""

    text: str = Field(max_length=30)
    colour: str = "red"


class Grown(Contract, name="Note", version=1):
    """The first version with a field more."""

    text: str = Field(max_length=20)
    colour: str = "red"
    size: int = 0


def _split(old: NoteV1) -> Note:
    return Note(lines=tuple(old.text.split("\n")))


PUBLISHED: dict[str, Schema] = {"Note@1": schema_of(NoteV1)}
BOTH: dict[str, Schema] = {**PUBLISHED, "Note@2": schema_of(Note)}
STORED = {"Note@1": b'{"text":"One.\\nTwo."}', "Note@2": b'{"lines":["One."]}'}
NEXT: dict[str, Migration] = {"Note@1": _split}


def found(
    *contracts: type[Contract], published: dict[str, Schema] = PUBLISHED
) -> tuple[Finding, ...]:
    """Hold classes against what is published, without stored values."""
    return check(Registry.of(contracts, NEXT), published)


def test_contracts_as_published_leave_nothing_to_do() -> None:
    """Both versions are there, one leads to the other, and stored values go that way."""
    assert check(Registry.of([NoteV1, Note], NEXT), BOTH, STORED) == ()


def test_a_breaking_change_comes_with_the_steps_of_a_new_version() -> None:
    """The class to keep, the class to write, the migration, the stored value, the order."""
    [finding] = found(Shorter)

    assert list(lines(finding)) == [
        f"Note@1  {finding.file}: needs a new version and a migration",
        "  text: the greatest number of characters was 20 and is 10"
        "  [needs a new version and a migration]",
        "    stored values: those that do not fit cannot be read any more",
        "    or instead: leave the contract as wide as it was, and refuse in the agent's own"
        " checks",
        "  runs that go on: their slots and agents are pinned to Note@1; while workers have only"
        " agents of a raised version their steps wait as unavailable. Let them finish first, or"
        " keep workers of this release",
        "  to do:",
        f"    1. In {finding.file}, keep what is published as it was:"
        ' class NoteV1(Contract, name="Note", version=1)',
        "    2. Beside it, put the change into class Note(Contract, version=2)",
        '    3. In contracts/registry.py, list both and register the migration "Note@1":'
        " a pure function from NoteV1 to Note that has an answer for every value.",
        "    4. Leave a stored value of it as tests/unit/contracts/samples/Note@2.json;"
        " Note@1.json stays.",
        "    5. Let agents and the slots of flows name Note@2, and raise the version of those"
        " agents.",
        "    6. Publish it: orchestra contracts check --write",
    ]


def test_a_wider_contract_is_rolled_out_readers_first() -> None:
    """The contract goes first, whoever makes use of it second."""
    [finding] = found(Roomier)

    assert finding.verdict is Verdict.READERS_FIRST
    assert finding.steps[0].startswith("Release the contract alone")
    assert "takes its `else`" in finding.runs
    assert finding.routes == (
        "rules, fan-outs and gates that look at text were checked over what it was: check the flows"
        " again, orchestra flows check"
    )
    assert [each.older for each in finding.changes] == [
        "they refuse a value that makes use of it; the step fails as unreadable"
    ]


def test_a_compatible_change_is_published_as_it_is() -> None:
    """There is one step, and a word on digests."""
    [finding] = found(Grown)

    assert finding.steps == ("Publish it as it is now: orchestra contracts check --write",)
    assert finding.digests == (
        "the same content is written as other bytes from now on (size) and gets another digest;"
        " what is stored keeps its own"
    )
    assert finding.runs == ""


def test_a_version_that_was_replaced_is_restored() -> None:
    """Nobody writes a third version by changing the first."""
    [finding] = found(Shorter, Note, published=BOTH)

    assert finding.steps[0].startswith("Restore Shorter in ")
    assert finding.steps[1] == "Put the change into a version 3."


class CarriedV1(Contract, name="CompiledFlow", version=1):
    """What runs carry."""

    name: str


class Carried(Contract, name="CompiledFlow", version=1):
    """What runs carry, with a field that they lack."""

    name: str
    budget: int


def test_what_runs_carry_has_to_stay_readable() -> None:
    """No migration is applied to a compiled flow, so none is proposed."""
    [finding] = found(Carried, published={"CompiledFlow@1": schema_of(CarriedV1)})

    assert finding.runs == (
        "each carries a CompiledFlow@1 of its own, and no worker could take its next step"
    )
    assert finding.steps[0].startswith("Keep CompiledFlow@1 readable")


def test_a_new_contract_is_to_be_published() -> None:
    """It needs a stored value first."""
    [finding] = found(NoteV1, published={})

    assert (finding.concern, finding.steps) == (
        Concern.NEW,
        (
            "Leave a stored value of it as tests/unit/contracts/samples/Note@1.json.",
            "Publish it: orchestra contracts check --write",
        ),
    )


def test_a_contract_that_is_gone_is_missed() -> None:
    """What is stored of it needs its class."""
    [finding] = found()

    assert (finding.contract, finding.concern, finding.file) == ("Note@1", Concern.GONE, "")
    assert next(lines(finding)) == (
        "Note@1: published, and no class is left to read what is stored of it"
    )


def test_a_class_described_otherwise_is_published_again() -> None:
    """The same values in another writing of the schema change nothing for anyone."""
    written = {**schema_of(NoteV1), "$comment": "by hand"}
    [finding] = found(NoteV1, published={"Note@1": written})

    assert (finding.message, finding.changes) == ("the same values, described in another way", ())
    assert may_publish(finding, readers_first=False)


def test_every_older_version_leads_to_a_newer_one() -> None:
    """A version without a way on is named with the one it should lead to."""
    [finding] = check(Registry.of([NoteV1, Note]), BOTH)

    assert (finding.concern, finding.message) == (
        Concern.NO_MIGRATION,
        "Note@2 is the newest, and no migration leads on from Note@1",
    )


def _stumble(old: NoteV1) -> Note:
    raise KeyError("colour")


def _empty(old: NoteV1) -> Note:
    return Note(lines=())


def _hollow(old: NoteV1) -> Note:
    return Note.model_construct(lines=())


def _stay(old: NoteV1) -> NoteV1:
    return old


@pytest.mark.parametrize(
    ("migration", "message"),
    [
        (_stumble, "the migration of Note@1 fails: KeyError: 'colour'"),
        (_empty, "the migration of Note@1 fails: ValidationError: lines: "),
        (_hollow, "the migration of Note@1 fails: ValidationError: lines: "),
        (_stay, "the migration of Note@1 makes Note@1, no later version of it"),
    ],
)
def test_a_migration_answers_for_stored_values(
    migration: Callable[[NoteV1], Contract], message: str
) -> None:
    """One that fails, makes what cannot be read, or leads nowhere, is found before it ships."""
    [finding] = check(Registry.of([NoteV1, Note], {"Note@1": migration}), BOTH, STORED)

    assert finding.concern is Concern.MIGRATION_FAILS
    assert finding.message.startswith(message)


def test_a_stored_value_that_is_not_read_is_found() -> None:
    """A rule in code may be tighter than what was stored, and no schema tells."""
    [finding] = check(Registry.of([NoteV1]), PUBLISHED, {"Note@1": b'{"colour":"red"}'})

    assert (finding.concern, finding.message) == (
        Concern.UNREADABLE,
        "the stored value is not read: text: Field required",
    )


def test_what_is_known_to_be_broken_is_told_once() -> None:
    """A stored value that is not read adds nothing to a change that says so."""
    found = check(Registry.of([Shorter]), PUBLISHED, {"Note@1": b'{"text":"Eleven text"}'})

    assert [each.concern for each in found] == [Concern.CHANGED]


def test_a_contract_without_a_stored_value_is_found() -> None:
    """Without one, nobody knows whether what was stored is read."""
    [finding] = check(Registry.of([NoteV1]), PUBLISHED, {})

    assert finding.concern is Concern.NO_SAMPLE


@pytest.mark.parametrize(
    ("concern", "verdict", "alone", "vouched"),
    [
        (Concern.NEW, None, True, True),
        (Concern.CHANGED, Verdict.COMPATIBLE, True, True),
        (Concern.CHANGED, Verdict.READERS_FIRST, False, True),
        (Concern.CHANGED, Verdict.NEEDS_VERSION, False, False),
        (Concern.NO_MIGRATION, None, False, False),
        (Concern.NO_SAMPLE, None, False, False),
    ],
)
def test_publishing_settles_what_is_compatible(
    concern: Concern, verdict: Verdict | None, alone: bool, vouched: bool
) -> None:
    """What older programs refuse takes somebody who vouches for the order of the roll-out."""
    finding = Finding(contract="Note@1", concern=concern, message="", verdict=verdict)

    assert may_publish(finding, readers_first=False) is alone
    assert may_publish(finding, readers_first=True) is vouched


def test_the_last_line_counts() -> None:
    """One line when all is well, and it says whether stored values were tried."""
    finding = Finding(contract="Note@1", concern=Concern.NEW, message="")

    assert summary(2, [finding], has_samples=True) == "2 published contracts: 1 to see to"
    assert summary(2, [], has_samples=True) == (
        "2 published contracts: all as published, every stored value is read"
    )
    assert summary(2, [], has_samples=False) == (
        "2 published contracts: all as published, no stored values were here to try"
    )
