"""Whether every name in a flow means something: agents, slots, contracts, inputs, targets."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from contracts.agent import AgentDeclaration, AgentKind
from contracts.base import Contract
from contracts.flow import FlowDocument, Gate, Read, Remember, Rule, Step
from contracts.registry import Registry
from workflows.checking.finding import Finding, Place
from workflows.checking.types import PathError, list_at

Agents = Mapping[str, AgentDeclaration]

UNTYPED: Final = "?"
"""The type of a slot whose contract nobody knows; that is told once, and no more of it."""

DECISIONS: Final = ("Decision@1", "Decision@2")
"""What a gate may write; only the second has comments, and names several who decided."""


def check_names(document: FlowDocument, agents: Agents, registry: Registry) -> Iterator[Finding]:
    """Find names that nothing answers to, and types that do not meet."""
    slots = {
        name: kind if _contract(kind) in registry.contracts else UNTYPED
        for name, kind in document.types.items()
    }
    yield from _slot_types(document, registry)
    yield from _ordinary(document, ("start",), document.start)
    for name, node in document.steps.items():
        if isinstance(node, Gate):
            yield from _gate(document, name, node, slots)
        else:
            yield from _step(document, name, node, agents, slots, registry)
    for name, end in document.ends.items():
        if end.output:
            yield from _slot(("ends", name, "output"), end.output, slots)
    for key, line in document.on_failure.items():
        if line.then:
            yield from _target(document, ("on_failure", key, "then"), line.then)


def _contract(kind: str) -> str:
    return kind[1:-1] if kind.startswith("[") and kind.endswith("]") else kind


def each_of(step: Step) -> tuple[str, str, str] | None:
    """Read `part in outline.sections` as variable, slot and path; None when it is not that."""
    match = re.fullmatch(r"([a-z][a-z0-9_]*) in ([a-z][a-z0-9_]*)\.([a-z0-9_.]+)", step.each or "")
    return (match[1], match[2], match[3]) if match else None


def _slot_types(document: FlowDocument, registry: Registry) -> Iterator[Finding]:
    for section, types in (("input", document.input), ("slots", document.slots)):
        for name, kind in types.items():
            contract = _contract(kind)
            if contract not in registry.contracts:
                yield unknown("FO204", (section, name), contract, registry.contracts, "contract")
            elif section == "input" and kind != contract:
                yield Finding(
                    code="FO204",
                    place=(section, name),
                    message=f"input {name} is a list, and a run starts with single values",
                    remedy=f"Declare it as {contract}.",
                )


def _step(
    document: FlowDocument,
    name: str,
    step: Step,
    agents: Agents,
    slots: Mapping[str, str],
    registry: Registry,
) -> Iterator[Finding]:
    here: Place = ("steps", name)
    yield from _rules(document, here, step.next)
    for key, line in step.on_failure.items():
        if line.then:
            yield from _target(document, (*here, "on_failure", key, "then"), line.then)
    if isinstance(step, Remember) and step.remember not in document.memory:
        return  # told where memory is checked
    agent = agents.get(step.agent)
    if step.partial:
        yield from _ordinary(document, (*here, "partial", "to"), step.partial.to)
    if agent is None:
        # Of a sub-flow whoever resolves flows says more.
        if step.flow is None:
            yield unknown("FO201", (*here, "agent"), step.agent, agents, "agent")
        return
    yield from _fan_out(here, step, agent, slots, registry)
    yield from _reads(here, step, agent, slots, registry)
    yield from _writes(here, document, step, agent, slots)
    for key, line in step.on_failure.items():
        if line.repair and agent.kind is not AgentKind.MODEL:
            yield Finding(
                code="FO215",
                place=(*here, "on_failure", key),
                message=f"{step.agent} asks no model, so there is nothing to repair",
                remedy="Drop repair from this line.",
            )


def _fan_out(
    here: Place,
    step: Step,
    agent: AgentDeclaration,
    slots: Mapping[str, str],
    registry: Registry,
) -> Iterator[Finding]:
    if step.each is None:
        return
    parsed = each_of(step)
    place = (*here, "each")
    if parsed is None:
        yield _finding("FO209", place, f"{step.each!r} is no fan-out", "Write: item in slot.field")
        return
    variable, slot, path = parsed
    if slots.get(slot) == UNTYPED:
        return
    contract = registry.contracts.get(slots.get(slot, ""))
    if contract is None:
        yield from _slot(place, slot, slots)
        if slot in slots:
            yield _finding("FO209", place, f"{slot} is a list slot", "Walk a field of one value.")
        return
    try:
        found = list_at(contract, path)
    except PathError as error:
        yield _finding("FO209", place, str(error), "Name a list field of that contract.")
        return
    if found.at_most is None or found.at_least < 1:
        message = f"{slot}.{path} has no bounds, so the fan-out has none"
        yield _finding("FO209", place, message, "Give the field min_length 1 and a max_length.")
    if "id" not in found.element.model_fields:
        message = f"what {slot}.{path} lists has no `id` to tell items by"
        remedy = "Walk a list whose elements have one, or give their contract a field `id`."
        yield _finding("FO209", place, message, remedy)
    wanted = f"{slots[slot]}.{path}[]"
    whole = found.element.key() if issubclass(found.element, Contract) else wanted
    if agent.receives.get(variable) not in (wanted, whole):
        yield _finding("FO207", place, *_no_such_item(agent, variable, wanted, f"{slot}.{path}"))


def _no_such_item(
    agent: AgentDeclaration, variable: str, wanted: str, walked: str
) -> tuple[str, str]:
    """Say that an agent takes no such item under a name, and under which it does."""
    declared = agent.receives.get(variable)
    told = f"receives {variable!r} as {declared}" if declared else f"has no input {variable!r}"
    fitting = [name for name, kind in agent.receives.items() if kind == wanted]
    items = [kind for kind in agent.receives.values() if kind.endswith("[]")]
    if fitting:
        remedy = f"Write: {fitting[0]} in {walked}"
    elif items:
        remedy = f"Walk {' or '.join(items)}, which {agent.name} takes item by item."
    else:
        remedy = f"Drop `each`: {agent.name} takes whole values. Or use an agent that takes items."
    return f"{agent.name} {told}, and this hands it {wanted}", remedy


def _reads(
    here: Place,
    step: Step,
    agent: AgentDeclaration,
    slots: Mapping[str, str],
    registry: Registry,
) -> Iterator[Finding]:
    parsed = each_of(step)
    variable = parsed[0] if parsed else None
    given = {read.input for read in step.reads} | ({variable} if variable else set())
    seen: set[str] = set()
    for ordinal, read in enumerate(step.reads):
        place = (*here, "reads", ordinal)
        if read.input in seen:
            message = f"{step.agent} is given {read.input!r} twice"
            yield _finding("FO206", place, message, "Keep one of the two.")
        elif read.input != variable:
            yield from _read(place, step, read, agent, slots, registry)
        seen.add(read.input)
    for name in agent.receives:
        if name not in given and name not in agent.optional:
            yield _finding(
                "FO205",
                (*here, "reads"),
                f"{step.agent} needs {name!r} and does not get it",
                f"Add {name} to reads, or {{{name}: slot}} when the slot has another name.",
            )


def _reads_as(held: str, wanted: str, registry: Registry) -> bool:
    """Whether a slot's values reach a reader as it wants them: as they are, or migrated on read."""
    as_list = held.startswith("[")
    same_shape = as_list == wanted.startswith("[")
    return same_shape and registry.migrates(_contract(held), _contract(wanted))


