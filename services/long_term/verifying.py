"""Looks whether every entry's chain is whole and every value is what its record says."""

from contracts.base import Part
from services.long_term.entries import LongTermMemory


class VerifiedEntry(Part):
    """What was found of one entry."""

    entry: str
    versions: int
    """How many there are."""

    wrong: tuple[str, ...] = ()
    """A sentence for each thing that is wrong and stays so."""

    repaired: tuple[str, ...] = ()
    """A sentence for each thing that was wrong and is no more."""


async def verify_entries(
    entries: LongTermMemory, tenant: str, *, repair: bool
) -> tuple[VerifiedEntry, ...]:
    """Check all entries of a tenant; with repair, take the archive for what it is now.

    Repairing makes memory forget a head that the archive has lost. Nothing else can be mended
    here: lost versions are in a backup of the archive, or in an export.

    Raises:
        UnavailableError: the archive does not answer.
    """
    names = await entries.chains.records.entries(tenant)
    return tuple([await _verified(entries, tenant, name, repair=repair) for name in names])


async def _verified(
    entries: LongTermMemory, tenant: str, name: str, *, repair: bool
) -> VerifiedEntry:
    versions = len(await entries.chains.records.versions(tenant, name))
    wrong = await entries.verify(tenant, name)
    if not (wrong and repair):
        return VerifiedEntry(entry=name, versions=versions, wrong=wrong)
    await entries.chains.forget(tenant, name)
    left = await entries.verify(tenant, name)
    mended = tuple(each for each in wrong if each not in left)
    return VerifiedEntry(entry=name, versions=versions, wrong=left, repaired=mended)
