"""Memory as steps use it: every read is verified, every loss is repaired or named."""

from collections.abc import Collection

import pytest

from contracts.base import digest
from contracts.failure import FailureKind
from contracts.reference import Digest
from contracts.work import INLINE_LIMIT_BYTES
from services.errors import StorageError
from services.memory import keys
from services.memory.base import ContextStore
from services.memory.in_process import InProcessArchive, InProcessStore
from services.memory.memory import Memory, NotInMemoryError, hash_in_thread
from tests.unit.memory.kept import an_event, value

ONE, OTHER = value("one"), value("other")
LARGE = value(b"x" * (INLINE_LIMIT_BYTES + 1))


class History:
    """A run's history that carries some values inline, and counts how often it is read."""

    def __init__(self, *values: tuple[Digest, bytes]) -> None:
        self.values = dict(values)
        self.reads = 0

    async def find(self, tenant: str, run: str, digests: Collection[Digest]) -> dict[Digest, bytes]:
        """Find what is inline."""
        self.reads += 1
        return {key: self.values[key] for key in digests if key in self.values}


class FullArchive(InProcessArchive):
    """An archive on a full disk."""

    async def put(self, tenant: str, values: object) -> None:
        """Refuse."""
        raise StorageError("the disk is full")


@pytest.fixture
def kept() -> InProcessArchive:
    """An archive that is still empty."""
    return InProcessArchive()


@pytest.fixture
def history() -> History:
    """A history that carries nothing yet."""
    return History()


@pytest.fixture
def memory(store: ContextStore, kept: InProcessArchive, history: History) -> Memory:
    """Memory over either store."""
    return Memory(store, kept, history)


async def _damage(memory: Memory, tenant: str, key: Digest, body: bytes) -> None:
    """Put other bytes under an address, as a failing disk or a stray hand would."""
    await memory.store.turn(tenant, "r1", write={key: body})


async def test_what_is_whole_is_read_once(memory: Memory, history: History, tenant: str) -> None:
    """Undamaged values come from the store alone; asked for twice they are read once."""
    await memory.write(tenant, "r1", dict([ONE, OTHER]))

    found, restored = await memory.read(tenant, "r1", [ONE[0], OTHER[0], ONE[0]])

    assert (found, restored) == (dict([ONE, OTHER]), ())
    assert history.reads == 0


@pytest.mark.parametrize("damaged", [b"0ne", b"on", b"one ", b""])
@pytest.mark.guarantee("loss-is-noticed")
async def test_a_changed_byte_is_noticed_and_restored(
    memory: Memory, kept: InProcessArchive, tenant: str, damaged: bytes
) -> None:
    """A value that is not what its digest says is brought back from the archive."""
    await kept.put(tenant, dict([ONE]))
    await _damage(memory, tenant, ONE[0], damaged)

    found, restored = await memory.read(tenant, "r1", [ONE[0]])

    assert (found, restored) == (dict([ONE]), (ONE[0],))


async def test_what_was_restored_is_whole_again(
    memory: Memory, kept: InProcessArchive, tenant: str
) -> None:
    """After one repair the store holds the value, and the next read restores nothing."""
    await kept.put(tenant, dict([ONE]))
    await memory.read(tenant, "r1", [ONE[0]])

    assert await memory.read(tenant, "r1", [ONE[0]]) == (dict([ONE]), ())


@pytest.mark.guarantee("loss-is-mended")
async def test_history_is_asked_for_what_the_archive_lacks(
    memory: Memory, kept: InProcessArchive, history: History, tenant: str
) -> None:
    """What is missing everywhere else comes from the run's own history, in one read of it."""
    third = value("third")
    await kept.put(tenant, dict([ONE]))
    history.values.update([OTHER, third])

    found, restored = await memory.read(tenant, "r1", [ONE[0], OTHER[0], third[0]])

    assert found == dict([ONE, OTHER, third])
    assert set(restored) == set(found)
    assert history.reads == 1


async def test_the_archive_spares_history(
    memory: Memory, kept: InProcessArchive, history: History, tenant: str
) -> None:
    """What the archive has is not looked for in history, which costs much more to read."""
    await kept.put(tenant, dict([ONE]))
    history.values.update([ONE])

    await memory.read(tenant, "r1", [ONE[0]])

    assert history.reads == 0


@pytest.mark.guarantee("loss-is-noticed")
async def test_a_damaged_archive_is_not_believed(
    memory: Memory, kept: InProcessArchive, history: History, tenant: str
) -> None:
    """Bytes from the archive are verified as well; history has the last word."""
    kept.values[tenant, ONE[0]] = b"0ne"
    history.values.update([ONE])

    assert await memory.read(tenant, "r1", [ONE[0]]) == (dict([ONE]), (ONE[0],))


@pytest.mark.guarantee("loss-is-noticed")
async def test_a_damaged_history_is_not_believed(
    memory: Memory, history: History, tenant: str
) -> None:
    """Nothing that does not hash to its address is ever handed on."""
    history.values[ONE[0]] = b"0ne"

    with pytest.raises(NotInMemoryError):
        await memory.read(tenant, "r1", [ONE[0]])