def _read(
    place: Place,
    step: Step,
    read: Read,
    agent: AgentDeclaration,
    slots: Mapping[str, str],
    registry: Registry,
) -> Iterator[Finding]:
    if read.slot not in slots:
        yield from _slot(place, read.slot, slots)
        return
    wanted = agent.receives.get(read.input)
    if wanted is None:
        yield unknown("FO206", place, read.input, agent.receives, f"input of {step.agent}")
    elif slots[read.slot] != UNTYPED and not _reads_as(slots[read.slot], wanted, registry):
        yield _finding(
            "FO207",
            place,
            f"{step.agent} receives {read.input!r} as {wanted}, and {read.slot} is"
            f" {slots[read.slot]}",
            "Read another slot, or use an agent that takes this contract.",
        )
    elif read.optional and read.input not in agent.optional:
        yield _finding(
            "FO206",
            place,
            f"{step.agent} cannot do without {read.input!r}",
            "Drop the question mark.",
        )


def _writes(
    here: Place,
    document: FlowDocument,
    step: Step,
    agent: AgentDeclaration,
    slots: Mapping[str, str],
) -> Iterator[Finding]:
    place = (*here, "writes")
    made = f"[{agent.produces}]" if step.each else agent.produces
    if step.writes in document.input:
        yield _finding("FO208", place, f"{step.writes} is an input", "Write to a slot of its own.")
    elif step.writes in document.memory:
        message = f"{step.writes} holds what memory had at the start"
        remedy = f"Write to a slot of its own, and from there with `remember: {step.writes}`."
        yield _finding("FO208", place, message, remedy)
    elif step.writes not in slots:
        yield from _slot(place, step.writes, slots)
    elif slots[step.writes] not in (made, UNTYPED):
        yield _finding(
            "FO208",
            place,
            f"{step.agent} produces {made}, and {step.writes} is {slots[step.writes]}",
            f"Declare the slot as {made}, or write to another.",
        )


