"""What long-term memory does, wherever its records lie."""

import pytest

from contracts.long_term import Act, Merge, Provenance
from contracts.reference import Trust
from services.errors import (
    ConflictError,
    ErasedError,
    InputInvalidError,
    NotFoundError,
    StorageError,
    VersionConflictError,
)
from services.long_term.base import Records
from services.long_term.entries import LongTermMemory
from services.long_term.erasing import erase
from services.long_term.exporting import exported, imported
from services.long_term.in_process import InProcessHeads, empty_memory
from services.long_term.verifying import verify_entries
from services.long_term.writing import Writing
from services.memory.base import Archive
from services.memory.in_process import InProcessArchive, InProcessStore
from tests.unit.long_term.remembered import (
    ANNA,
    ENTRY,
    REGISTRY,
    Covered,
    Topic,
    Voice,
    ids,
    large,
    topics,
    write_many,
    writing,
)


async def test_an_entry_keeps_all_of_its_versions(memory: LongTermMemory, tenant: str) -> None:
    """What was written is read back, the head and every version before it."""
    first = await memory.put(tenant, writing(topics("a")))
    second = await memory.put(tenant, writing(topics("a", "b"), expected=1))

    assert (first.version, second.version) == (1, 2)
    assert await ids(memory, tenant) == ["a", "b"]
    assert await ids(memory, tenant, 1) == ["a"]
    assert [each.version for each in await memory.history(tenant, ENTRY)] == [1, 2]


async def test_a_record_says_who_wrote_what_from_what(memory: LongTermMemory, tenant: str) -> None:
    """Provenance, trust, contract and digest of the value are kept with every version."""
    by = Provenance(run="r1", step="keep", visit=2)
    given = Writing(ENTRY, topics("a"), by, trust=Trust.MODEL)

    await memory.put(tenant, given)

    record = (await memory.get(tenant, ENTRY)).record
    assert record.provenance == by
    assert (record.trust, record.contract) == (Trust.MODEL, "Covered@1")
    assert (record.size, record.act) == (len(topics("a").encode()), Act.WRITTEN)


async def test_a_large_value_is_kept_whole(memory: LongTermMemory, tenant: str) -> None:
    """A value of many kilobytes comes back, and lies outside of its record."""
    await memory.put(tenant, writing(large("a", "b", "c")))

    found = await memory.get(tenant, ENTRY)

    assert found.body == large("a", "b", "c").encode()
    assert found.record.body is None


async def test_a_version_that_is_not_the_last_is_refused(
    memory: LongTermMemory, tenant: str
) -> None:
    """Who has not seen the last version learns which it is, and changes nothing."""
    await memory.put(tenant, writing(topics("a")))

    with pytest.raises(VersionConflictError, match="has version 1 now") as told:
        await memory.put(tenant, writing(topics("b")))

    assert told.value.current == 1
    assert await ids(memory, tenant) == ["a"]


async def test_a_version_of_nothing_is_refused(memory: LongTermMemory, tenant: str) -> None:
    """Who expects a version where there is no entry is told so."""
    with pytest.raises(VersionConflictError, match=r"there is no newsletter\.covered"):
        await memory.put(tenant, writing(topics("a"), expected=3))


async def test_a_union_keeps_theirs_and_ours(memory: LongTermMemory, tenant: str) -> None:
    """Two who added to one version are united, theirs first, and the version says over which."""
    await memory.put(tenant, writing(topics("a")))
    await memory.put(tenant, writing(topics("a", "b"), expected=1))

    made = await memory.put(tenant, writing(topics("a", "c"), 1, Merge.UNION))

    assert await ids(memory, tenant) == ["a", "b", "c"]
    assert (made.act, made.of) == (Act.MERGED, 2)


async def test_what_both_changed_is_no_union(memory: LongTermMemory, tenant: str) -> None:
    """The same element changed in two ways is a conflict that names it."""
    await memory.put(tenant, writing(Covered(topics=(Topic(id="a", title="one"),))))

    with pytest.raises(VersionConflictError, match="both changed /topics/a/title"):
        await memory.put(
            tenant, writing(Covered(topics=(Topic(id="a", title="two"),)), 0, Merge.UNION)
        )


async def test_a_union_that_breaks_the_contract_is_refused(
    memory: LongTermMemory, tenant: str
) -> None:
    """Two lists that are too long together are not written."""
    await memory.put(tenant, writing(topics(*(f"a{n}" for n in range(300)))))

    with pytest.raises(VersionConflictError, match="their union is no Covered@1: /topics"):
        await memory.put(tenant, writing(topics(*(f"b{n}" for n in range(300))), 0, Merge.UNION))