@pytest.mark.guarantee("loss-is-mended")
async def test_what_is_lost_is_named(memory: Memory, tenant: str) -> None:
    """When a value is nowhere, the failure names every lost digest and what to do."""
    await memory.write(tenant, "r1", dict([ONE]))
    third = value("third")

    with pytest.raises(NotInMemoryError) as lost:
        await memory.read(tenant, "r1", [OTHER[0], ONE[0], third[0]])

    assert lost.value.lost == (OTHER[0], third[0])
    assert lost.value.kind is FailureKind.MEMORY_LOST
    assert OTHER[0][:12] in str(lost.value)
    assert "restore the archive from a backup, then retry" in str(lost.value)


async def test_a_local_step_does_not_read_history(
    memory: Memory, history: History, tenant: str
) -> None:
    """Where history must not be read, what only it has counts as lost for now."""
    history.values.update([ONE])

    with pytest.raises(NotInMemoryError):
        await memory.read(tenant, "r1", [ONE[0]], from_history=False)

    assert history.reads == 0


async def test_memory_without_history_still_restores(
    store: ContextStore, kept: InProcessArchive, tenant: str
) -> None:
    """Without a history source the archive alone is the second copy."""
    await kept.put(tenant, dict([ONE]))

    found, _ = await Memory(store, kept, None).read(tenant, "r1", [ONE[0]])

    assert found == dict([ONE])


@pytest.mark.guarantee("tenants-apart")
async def test_another_tenant_s_copies_restore_nothing(
    memory: Memory, kept: InProcessArchive, tenant: str
) -> None:
    """What another tenant has kept is no source for this one."""
    await kept.put(f"{tenant}-2", dict([ONE]))
    await memory.store.turn(f"{tenant}-2", "r1", write=dict([ONE]))

    with pytest.raises(NotInMemoryError):
        await memory.read(tenant, "r1", [ONE[0]])


async def test_events_are_written_with_a_read(memory: Memory, tenant: str) -> None:
    """The events of a step are told in the round trip that reads its inputs, lost or not."""
    with pytest.raises(NotInMemoryError):
        await memory.read(tenant, "r1", [ONE[0]], events=[an_event(1)])

    assert len(await memory.store.events(tenant, "r1")) == 1


async def test_large_values_go_to_the_archive_as_well(
    memory: Memory, kept: InProcessArchive, tenant: str
) -> None:
    """What is too large for history has its second copy in the archive; small values do not."""
    small = value(b"x" * INLINE_LIMIT_BYTES)

    await memory.write(tenant, "r1", dict([small, LARGE]), events=[an_event(1)])

    assert list(kept.values) == [(tenant, LARGE[0])]
    assert (await memory.read(tenant, "r1", [small[0], LARGE[0]]))[0] == dict([small, LARGE])
    assert len(await memory.store.events(tenant, "r1")) == 1


@pytest.mark.guarantee("loss-is-mended")
async def test_nothing_is_kept_that_has_no_second_copy(store: ContextStore, tenant: str) -> None:
    """When the archive is full, a large value is not taken into the store either."""
    memory = Memory(store, FullArchive(), None)

    with pytest.raises(StorageError):
        await memory.write(tenant, "r1", dict([LARGE]))

    assert await store.turn(tenant, "r1", read=[LARGE[0]]) == (None,)


async def test_sealing_copies_to_the_archive(
    memory: Memory, kept: InProcessArchive, tenant: str
) -> None:
    """Sealed values are in the archive, whatever their size."""
    await memory.write(tenant, "r1", dict([ONE, OTHER]))

    await memory.seal(tenant, "r1", [ONE[0], OTHER[0]])

    assert await kept.get(tenant, [ONE[0], OTHER[0]]) == dict([ONE, OTHER])


@pytest.mark.guarantee("loss-is-mended")
async def test_sealing_repairs_first(
    memory: Memory, kept: InProcessArchive, history: History, tenant: str
) -> None:
    """A damaged value is never sealed: it is restored, or the seal fails and names it."""
    history.values.update([ONE])
    await _damage(memory, tenant, ONE[0], b"0ne")

    await memory.seal(tenant, "r1", [ONE[0]])

    assert await kept.get(tenant, [ONE[0]]) == dict([ONE])
    with pytest.raises(NotInMemoryError):
        await memory.seal(tenant, "r1", [OTHER[0]])


@pytest.mark.parametrize("size", [0, 1000, 300_000])
async def test_large_bytes_hash_to_the_same_digest(size: int) -> None:
    """Hashing off the loop changes nothing about the address."""
    assert await hash_in_thread(b"x" * size) == digest(b"x" * size)


async def test_the_fake_can_be_damaged_like_the_real_store(tenant: str) -> None:
    """The store in process keeps values under the keys of the real one."""
    store = InProcessStore()

    await store.turn(tenant, "r1", write=dict([ONE]))

    assert store.values == {keys.value(tenant, ONE[0]): ONE[1]}
