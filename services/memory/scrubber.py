"""Looks whether values are where they are promised to be, byte by byte, and puts them back."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contracts.base import digest as digest_of
from contracts.reference import Digest
from services.memory.base import Archive, ContextStore

AT_ONCE: Final = 16
"""Values read at once; each may have three megabytes."""


class Copy(StrEnum):
    """How one copy of a value was found."""

    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"
    """Its bytes are not those that its address names: changed, cut short or emptied."""

    NOT_PROMISED = "not promised"
    """The run's history keeps the second copy."""


_TO_MEND: Final = frozenset({Copy.MISSING, Copy.WRONG})


@dataclass(frozen=True)
class Inspected:
    """One value, as it was found."""

    digest: Digest
    memory: Copy
    archive: Copy
    body: bytes | None
    """A verified copy from wherever there was one; None when the value is lost."""

    @property
    def copies(self) -> tuple[Copy, Copy]:
        """Both copies."""
        return self.memory, self.archive

    @property
    def is_sound(self) -> bool:
        """Whether every promised copy is there."""
        return not _TO_MEND & set(self.copies)


class Scrubber:
    """Checks and repairs the values of runs in store and archive."""

    def __init__(self, store: ContextStore, archive: Archive) -> None:
        self._store = store
        self._archive = archive

    async def inspect(
        self,
        tenant: str,
        run: str,
        digests: Sequence[Digest],
        *,
        lasting: Collection[Digest],
        bodies: Mapping[Digest, bytes],
    ) -> tuple[Inspected, ...]:
        """Read every copy and hash it. Changes nothing.

        Args:
            tenant: whose values.
            run: of which run.
            digests: which values.
            lasting: those whose second copy is in the run's history, not in the archive.
            bodies: copies from history, unverified.

        Raises:
            StorageError: the archive cannot be read.
            UnavailableError: memory or the archive does not answer.
        """
        found: list[Inspected] = []
        for some in _in_batches(tuple(dict.fromkeys(digests))):
            stored = await self._store.turn(tenant, run, read=some)
            archived = await self._archive.get(tenant, some)
            for digest, in_memory in zip(some, stored, strict=True):
                copies = (in_memory, archived.get(digest), bodies.get(digest))
                archive = _judge(digest, copies[1])
                if digest in lasting:
                    archive = Copy.NOT_PROMISED
                sound = (each for each in copies if _judge(digest, each) is Copy.OK)
                memory = _judge(digest, in_memory)
                found.append(Inspected(digest, memory, archive, next(sound, None)))
        return tuple(found)

    async def repair(self, tenant: str, run: str, found: Collection[Inspected]) -> int:
        """Write every promised copy that is not there, from one that is. Returns how many values.

        Raises:
            StorageError: memory or the archive refuses to write.
            UnavailableError: one of them does not answer.
        """
        mended = {
            each.digest: each for each in found if not each.is_sound and each.body is not None
        }
        for some in _in_batches(tuple(mended)):
            bodies = {digest: mended[digest].body or b"" for digest in some}
            lacking = [each for each in some if mended[each].archive in _TO_MEND]
            await self._archive.put(tenant, {each: bodies[each] for each in lacking})
            lacking = [each for each in some if mended[each].memory in _TO_MEND]
            await self._store.turn(tenant, run, write={each: bodies[each] for each in lacking})
        return len(mended)


def _judge(digest: Digest, body: bytes | None) -> Copy:
    if body is None:
        return Copy.MISSING
    return Copy.OK if digest_of(body) == digest else Copy.WRONG


def _in_batches(digests: Sequence[Digest]) -> Iterator[Sequence[Digest]]:
    for first in range(0, len(digests), AT_ONCE):
        yield digests[first : first + AT_ONCE]