async def test_the_last_writer_wins_where_that_is_declared(
    memory: LongTermMemory, tenant: str
) -> None:
    """A replacement becomes the head; what it replaced stays in the history."""
    await memory.put(tenant, writing(topics("a")))

    await memory.put(tenant, writing(topics("b"), 0, Merge.REPLACE))

    assert await ids(memory, tenant) == ["b"]
    assert await ids(memory, tenant, 1) == ["a"]


async def test_a_merged_value_is_trusted_as_its_least_source(
    memory: LongTermMemory, tenant: str
) -> None:
    """What a model had a part in is not trusted as an operator's."""
    await memory.put(tenant, Writing(ENTRY, topics("a"), ANNA, trust=Trust.MODEL))

    made = await memory.put(tenant, writing(topics("b"), 0, Merge.UNION))

    assert made.trust is Trust.MODEL


async def test_a_repeated_writing_finds_its_own(memory: LongTermMemory, tenant: str) -> None:
    """Who tries again after an answer was lost writes once, whatever was written since."""
    again = Writing(ENTRY, topics("a"), ANNA, write="r1/keep/1")
    first = await memory.put(tenant, again)
    await memory.put(tenant, writing(topics("a", "b"), expected=1))

    assert await memory.put(tenant, again) == first
    assert len(await memory.history(tenant, ENTRY)) == 2


async def test_an_entry_keeps_its_contract(memory: LongTermMemory, tenant: str) -> None:
    """A value of another contract is refused by name."""
    await memory.put(tenant, writing(topics("a")))

    with pytest.raises(ConflictError, match=r"is a Covered@1, and takes no Voice@1"):
        await memory.put(tenant, writing(Voice(tone="warm"), expected=1))


async def test_a_restored_version_is_a_new_one(memory: LongTermMemory, tenant: str) -> None:
    """Going back is a version of its own that says which one it equals."""
    await memory.put(tenant, writing(topics("a")))
    await memory.put(tenant, writing(topics("b"), expected=1))

    made = await memory.restore(tenant, ENTRY, 1, ANNA, 2)

    assert (made.version, made.act, made.of) == (3, Act.RESTORED, 1)
    assert await ids(memory, tenant) == ["a"]


async def test_what_is_not_there_is_told(memory: LongTermMemory, tenant: str) -> None:
    """An unknown entry and an unknown version are told apart, with what to do."""
    with pytest.raises(NotFoundError, match="orchestra memory put"):
        await memory.get(tenant, "brand.voice")
    await memory.put(tenant, writing(topics("a")))
    with pytest.raises(NotFoundError, match="there is no version 7"):
        await memory.get(tenant, ENTRY, 7)


async def test_an_erased_entry_leaves_a_tombstone(
    memory: LongTermMemory, tenant: str, home: tuple[Records, Archive]
) -> None:
    """Values leave memory and archive; that they were erased, by whom and when, is kept."""
    store, archive = InProcessStore(), home[1]
    await memory.put(tenant, writing(large("a", "b", "c")))
    await memory.put(tenant, writing(topics("a"), expected=1))
    held = [each.digest for each in await memory.history(tenant, ENTRY)]
    await archive.put(tenant, {held[1]: topics("a").encode()})
    await store.turn(tenant, "r1", write={held[1]: topics("a").encode()})

    tombstone = await erase(memory, store, tenant, ENTRY, ANNA)

    assert await archive.get(tenant, held) == {}
    assert await store.turn(tenant, "r1", read=[held[1]]) == (None,)
    with pytest.raises(ErasedError, match=r"erased on 2.* by anna"):
        await memory.get(tenant, ENTRY)
    with pytest.raises(ErasedError):
        await memory.get(tenant, ENTRY, 1)
    with pytest.raises(ErasedError):
        await memory.put(tenant, writing(topics("b"), 2, Merge.UNION))
    assert await memory.history(tenant, ENTRY) == (tombstone,)
    assert await home[0].versions(tenant, ENTRY) == (3,)


async def test_an_erased_entry_may_begin_anew(memory: LongTermMemory, tenant: str) -> None:
    """A new first value follows the tombstone, and the chain goes on."""
    await memory.put(tenant, writing(topics("a")))
    await erase(memory, InProcessStore(), tenant, ENTRY, ANNA)

    made = await memory.put(tenant, writing(topics("b")))

    assert made.version == 3
    assert await memory.verify(tenant, ENTRY) == ()


