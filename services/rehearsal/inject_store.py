"""Faults of memory: a real store whose values are really damaged, and the copies behind it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from contracts.event import Event
from contracts.reference import Digest
from services.errors import StorageError, UnavailableError
from services.memory import keys
from services.memory.base import Archive, HistorySource, JournalEntry, JournalState, WorkKey
from services.memory.redis import RedisStore
from services.rehearsal.faults import Damage, Death, Port
from services.rehearsal.scene import CURRENT, Attempt, Died, Scene, Scenes
from services.stack import resp

AWAY: Final = 3
"""Requests that memory fails in a row when it is away: about three tries."""

_AT_READ: Final = frozenset(
    {
        Damage.DELETED,
        Damage.FLIPPED,
        Damage.HALVED,
        Damage.OLDER,
        Damage.WIPED,
        Damage.GONE,
    }
)


class RehearsedStore(RedisStore):
    """Keeps what it is given, and damages it where the rehearsal says so."""

    def __init__(self, url: str, scenes: Scenes) -> None:
        super().__init__(url)
        self._url = url
        self._scenes = scenes

    async def turn(
        self,
        tenant: str,
        run: str,
        *,
        read: Sequence[Digest] = (),
        write: Mapping[Digest, bytes] | None = None,
        events: Sequence[Event] = (),
    ) -> tuple[bytes | None, ...]:
        """See `ContextStore.turn`."""
        scene = self._scenes[tenant]
        scene.hear(events)
        scene.values |= write or {}
        struck = _struck(tenant)
        if struck:
            self._fail(struck, writes=bool(write or events))
            await self._damage(struck, read)
            await self._lose_journal(struck, writes=bool(write))
        found = await super().turn(tenant, run, read=read, write=write, events=events)
        if struck and write:
            _die(struck, Death.AFTER_WRITE)
        return found

    async def journal(self, work: WorkKey) -> tuple[JournalEntry, ...]:
        """See `ContextStore.journal`."""
        if struck := _struck(work.tenant):
            self._fail(struck, writes=False)
        return await super().journal(work)

    async def record(self, work: WorkKey, entry: JournalEntry) -> None:
        """See `ContextStore.record`."""
        struck = _struck(work.tenant)
        if struck:
            self._fail(struck, writes=True)
        await super().record(work, entry)
        if struck and entry.state is JournalState.ANSWERED:
            _die(struck, Death.AFTER_JOURNAL)

    def _fail(self, at: Attempt, *, writes: bool) -> None:
        """Be away, for the first few requests of the step.

        Raises:
            StorageError: memory refuses to write.
            UnavailableError: memory does not answer.
        """
        what = _what(at)
        if at.scene.fired >= AWAY:
            return
        if what is Damage.REFUSES and writes:
            at.scene.fired += 1
            raise StorageError("the rehearsal lets memory refuse to write; try again later")
        if what is Damage.SILENT:
            at.scene.fired += 1
            raise UnavailableError("the rehearsal lets memory not answer; try again later")

    async def _damage(self, at: Attempt, read: Sequence[Digest]) -> None:
        """Damage what the step is about to read, once."""
        given = set(_inputs(at)) & set(read)
        what = _what(at)
        if at.scene.fired or not given or what not in _AT_READ:
            return
        at.scene.fired += 1
        if what is Damage.WIPED:
            await self._wipe(at.scene)
            return
        if what is Damage.GONE:
            at.scene.gone |= given
        for digest in sorted(given):
            await self._spoil(at, digest)

    async def _spoil(self, at: Attempt, digest: Digest) -> None:
        body = at.scene.values[digest]
        match _what(at):
            case Damage.FLIPPED:
                await self._put(at, digest, bytes([body[0] ^ 1]) + body[1:])
            case Damage.HALVED:
                await self._put(at, digest, body[: len(body) // 2])
            case Damage.OLDER:
                await self._put(at, digest, _older(at, digest))
            case _:
                await resp.ask(self._url, ("DEL", keys.value(at.scene.tenant, digest)))

    async def _put(self, at: Attempt, digest: Digest, body: bytes) -> None:
        await super().turn(at.scene.tenant, at.task.run, write={digest: body})

    async def _lose_journal(self, at: Attempt, *, writes: bool) -> None:
        """Forget what was paid, and let the attempt that knows of it fail.

        Raises:
            UnavailableError: once.
        """
        if _what(at) is not Damage.JOURNAL_WIPED or at.scene.fired or not writes:
            return
        at.scene.fired += 1
        await resp.ask(self._url, ("DEL", keys.journal(WorkKey.of(at.task))))
        raise UnavailableError("the rehearsal lets memory fail as a step ends; try again later")

    async def _wipe(self, scene: Scene) -> None:
        script = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end"
        await resp.ask(self._url, ("EVAL", script, "0", f"{scene.tenant}:*"), timeout_seconds=30)


class RehearsedArchive:
    """Implements `Archive` over another one, without what the rehearsal has lost."""

    def __init__(self, kept: Archive, scenes: Scenes) -> None:
        self._kept = kept
        self._scenes = scenes

    async def put(self, tenant: str, values: Mapping[Digest, bytes]) -> None:
        """See `Archive.put`."""
        await self._kept.put(tenant, values)

    async def get(self, tenant: str, digests: Collection[Digest]) -> dict[Digest, bytes]:
        """See `Archive.get`."""
        return await self._kept.get(tenant, _left(self._scenes[tenant], digests))

    async def delete(self, tenant: str, digests: Collection[Digest]) -> None:
        """See `Archive.delete`."""
        await self._kept.delete(tenant, digests)


class RehearsedHistory:
    """Implements `HistorySource` over another one, without what the rehearsal has lost."""

    def __init__(self, kept: HistorySource, scenes: Scenes) -> None:
        self._kept = kept
        self._scenes = scenes

    async def find(self, tenant: str, run: str, digests: Collection[Digest]) -> dict[Digest, bytes]:
        """See `HistorySource.find`."""
        return await self._kept.find(tenant, run, _left(self._scenes[tenant], digests))


def _left(scene: Scene, digests: Collection[Digest]) -> list[Digest]:
    return [digest for digest in digests if digest not in scene.gone]


def _struck(tenant: str) -> Attempt | None:
    at = CURRENT.get()
    if at is None or at.scene.tenant != tenant or not at.strikes(at.scene.target):
        return None
    return at


def _what(at: Attempt) -> object:
    assert at.scene.target is not None, "only what a fault is meant for is struck"
    return at.scene.target.injection.what


def _die(at: Attempt, death: Death) -> None:
    """End an attempt at one instant, once.

    Raises:
        Died: it is that instant.
    """
    assert at.scene.target is not None, "only what a fault is meant for is struck"
    injection = at.scene.target.injection
    if injection.port is Port.WORKER and injection.what is death and not at.scene.fired:
        at.scene.fired += 1
        raise Died


def _inputs(at: Attempt) -> list[Digest]:
    held = [each.digest for references in at.task.inputs.values() for each in references]
    if at.task.element:
        held.append(at.task.element.reference.digest)
    return held


def _older(at: Attempt, digest: Digest) -> bytes:
    """Find the value that a slot had before, or else another value of the run."""
    references = [each for held in at.task.inputs.values() for each in held]
    slots = [each.slot for each in references if each.digest == digest]
    earlier = [each for slot in slots for each in at.scene.versions(slot) if each != digest]
    others = [each for each in at.scene.values if each != digest]
    return at.scene.values[(earlier or others)[0]]
