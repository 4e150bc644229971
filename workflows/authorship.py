"""Who wrote values by hand, for gates at which nobody approves what is their own work."""

from collections.abc import Iterable, MutableMapping
from typing import Final

from contracts.reference import Reference
from workflows.gates import person
from workflows.names import version

Authors = MutableMapping[str, tuple[str, ...]]
"""Who wrote a version, `draft:2`, in the order in which they did."""

FIRST: Final = 1
"""The version of an input that whoever starts a run is taken for the author of."""


def credit(authors: Authors, made: Reference, who: str, *, is_edit: bool) -> None:
    """Name who wrote a version by hand; an edit is also the work of those who wrote before."""
    before = version(made.slot, made.ordinal - 1) if is_edit else ""
    known = (*authors.get(before, ()), *authors.get(made.version, ()), who)
    authors[made.version] = tuple(dict.fromkeys(known))


def begun_by(authors: Authors, inputs: Iterable[str], who: str) -> None:
    """Name who started a run, where somebody said so."""
    for slot in inputs if who else ():
        first = version(slot, FIRST)
        authors[first] = tuple(dict.fromkeys((*authors.get(first, ()), who)))


def barred(authors: Authors, inputs: Iterable[str], shown: Iterable[Reference]) -> frozenset[str]:
    """List who may not approve what is shown, as `person` writes them."""
    versions = (*(version(slot, FIRST) for slot in inputs), *(held.version for held in shown))
    return frozenset(person(who) for each in versions for who in authors.get(each, ()))