async def test_an_equal_value_of_another_entry_stays(memory: LongTermMemory, tenant: str) -> None:
    """Erasing takes nothing away from an entry that holds the same value."""
    await memory.put(tenant, writing(large("a", "b", "c")))
    other = Writing("newsletter.kept", large("a", "b", "c"), ANNA)
    await memory.put(tenant, other)

    await erase(memory, InProcessStore(), tenant, ENTRY, ANNA)

    assert (await memory.get(tenant, "newsletter.kept")).body == large("a", "b", "c").encode()


async def test_entries_are_listed_by_namespace(memory: LongTermMemory, tenant: str) -> None:
    """Heads are listed by name; another tenant has its own."""
    await memory.put(tenant, writing(topics("a")))
    await memory.put(tenant, Writing("brand.voice", Voice(tone="warm"), ANNA))

    assert [each.entry for each in await memory.heads(tenant)] == ["brand.voice", ENTRY]
    assert [each.entry for each in await memory.heads(tenant, "brand")] == ["brand.voice"]
    assert await memory.heads(f"{tenant}2") == ()


async def test_an_export_comes_back_byte_by_byte(memory: LongTermMemory, tenant: str) -> None:
    """All versions are brought back elsewhere with the same addresses; again changes nothing."""
    await memory.put(tenant, writing(large("a", "b", "c")))
    await memory.put(tenant, writing(topics("a"), expected=1))
    lines = [each.model_dump_json() async for each in exported(memory, tenant, [ENTRY])]
    other = _nothing()

    first, again = [await imported(other, tenant, lines) for _ in range(2)]

    assert (first.written, first.present) == (2, 0)
    assert (again.written, again.present) == (0, 2)
    assert await other.chains.all(tenant, ENTRY) == await memory.chains.all(tenant, ENTRY)
    assert await other.verify(tenant, ENTRY) == ()


async def test_a_changed_export_is_refused(memory: LongTermMemory, tenant: str) -> None:
    """An export that somebody edited is not brought back, nor one with a gap."""
    await memory.put(tenant, writing(topics("a")))
    await memory.put(tenant, writing(topics("b"), expected=1))
    lines = [each.model_dump_json() async for each in exported(memory, tenant, [ENTRY])]

    with pytest.raises(InputInvalidError, match="line 1 was changed"):
        await imported(memory, tenant, [lines[0].replace("anna", "otto")])
    with pytest.raises(InputInvalidError, match="does not follow"):
        await imported(_nothing(), tenant, lines[1:])


async def test_memory_may_be_wiped(
    memory: LongTermMemory, tenant: str, heads: InProcessHeads
) -> None:
    """Nothing is lost when the cache of heads forgets everything, and it learns anew."""
    await memory.put(tenant, writing(topics("a")))
    heads.kept.clear()

    assert await ids(memory, tenant) == ["a"]
    assert heads.kept


async def test_memory_may_go_back(
    memory: LongTermMemory, tenant: str, heads: InProcessHeads
) -> None:
    """A cached head that is older than the archive's is noticed and put right."""
    await memory.put(tenant, writing(topics("a")))
    older = dict(heads.kept)
    await memory.put(tenant, writing(topics("a", "b"), expected=1))
    heads.kept.clear()
    heads.kept.update(older)

    assert await ids(memory, tenant) == ["a", "b"]
    assert heads.kept != older


@pytest.mark.guarantee("no-update-lost")
async def test_an_archive_that_went_back_is_noticed(
    memory: LongTermMemory, tenant: str, home: tuple[Records, Archive]
) -> None:
    """An archive without a version that memory has seen is not taken for the truth unasked."""
    await memory.put(tenant, writing(topics("a")))
    await memory.put(tenant, writing(topics("b"), expected=1))
    await home[0].delete(tenant, ENTRY, 2)

    with pytest.raises(StorageError, match="the archive has gone back: it held version 2"):
        await memory.get(tenant, ENTRY)
    [told] = await memory.verify(tenant, ENTRY)
    assert "gone back" in told

    await memory.chains.forget(tenant, ENTRY)
    assert await ids(memory, tenant) == ["a"]


