"""Where the record of a version lies, below the archive's folder or prefix."""

from typing import Final

from services.errors import StorageError

_DIGITS: Final = 8
_LAST: Final = 10**_DIGITS - 1


def entries_place(tenant: str) -> str:
    """The folder of namespaces."""
    return f"{tenant}/entries"


def entry_place(tenant: str, entry: str) -> str:
    """The folder of an entry's records."""
    namespace, _, name = entry.partition(".")
    return f"{entries_place(tenant)}/{namespace}/{name}"


def record_place(tenant: str, entry: str, version: int) -> str:
    """The record of one version; the names sort as the versions do.

    Raises:
        StorageError: the entry has had more versions than names have digits.
    """
    if version > _LAST:
        raise StorageError(f"{entry} has had {_LAST} versions; export it, and begin another entry")
    return f"{entry_place(tenant, entry)}/{version:0{_DIGITS}d}"


def version_of(name: str) -> int | None:
    """Read a record's name; None of what is none, such as a file that is being written."""
    return int(name) if len(name) == _DIGITS and name.isdigit() else None
