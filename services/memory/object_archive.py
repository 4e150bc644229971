"""The archive on S3-compatible storage: one object a value, named by its digest."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Final

from contracts.reference import Digest
from services.memory.bucket import Bucket, Credentials

AT_ONCE: Final = 16
"""Requests under way at once of one `put` or `get`."""


class ObjectArchive:
    """Implements `Archive` below one prefix of one bucket, which has to exist."""

    def __init__(self, url: str, credentials: Credentials | None = None) -> None:
        """Prepare; nothing is sent yet, and there is nothing to close.

        Raises:
            SettingsError: the address is none of a bucket.
        """
        self._bucket = Bucket(url, credentials)

    async def put(self, tenant: str, values: Mapping[Digest, bytes]) -> None:
        """See `Archive.put`."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(digest: Digest, body: bytes) -> None:
            async with places:
                # Compared, not trusted: an object that was damaged is written anew.
                if await self._bucket.get(_name(tenant, digest)) != body:
                    await self._bucket.put(_name(tenant, digest), body)

        await self._bucket.together(one(digest, body) for digest, body in values.items())

    async def get(self, tenant: str, digests: Collection[Digest]) -> dict[Digest, bytes]:
        """See `Archive.get`."""
        places = asyncio.Semaphore(AT_ONCE)
        found: dict[Digest, bytes] = {}

        async def one(digest: Digest) -> None:
            async with places:
                body = await self._bucket.get(_name(tenant, digest))
            if body is not None:
                found[digest] = body

        await self._bucket.together(one(digest) for digest in dict.fromkeys(digests))
        return found

    async def delete(self, tenant: str, digests: Collection[Digest]) -> None:
        """See `Archive.delete`."""
        await self._bucket.together(self._bucket.delete(_name(tenant, each)) for each in digests)


def _name(tenant: str, digest: Digest) -> str:
    return f"{tenant}/{digest[:2]}/{digest}"