def _gate(
    document: FlowDocument, name: str, gate: Gate, slots: Mapping[str, str]
) -> Iterator[Finding]:
    here: Place = ("steps", name)
    for ordinal, read in enumerate(gate.shows):
        yield from _shown((*here, "shows", ordinal), read, slots)
    for key, written in (("writes", gate.writes), ("edits", gate.edits)):
        if written:
            yield from _slot((*here, key), written, slots)
    if gate.writes and slots.get(gate.writes, UNTYPED) not in (*DECISIONS, UNTYPED):
        message = f"a gate writes a decision, and {gate.writes} is {slots[gate.writes]}"
        yield _finding("FO216", (*here, "writes"), message, "Declare the slot as Decision@2.")
    if gate.edits:
        yield from _edits((*here, "edits"), gate.edits, gate.shows, slots)
    yield from _rules(document, here, gate.next)
    yield from _ordinary(document, (*here, "on_deadline"), gate.on_deadline.to)
    fails = sum(end.outcome == "failed" for end in document.ends.values())
    if gate.on_deadline.at_most and fails != 1:
        count = "no end does" if fails == 0 else f"{fails} ends do"
        message = f"once this deadline is used up the run has to end as failed, and {count}"
        none = "Declare an end whose outcome is failed, or drop at_most."
        remedy = none if fails == 0 else "Keep one end whose outcome is failed, or drop at_most."
        yield _finding("FO218", (*here, "on_deadline"), message, remedy)
    if gate.stop:
        yield from _ordinary(document, (*here, "stop"), gate.stop)
    for ordinal, target in enumerate(gate.go):
        yield from _ordinary(document, (*here, "go", ordinal), target)


def _edits(
    place: Place, slot: str, shows: Sequence[Read], slots: Mapping[str, str]
) -> Iterator[Finding]:
    shown = [read for read in shows if read.slot == slot]
    if not shown:
        message = f"{slot} can be edited here and is not shown"
        yield _finding("FO216", place, message, "Add it to shows.")
    elif all(read.optional for read in shown):
        message = f"{slot} can be edited here and is not always shown"
        yield _finding("FO216", place, message, "Drop its question mark in shows.")
    if slots.get(slot, "").startswith("["):
        message = f"{slot} is a list of values, and a person edits one"
        yield _finding("FO216", place, message, "Let a step make one value of it, and edit that.")


def _shown(place: Place, read: Read, slots: Mapping[str, str]) -> Iterator[Finding]:
    yield from _slot(place, read.slot, slots)
    if read.input != read.slot:
        message = f"a gate shows {read.slot} by its own name, not as {read.input!r}"
        yield _finding("FO216", place, message, f"Write {read.slot}.")


def _rules(document: FlowDocument, here: Place, rules: Sequence[Rule]) -> Iterator[Finding]:
    for ordinal, rule in enumerate(rules):
        yield from _ordinary(document, (*here, "next", ordinal), rule.target)


def _ordinary(document: FlowDocument, place: Place, name: str) -> Iterator[Finding]:
    """Check the target of a way that no failure takes."""
    yield from _target(document, place, name)
    node = document.steps.get(name)
    if isinstance(node, Gate) and node.answers:
        message = f"{name} answers failures, and this way brings it none"
        yield _finding("FO217", place, message, "Let only failure plans lead there.")


def _target(document: FlowDocument, place: Place, name: str) -> Iterator[Finding]:
    known = {**document.steps, **document.ends}
    if name not in known:
        yield unknown("FO203", place, name, known, "step, gate or end")


def _slot(place: Place, name: str, slots: Mapping[str, str]) -> Iterator[Finding]:
    if name not in slots:
        yield unknown("FO202", place, name, slots, "slot")


def unknown(code: str, place: Place, name: str, known: Mapping[str, object], what: str) -> Finding:
    """Say that nothing answers to a name, and which names are near it."""
    near = get_close_matches(name, known, 1)
    remedy = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(sorted(known))}."
    return _finding(code, place, f"there is no {what} {name!r}", remedy)


def _finding(code: str, place: Place, message: str, remedy: str) -> Finding:
    return Finding(code=code, place=place, message=message, remedy=remedy)
