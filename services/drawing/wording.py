"""How numbers and names of a map are put into words."""

from collections.abc import Iterable
from typing import Final

from contracts.compiled import CompiledBudget
from contracts.flow import OTHERWISE
from contracts.long_term import Merge
from workflows.context_map.parts import (
    INPUT,
    GateNode,
    MapBranch,
    MapEntry,
    MapRead,
    MapRemembered,
)

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def duration(seconds: int) -> str:
    """Write a time in the largest unit that leaves no rest, as flow files do: `72h`, `90s`."""
    size, unit = next(each for each in _UNITS if seconds % each[0] == 0)
    if unit == "d" and seconds < 4 * size:
        size, unit = _UNITS[1]
    return f"{seconds // size}{unit}"


def place(name: str) -> str:
    """Write the name of a node; what a run starts with is no name of a flow file."""
    return "input" if name == INPUT else name


def listed(names: Iterable[str]) -> str:
    """Write names as `a, b, c`."""
    return ", ".join(map(place, names))


def either(names: Iterable[str]) -> str:
    """Write names as `a, b or c`."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def read(read: MapRead) -> str:
    """Write what is read as flow files do, `decision?`, and the reader's own name for it."""
    name = read.slot if read.input == read.slot else f"{read.slot} as {read.input}"
    if read.contract.endswith("[]"):
        name = read.input
    return f"{name}{'?' if read.optional else ''}{' (old too)' if read.stale_allowed else ''}"


def remembered(kept: MapRemembered) -> str:
    """Write what a step does to memory: `into brand.voice, united with others' changes`."""
    merges = {Merge.UNION: ", united with others' changes", Merge.REPLACE: ", over others' changes"}
    return f"into {kept.entry}{merges[kept.merge] if kept.merge else ''}"


def beside(branch: MapBranch) -> str:
    """Say of which block a step is, and what is worked on meanwhile."""
    return f"branch {branch.branch} of {branch.block}, beside {', '.join(branch.beside)}"


def entry(kept: MapEntry) -> str:
    """Write what a run finds in memory: `voice = brand.voice`, with `?` where it may be gone."""
    return f"{kept.slot} = {kept.entry}{'?' if kept.optional else ''}"


def kinds(kinds: Iterable[str]) -> str:
    """Write kinds of failure as `truncated, malformed`."""
    return ", ".join("anything else" if kind == OTHERWISE else kind for kind in kinds)


def times(count: int) -> str:
    """Write how often something happens."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def budget(budget: CompiledBudget) -> str:
    """Write what no run may exceed."""
    return (
        f"Budget of a run: model calls {budget.model_calls:,}, tokens {budget.tokens:,},"
        f" money ${budget.microusd / 1_000_000:,.2f}, work {duration(budget.working_seconds)}"
    )


def asking(gate: GateNode) -> list[str]:
    """Say who has to approve at a gate, and who is reminded or asked later."""
    told = []
    if gate.approvers:
        many = "all" if gate.approvers.need == len(gate.approvers.of) else str(gate.approvers.need)
        author = ", not the author" if gate.approvers.not_author else ""
        told.append(f"{many} of {', '.join(gate.approvers.of)} approve{author}")
    if gate.remind:
        told.append(f"reminder after {', '.join(duration(each) for each in gate.remind)}")
    told += [f"after {duration(each.after)}: the {each.to}" for each in gate.escalate]
    return told
