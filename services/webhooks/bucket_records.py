"""The webhooks' home in a bucket: one object a record, beside the archive's values."""

from collections.abc import Collection

from services.memory.bucket import Bucket


class BucketRecords:
    """Implements `WebhookRecords` below the archive's prefix of its bucket.

    Lists have to show what was written, as S3's do since December 2020.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    async def write(self, tenant: str, name: str, body: bytes) -> None:
        """See `WebhookRecords.write`."""
        await self._bucket.put(_path(tenant, name), body)

    async def names(self, tenant: str) -> tuple[str, ...]:
        """See `WebhookRecords.names`."""
        return await self._bucket.names(_path(tenant))

    async def read(self, tenant: str, names: Collection[str]) -> dict[str, bytes]:
        """See `WebhookRecords.read`."""
        found: dict[str, bytes] = {}

        async def one(name: str) -> None:
            body = await self._bucket.get(_path(tenant, name))
            if body is not None:
                found[name] = body

        await self._bucket.together(one(name) for name in names)
        return found

    async def delete(self, tenant: str, names: Collection[str]) -> None:
        """See `WebhookRecords.delete`."""
        for name in names:
            await self._bucket.delete(_path(tenant, name))


def _path(tenant: str, *name: str) -> str:
    return "/".join((tenant, "webhooks", *name))
