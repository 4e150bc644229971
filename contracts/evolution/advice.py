"""What a change means for everyone who reads the contract, and what somebody has to do about it."""

from collections.abc import Iterable
from typing import Final

from contracts.base import Contract, Part
from contracts.evolution.change import REROUTES, REWRITES, Change, Kind, Reading, Verdict

SAMPLES: Final = "tests/unit/contracts/samples"
"""Where a checkout keeps one stored value of every published contract, `Draft@1.json`."""

CHECK: Final = "orchestra contracts check"

_STORED: Final = {
    Reading.LOSES: "they are read, and what they hold here is lost without a word",
    Reading.MAY_FAIL: "those that do not fit cannot be read any more",
    Reading.FAILS: "none of them can be read",
}
_STORED_OF_KIND: Final = {
    Kind.FIELD_ADDED: "none of them has it, so none can be read",
    Kind.FIELD_RETURNED: "they may hold under this name what it meant before",
    Kind.BECAME_REQUIRED: "those stored before the field was added lack it and cannot be read",
}
_OLDER: Final = {
    Reading.LOSES: "they read its default instead of what the new one writes",
    Reading.MAY_FAIL: "they refuse a value that makes use of it; the step fails as unreadable",
    Reading.FAILS: "they refuse whatever the new one writes; the step fails as unreadable",
}
_INSTEAD: Final = {
    Kind.FIELD_ADDED: "give it a default, and the change is compatible",
    Kind.FIELD_REMOVED: "in two releases without a new version: first give it a default, publish"
    " and roll out; then remove it",
    Kind.FIELD_RENAMED: "if it is another field: remove the one and publish, then add the other",
    Kind.FIELD_RETURNED: "choose a name that was never in use",
    Kind.BECAME_REQUIRED: "keep the default",
    Kind.TIGHTENED: "leave the contract as wide as it was, and refuse in the agent's own checks",
    Kind.VALUES_REMOVED: "leave the values allowed, and stop making them",
    Kind.MEMBER_REMOVED: "leave it allowed, and stop making it",
}


class Explained(Part):
    """A change with its meaning; a sentence is empty where there is nothing to say."""

    change: Change
    verdict: Verdict
    stored: str
    """Readers of values that were stored before."""

    older: str
    """Older programs that meet the new one's values during a roll-out."""

    instead: str
    """What would take less."""


def explain(change: Change) -> Explained:
    """Say what a change means, for each reader it matters to."""
    stored = _STORED.get(change.stored, "")
    if change.kind is Kind.DEFAULT_CHANGED:
        stored = "those without the field are read with the new default"
    needs_version = change.verdict is Verdict.NEEDS_VERSION
    return Explained(
        change=change,
        verdict=change.verdict,
        stored=_STORED_OF_KIND.get(change.kind, stored) if stored else "",
        older=_OLDER.get(change.older, ""),
        instead=_INSTEAD.get(change.kind, "") if needs_version else "",
    )


def digests(changes: Iterable[Change]) -> str:
    """Say whether the same content is addressed as before; nothing when it is."""
    rewritten = [each.path or "the value" for each in changes if each.kind in REWRITES]
    if not rewritten:
        return ""
    return (
        f"the same content is written as other bytes from now on ({', '.join(rewritten)}) and gets"
        " another digest; what is stored keeps its own"
    )


def routes(changes: Iterable[Change]) -> str:
    """Say which places rules have to be checked for again; nothing when there are none."""
    looked_at = [each.path or "the value" for each in changes if each.kind in REROUTES]
    if not looked_at:
        return ""
    return (
        f"rules, fan-outs and gates that look at {', '.join(looked_at)} were checked over what it"
        " was: check the flows again, orchestra flows check"
    )


def runs_that_go_on(verdict: Verdict, key: str, *, is_carried: bool) -> str:
    """Say what becomes of runs that were started before; `is_carried` as in `steps_of_change`."""
    match verdict:
        case Verdict.NEEDS_VERSION if is_carried:
            return f"each carries a {key} of its own, and no worker could take its next step"
        case Verdict.COMPATIBLE:
            return ""
        case Verdict.READERS_FIRST:
            return (
                "their rules were checked without the new values; one that looks at such a value"
                " takes its `else`. Raise the version of the agent that will write it, and they"
                " keep the agent they began with"
            )
        case Verdict.NEEDS_VERSION:
            return (
                f"their slots and agents are pinned to {key}; while workers have only agents of a"
                " raised version their steps wait as unavailable. Let them finish first, or keep"
                " workers of this release"
            )


def steps_to_publish(key: str) -> tuple[str, ...]:
    """List what a contract that is new takes."""
    return (
        f"Leave a stored value of it as {SAMPLES}/{key}.json.",
        f"Publish it: {CHECK} --write",
    )


def steps_of_change(
    verdict: Verdict, contract: type[Contract], newest: int, *, is_carried: bool
) -> tuple[str, ...]:
    """List what a changed contract takes, in order.

    Args:
        verdict: what the changes take together.
        contract: the class as it is now.
        newest: the newest version of the contract in the code.
        is_carried: runs carry it inline, and no migration is ever applied to it.
    """
    if verdict is Verdict.COMPATIBLE:
        return (f"Publish it as it is now: {CHECK} --write",)
    if verdict is Verdict.READERS_FIRST:
        return (
            "Release the contract alone: it allows the new values, and no agent makes them yet.",
            f"Publish it: {CHECK} --write --readers-first",
            "When every worker and gateway runs that release, let an agent of a raised version"
            " make them.",
        )
    if is_carried:
        return (
            f"Keep {contract.key()} readable: runs that go on carry it inline and nothing migrates"
            " it. Give a new field the default that means what was before.",
        )
    if contract.contract_version < newest:
        return (
            f"Restore {contract.__name__} in {file_of(contract)}: values of it are stored, and"
            f" version {newest} has taken its place.",
            f"Put the change into a version {newest + 1}.",
        )
    return _steps_of_new_version(contract)


def file_of(contract: type[Contract]) -> str:
    """Name the file that declares a contract, as seen from the project's root."""
    return f"{contract.__module__.replace('.', '/')}.py"


def _steps_of_new_version(contract: type[Contract]) -> tuple[str, ...]:
    name, version = contract.contract_name, contract.contract_version
    old, new = f"{name}@{version}", f"{name}@{version + 1}"
    return (
        f"In {file_of(contract)}, keep what is published as it was:"
        f' class {name}V{version}(Contract, name="{name}", version={version})',
        f"Beside it, put the change into class {name}(Contract, version={version + 1})",
        f'In contracts/registry.py, list both and register the migration "{old}":'
        f" a pure function from {name}V{version} to {name} that has an answer for every value.",
        f"Leave a stored value of it as {SAMPLES}/{new}.json; {old}.json stays.",
        f"Let agents and the slots of flows name {new}, and raise the version of those agents.",
        f"Publish it: {CHECK} --write",
    )
