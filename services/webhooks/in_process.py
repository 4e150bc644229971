"""The webhooks' home in a dictionary: the fake that unit tests use."""

from collections.abc import Collection


class InProcessRecords:
    """Implements `WebhookRecords`; passes the same contract tests as the others."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}

    async def write(self, tenant: str, name: str, body: bytes) -> None:
        """See `WebhookRecords.write`."""
        self.kept[tenant, name] = body

    async def names(self, tenant: str) -> tuple[str, ...]:
        """See `WebhookRecords.names`."""
        return tuple(sorted(name for owner, name in self.kept if owner == tenant))

    async def read(self, tenant: str, names: Collection[str]) -> dict[str, bytes]:
        """See `WebhookRecords.read`."""
        return {name: self.kept[tenant, name] for name in names if (tenant, name) in self.kept}

    async def delete(self, tenant: str, names: Collection[str]) -> None:
        """See `WebhookRecords.delete`."""
        for name in names:
            self.kept.pop((tenant, name), None)
