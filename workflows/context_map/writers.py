"""Who may have made the value that crosses a border, and how far it can be trusted at the least."""

from collections.abc import Iterator, Mapping, Sequence

from contracts.compiled import CompiledFlow, CompiledStep
from contracts.content.decision import DecisionVerdict
from contracts.reference import Trust, least_trust
from workflows.context_map.parts import INPUT, MapWay, WayKind
from workflows.context_map.ways import SUPPLY, may_supply

Writers = Mapping[str, frozenset[str]]
"""By slot: the nodes that may have made its current value."""


def slot_writers(flow: CompiledFlow) -> dict[str, tuple[str, ...]]:
    """List for each slot who may ever write it: input, steps, then gates as declared."""
    found: dict[str, list[str]] = {slot: [] for slot in flow.slots}
    for slot in (*flow.input, *flow.memory):
        found[slot].append(INPUT)
    for name, step in flow.steps.items():
        found[step.writes] += [name]
    for name, gate in flow.gates.items():
        made = [slot for slot in (gate.writes, gate.edits) if slot]
        made += [
            step.writes for failed, step in flow.steps.items() if name in _helpers(flow, failed)
        ]
        for slot in dict.fromkeys(made):
            found[slot].append(name)
    return {slot: tuple(names) for slot, names in found.items()}


def step_trust(flow: CompiledFlow) -> dict[str, Trust]:
    """Work out what each step's product can be trusted with at the least.

    Trust flows with derivation, so every slot starts trusted and loses trust until nothing
    changes; what comes in or is made by a person is the operator's. How far an entry of memory can
    be trusted is not known before a run reads it.
    """
    slots = {slot: trust_at_start(flow, slot) for slot in flow.slots}
    while True:
        products = {
            name: least_trust(
                flow.agents[step.agent].trust, *(slots[slot] for slot in _read_by(step))
            )
            for name, step in flow.steps.items()
        }
        before = dict(slots)
        for name, step in flow.steps.items():
            slots[step.writes] = least_trust(slots[step.writes], products[name])
        if slots == before:
            return products


def trust_at_start(flow: CompiledFlow, slot: str) -> Trust:
    """What a slot's first value can be trusted with at the least: what is given, or remembered."""
    return Trust.UNTRUSTED if slot in flow.memory else Trust.OPERATOR


def writers_on(flow: CompiledFlow, ways: Sequence[MapWay]) -> list[Writers]:
    """Work out for each way who may have made each slot's value as it crosses there.

    A gate that answers failures is kept apart by the step that failed, for what is there to read
    depends on it. A slot that is missing holds no value on any path to the way.
    """
    arriving: dict[str, dict[str, frozenset[str]]] = {INPUT: {}}
    leaving: list[dict[str, frozenset[str]]] = [{} for _ in ways]
    changed = True
    while changed:
        changed = False
        for index, way in enumerate(ways):
            held = _held(way, arriving)
            if held is None:
                continue
            leaving[index] = {**held, **_made(flow, way, held)}
            changed |= _merge(arriving, _arrival(flow, way), leaving[index])
    return list(leaving)


def _read_by(step: CompiledStep) -> Iterator[str]:
    yield from (read.slot for read in step.reads)
    if step.each:
        yield step.each.slot


def _helpers(flow: CompiledFlow, failed: str) -> tuple[str, ...]:
    """List the gates at which a person may supply what the step did not make."""
    asked = dict.fromkeys(line.then for line in flow.steps[failed].on_failure.values())
    return tuple(
        name
        for name in asked
        if name in flow.gates
        and flow.gates[name].answers_failure
        and may_supply(flow, flow.gates[name], failed)
    )


def _arrival(flow: CompiledFlow, way: MapWay) -> str:
    gate = flow.gates.get(way.target)
    return f"{way.target}@{way.source}" if gate and gate.answers_failure else way.target


def _held(
    way: MapWay, arriving: Mapping[str, dict[str, frozenset[str]]]
) -> dict[str, frozenset[str]] | None:
    """Find what may be held where the way starts; None when nothing has come there yet."""
    if way.answers:
        return arriving.get(f"{way.source}@{way.answers}")
    states = [
        state
        for place, state in arriving.items()
        if place == way.source or place.startswith(f"{way.source}@")
    ]
    if not states:
        return None
    slots = {slot: None for state in states for slot in state}
    return {
        slot: frozenset().union(*(state.get(slot, frozenset()) for state in states))
        for slot in slots
    }


def _made(flow: CompiledFlow, way: MapWay, held: Writers) -> dict[str, frozenset[str]]:
    """Say what is written by going a way."""
    if way.source == INPUT:
        return {slot: frozenset({INPUT}) for slot in (*flow.input, *flow.memory)}
    if way.kind is WayKind.RULE:
        step = flow.steps[way.source]
        by = {way.source, *(_helpers(flow, way.source) if step.each else ())}
        return {step.writes: frozenset(by)}
    if way.answers:
        is_whole = way.rule.startswith(SUPPLY) and not flow.steps[way.answers].each
        return {flow.steps[way.answers].writes: frozenset({way.source})} if is_whole else {}
    return _decided(flow, way, held) if way.verdicts else {}


def _decided(flow: CompiledFlow, way: MapWay, held: Writers) -> dict[str, frozenset[str]]:
    """Say what a person's verdict writes: itself, and the edited value when there is one."""
    gate = flow.gates[way.source]
    assert gate.writes is not None, "only a gate that writes a decision takes verdicts"
    person = frozenset({way.source})
    made = {gate.writes: person}
    if gate.edits and DecisionVerdict.EDITED in way.verdicts:
        before = held.get(gate.edits, frozenset())
        made[gate.edits] = person if len(way.verdicts) == 1 else person | before
    return made


def _merge(arriving: dict[str, dict[str, frozenset[str]]], place: str, state: Writers) -> bool:
    known = arriving.get(place)
    if known is None:
        arriving[place] = dict(state)
        return True
    changed = False
    for slot, names in state.items():
        both = known.get(slot, frozenset()) | names
        changed |= both != known.get(slot)
        known[slot] = both
    return changed
