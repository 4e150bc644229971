"""The port of the webhooks' home: small records that are written once and never changed."""

from collections.abc import Collection
from typing import Protocol


class WebhookRecords(Protocol):
    """Records by name, under the tenant's prefix; names have letters, digits, dots and hyphens.

    Every method raises StorageError when the place cannot be used, and UnavailableError when it
    does not answer.
    """

    async def write(self, tenant: str, name: str, body: bytes) -> None:
        """Keep a record; durable, and in every list, when this returns."""
        ...

    async def names(self, tenant: str) -> tuple[str, ...]:
        """List all records, sorted."""
        ...

    async def read(self, tenant: str, names: Collection[str]) -> dict[str, bytes]:
        """Read records; what is not there is left out."""
        ...

    async def delete(self, tenant: str, names: Collection[str]) -> None:
        """Remove records for good, in the order given."""
        ...