@pytest.mark.guarantee("no-update-lost")
async def test_a_gap_in_the_chain_is_noticed(
    memory: LongTermMemory, tenant: str, home: tuple[Records, Archive]
) -> None:
    """A version that is missing in the middle is told by number."""
    await memory.put(tenant, writing(topics("a")))
    await memory.put(tenant, writing(topics("b"), expected=1))
    await memory.put(tenant, writing(topics("c"), expected=2))
    await home[0].delete(tenant, ENTRY, 2)

    assert await memory.verify(tenant, ENTRY) == (f"{ENTRY} has lost its versions 2 to 2",)
    with pytest.raises(StorageError, match="lost its versions 2 to 2"):
        await memory.history(tenant, ENTRY)
    with pytest.raises(StorageError, match="has lost version 2"):
        await memory.get(tenant, ENTRY, 2)


@pytest.mark.guarantee("no-update-lost")
async def test_a_replaced_version_is_noticed(
    memory: LongTermMemory, tenant: str, home: tuple[Records, Archive]
) -> None:
    """A version that is not the one its successor was made after breaks the chain."""
    await memory.put(tenant, writing(topics("a")))
    await memory.put(tenant, writing(topics("b"), expected=1))
    stored = await home[0].read(tenant, ENTRY, 1)
    assert stored
    await home[0].delete(tenant, ENTRY, 1)
    await home[0].create(tenant, ENTRY, 1, stored.replace(b"anna", b"otto"))

    [told] = await memory.verify(tenant, ENTRY)

    assert told.startswith(f"version 2 of {ENTRY} was made after another version 1")


async def test_a_value_without_its_record_is_nothing(
    memory: LongTermMemory, tenant: str, home: tuple[Records, Archive]
) -> None:
    """A writer that dies between value and record leaves no entry, and the next one writes it."""
    value = large("a", "b", "c")
    await home[1].put(tenant, {"0" * 64: value.encode()})

    assert await memory.heads(tenant) == ()
    assert (await memory.put(tenant, writing(value))).version == 1


async def test_one_writer_of_many_creates_a_record(
    home: tuple[Records, Archive], tenant: str
) -> None:
    """Of two that create the same version one is told that it did, and its bytes are there."""
    records = home[0]

    won = [await records.create(tenant, ENTRY, 1, body) for body in (b"one", b"two")]

    assert won == [True, False]
    assert await records.read(tenant, ENTRY, 1) == b"one"


async def test_writers_at_once_lose_nothing(
    home: tuple[Records, Archive], heads: InProcessHeads, tenant: str
) -> None:
    """Every update of several processes' writers is in the end there, in a whole chain."""
    memories = [LongTermMemory(*_of(home, heads), REGISTRY) for _ in range(3)]

    await write_many(memories, tenant, 24)

    assert sorted(await ids(memories[0], tenant)) == sorted(f"t{n}" for n in range(24))
    assert len(await memories[0].history(tenant, ENTRY)) == 24


def _nothing() -> LongTermMemory:
    return empty_memory(InProcessArchive(), REGISTRY)


def _of(
    home: tuple[Records, Archive], heads: InProcessHeads
) -> tuple[Records, InProcessHeads, Archive]:
    return home[0], heads, home[1]


async def test_a_lost_head_is_accepted_on_request(
    memory: LongTermMemory, tenant: str, home: tuple[Records, Archive]
) -> None:
    """Verifying tells what is wrong, and with repair takes the archive for what it is."""
    await memory.put(tenant, writing(topics("a")))
    await memory.put(tenant, writing(topics("b"), expected=1))
    await home[0].delete(tenant, ENTRY, 2)

    [told] = await verify_entries(memory, tenant, repair=False)
    [mended] = await verify_entries(memory, tenant, repair=True)

    assert (len(told.wrong), told.versions) == (1, 1)
    assert (mended.wrong, mended.repaired) == ((), told.wrong)
    assert await ids(memory, tenant) == ["a"]


async def test_a_lost_value_is_told(
    memory: LongTermMemory, tenant: str, home: tuple[Records, Archive]
) -> None:
    """A large value that is gone is named by its version, and reading it says so."""
    made = await memory.put(tenant, writing(large("a", "b", "c")))
    await home[1].delete(tenant, [made.digest])

    [told] = await verify_entries(memory, tenant, repair=True)

    assert told.wrong[0].startswith(f"the value of version 1 of {ENTRY} is lost")
    with pytest.raises(StorageError, match="is lost or damaged"):
        await memory.get(tenant, ENTRY)
