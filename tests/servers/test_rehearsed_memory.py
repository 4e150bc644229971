"""Damage done to real memory in rehearsal: noticed by whoever reads, and really done."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from contracts.base import digest
from contracts.reference import Reference, Trust
from contracts.work import StepTask
from services.errors import StorageError, UnavailableError
from services.memory.base import JournalEntry, JournalState, WorkKey
from services.memory.in_process import InProcessArchive
from services.memory.memory import Memory, NotInMemoryError
from services.rehearsal.faults import Damage, Death, Injection, Port
from services.rehearsal.inject_store import RehearsedArchive, RehearsedStore
from services.rehearsal.scene import CURRENT, Attempt, Died, Scene, Scenes, Target
from services.rehearsal.ways import Way

pytestmark = pytest.mark.servers

OLD, NEW = b'{"text":"before"}', b'{"text":"now"}'


@pytest.fixture
async def scenes() -> Scenes:
    """No run yet."""
    return {}


@pytest.fixture
async def store(redis_url: str, scenes: Scenes) -> AsyncIterator[RehearsedStore]:
    """Real memory that can be damaged."""
    made = RehearsedStore(redis_url, scenes)
    yield made
    await made.aclose()


async def _entered(
    store: RehearsedStore, scenes: Scenes, port: Port, what: Damage | Death
) -> Scene:
    """Begin a step that reads one value of which there was an older one."""
    scene = Scene(f"m{uuid4().hex[:8]}", Way("plain", {}))
    scenes[scene.tenant] = scene
    await store.turn(scene.tenant, "run", write={digest(OLD): OLD, digest(NEW): NEW})
    scene.target = Target(Injection(port, what, "", "1.4"), "write")
    given = Reference(
        slot="brief",
        ordinal=1,
        contract="Note@1",
        digest=digest(NEW),
        size=len(NEW),
        trust=Trust.OPERATOR,
        produced_by="input",
    )
    task = StepTask(
        tenant=scene.tenant,
        run="run",
        flow="0" * 64,
        step="write",
        visit=1,
        seq=1,
        inputs={"brief": (given,)},
    )
    CURRENT.set(Attempt(scene, task, 1))
    return scene


@pytest.mark.parametrize(
    ("damage", "left"),
    [
        (Damage.DELETED, None),
        (Damage.FLIPPED, bytes([NEW[0] ^ 1]) + NEW[1:]),
        (Damage.HALVED, NEW[: len(NEW) // 2]),
        (Damage.OLDER, OLD),
        (Damage.WIPED, None),
    ],
)
async def test_what_a_step_reads_is_damaged_and_comes_back(
    store: RehearsedStore, scenes: Scenes, damage: Damage, left: bytes | None
) -> None:
    """The server holds other bytes than were written, and the archive mends it."""
    scene = await _entered(store, scenes, Port.MEMORY, damage)
    archive = InProcessArchive()
    await archive.put(scene.tenant, {digest(NEW): NEW})

    [found] = await store.turn(scene.tenant, "run", read=[digest(NEW)])
    mended, restored = await Memory(store, archive, None).read(scene.tenant, "run", [digest(NEW)])

    assert found == left
    assert mended == {digest(NEW): NEW}
    assert restored == (digest(NEW),)
    assert scene.fired == 1


async def test_what_is_lost_everywhere_is_lost(store: RehearsedStore, scenes: Scenes) -> None:
    """Neither memory nor archive has it any more."""
    scene = await _entered(store, scenes, Port.MEMORY, Damage.GONE)
    archive = RehearsedArchive(InProcessArchive(), scenes)
    await archive.put(scene.tenant, {digest(NEW): NEW})

    with pytest.raises(NotInMemoryError):
        await Memory(store, archive, None).read(scene.tenant, "run", [digest(NEW)])


@pytest.mark.parametrize(
    ("damage", "error"),
    [(Damage.REFUSES, StorageError), (Damage.SILENT, UnavailableError)],
)
async def test_memory_is_away_for_three_requests(
    store: RehearsedStore, scenes: Scenes, damage: Damage, error: type[Exception]
) -> None:
    """Then it works again."""
    scene = await _entered(store, scenes, Port.MEMORY, damage)

    for _ in range(3):
        with pytest.raises(error):
            await store.turn(scene.tenant, "run", write={digest(NEW): NEW})

    assert await store.turn(scene.tenant, "run", read=[digest(NEW)]) == (NEW,)


async def test_a_worker_dies_right_after_the_journal(store: RehearsedStore, scenes: Scenes) -> None:
    """The line is written, and nobody hears of it; a second attempt is left alone."""
    scene = await _entered(store, scenes, Port.WORKER, Death.AFTER_JOURNAL)
    work = WorkKey(tenant=scene.tenant, run="run", step="write", visit=1)
    entry = JournalEntry(exchange=1, state=JournalState.ANSWERED)

    with pytest.raises(Died):
        await store.record(work, entry)
    await store.record(work, entry)

    assert len(await store.journal(work)) == 2
