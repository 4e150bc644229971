"""One thing that is not in order between the contracts and what is published of them."""

from enum import StrEnum

from contracts.base import Part
from contracts.evolution.advice import Explained
from contracts.evolution.change import Verdict


class Concern(StrEnum):
    """What is not in order."""

    NEW = "not published yet"
    CHANGED = "not as it was published"
    GONE = "published and gone"
    NO_MIGRATION = "leads to no newer version"
    NO_SAMPLE = "no stored value to try"
    UNREADABLE = "a stored value is not read"
    MIGRATION_FAILS = "a stored value does not migrate"


class Finding(Part):
    """What somebody has to do about one contract, and why."""

    contract: str
    """For example `Draft@1`."""

    concern: Concern
    message: str
    file: str = ""
    """The file that declares it; empty where no class is left."""

    verdict: Verdict | None = None
    """What the changes take together; None where nothing was compared."""

    changes: tuple[Explained, ...] = ()
    digests: str = ""
    """Whether the same content is addressed as before."""

    routes: str = ""
    """Which rules and gates have to be checked again."""

    runs: str = ""
    """What becomes of runs that go on."""

    steps: tuple[str, ...] = ()
    """What to do, in order."""


def may_publish(finding: Finding, *, readers_first: bool) -> bool:
    """Tell whether publishing settles a finding.

    Args:
        finding: what was found.
        readers_first: somebody vouches that readers are rolled out before any writer.
    """
    match finding.concern, finding.verdict:
        case (Concern.NEW, _) | (Concern.CHANGED, Verdict.COMPATIBLE):
            return True
        case Concern.CHANGED, Verdict.READERS_FIRST:
            return readers_first
        case _:
            return False
