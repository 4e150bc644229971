"""Random flows over random contracts: loops, fan-out, branches, gates, failure plans, publishing.

A flow is drawn as a line of nodes, each reading mostly what earlier ones wrote, with ways that
skip ahead and ways that go back; so about half of them are sound.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits, planned_kinds
from contracts.flow import FlowDocument
from contracts.reference import Trust
from contracts.registry import Registry
from tests.prove.conditions import random_condition, random_verdict

KINDS: Final = tuple(kind.value for kind in planned_kinds(AgentKind.MODEL))


@dataclass
class Drawn:
    """A random flow, and the agents that its steps name."""

    document: FlowDocument
    agents: dict[str, AgentDeclaration]


@dataclass
class Sketch:
    """A flow while it is being drawn."""

    random: Random
    registry: Registry
    nodes: list[str]
    slots: dict[str, str]
    steps: dict[str, Any] = field(default_factory=dict)
    agents: dict[str, AgentDeclaration] = field(default_factory=dict)
    reports: list[str] = field(default_factory=list)
    """Slots that some report or decision is about."""

    helps: bool = False

    def chance(self, share: float) -> bool:
        """Decide by lot."""
        return self.random.random() < share

    def single(self) -> list[str]:
        """Slots that hold one value."""
        return [slot for slot, kind in self.slots.items() if not kind.startswith("[")]

    def after(self, at: int) -> str:
        """Where the line goes on."""
        return self.nodes[at + 1] if at + 1 < len(self.nodes) else "done"

    def ahead(self, at: int) -> str:
        """Some node further down the line, or an end."""
        return self.random.choice([*self.nodes[at + 1 : at + 3], "failed"])

    def back(self, at: int) -> str:
        """Some node that the line has passed, or this one."""
        return self.random.choice(self.nodes[max(0, at - 4) : at + 1])


def random_flow(random: Random, registry: Registry, most_steps: int = 8) -> Drawn:
    """Draw one flow."""
    kinds = [key for key in registry.contracts if key != "Decision@2"]
    nodes = [f"n{number}" for number in range(random.randint(2, most_steps))]
    sketch = Sketch(random, registry, nodes, {"start": random.choice(kinds)})
    sketch.helps = sketch.chance(0.6)
    for at, name in enumerate(nodes):
        if at and sketch.chance(0.15):
            _gate(sketch, at, name)
        elif at == len(nodes) - 1 and sketch.chance(0.6):
            _publish(sketch, at, name, kinds)
        else:
            _step(sketch, at, name, kinds)
    if sketch.helps:
        sketch.steps["help"] = _help(sketch)
    return Drawn(_document(sketch), sketch.agents)


def _document(sketch: Sketch) -> FlowDocument:
    made = [slot for slot in sketch.slots if slot != "start"]
    last = str(sketch.steps[sketch.nodes[-1]]["writes"])
    ends: dict[str, Any] = {
        "done": {"outcome": "succeeded", "output": sketch.random.choice([*made, *[last] * 9])},
        "failed": {"outcome": "failed"},
    }
    if any(node.get("on_deadline") == {"to": "late"} for node in sketch.steps.values()):
        ends["late"] = {"outcome": "expired"}
    return FlowDocument.model_validate(
        {
            "flow": "drawn",
            "version": 1,
            "summary": "A random flow.",
            "input": {"start": sketch.slots["start"]},
            "slots": {slot: sketch.slots[slot] for slot in made},
            "budget": {"model_calls": 10**6, "tokens": 10**9, "usd": 0, "working_time": "1d"},
            "on_failure": _shared_plan(sketch),
            "start": sketch.nodes[0],
            "steps": sketch.steps,
            "ends": ends,
        }
    )


def _shared_plan(sketch: Sketch) -> dict[str, Any]:
    plan: dict[str, Any] = {"otherwise": {"then": "failed"}}
    if sketch.helps:
        plan["refused"] = {"then": "help", "at_most": sketch.random.randint(1, 2)}
        plan["malformed"] = {"repair": 1, "then": "help", "at_most": 1}
    return plan


def _help(sketch: Sketch) -> dict[str, Any]:
    deadline = sketch.random.choice(["failed", "failed", "failed", sketch.nodes[-1]])
    allow = sketch.random.choice([["retry", "stop"], ["retry", "supply", "stop"], ["stop"]])
    places = [sketch.random.choice(["failed", *sketch.nodes])] if sketch.chance(0.25) else []
    return {
        "gate": "operator",
        "answers": "failure",
        "allow": [*allow, *(["go"] if places else [])],
        "go": places,
        "stop": "failed",
        "deadline": "1h",
        "on_deadline": {"to": deadline},
    }


def _publish(sketch: Sketch, at: int, name: str, kinds: Sequence[str]) -> None:
    spoken_for = [slot for slot in sketch.reports if slot in sketch.slots]
    chosen = spoken_for if spoken_for and sketch.chance(0.85) else list(sketch.slots)
    subject = sketch.random.choice(chosen)
    sketch.slots["out"] = sketch.random.choice(kinds)
    receives = {subject: sketch.slots[subject]}
    sketch.agents[f"a_{name}"] = AgentDeclaration(
        name=f"a_{name}",
        version=1,
        kind=AgentKind.CODE,
        summary="publishes",
        receives=receives,
        produces=sketch.slots["out"],
        optional=(subject,) if sketch.chance(0.2) else (),
        about=(subject,) if sketch.chance(0.5) else (),
        publishes=True,
    )
    sketch.steps[name] = {
        "agent": f"a_{name}",
        "reads": [_spelt(sketch, subject, sketch.agents[f"a_{name}"])],
        "writes": "out",
        "next": sketch.after(at),
    }


def _step(sketch: Sketch, at: int, name: str, kinds: Sequence[str]) -> None:
    random = sketch.random
    each = _walked(sketch) if sketch.chance(0.15) else ""
    again = [s for s in sketch.single() if s != "start" and not s.startswith("d")]
    reads = _reads(sketch)
    if again and not each and sketch.chance(0.25):
        writes = random.choice(again)
        produces = sketch.slots[writes]
        if sketch.chance(0.6) and writes not in reads:
            reads[writes] = writes
    else:
        writes, produces = f"s{at}", random.choice(kinds)
        sketch.slots[writes] = f"[{produces}]" if each else produces
    agent = _agent(sketch, name, reads, produces, each)
    sketch.agents[agent.name] = agent
    step: dict[str, Any] = {
        "agent": agent.name,
        "reads": [_spelt(sketch, slot, agent) for slot in reads],
        "writes": writes,
        "next": _rules(sketch, at, writes),
        "on_failure": _own_plan(sketch, at, agent),
    }
    if each:
        step["each"] = f"part in {each}.pieces"
    sketch.steps[name] = step


def _reads(sketch: Sketch) -> dict[str, str]:
    known = list(sketch.slots)
    recent = known[-2:]
    chosen = [
        sketch.random.choice(recent if sketch.chance(0.6) else known)
        for _ in range(sketch.random.randint(1, 3))
    ]
    return dict.fromkeys(chosen, "")


def _spelt(sketch: Sketch, slot: str, agent: AgentDeclaration) -> object:
    if slot in agent.optional and sketch.chance(0.8):
        return f"{slot}?"
    return {"slot": slot, "stale": "allowed"} if sketch.chance(0.06) else slot


def _walked(sketch: Sketch) -> str:
    registry = sketch.registry
    found = [
        slot
        for slot in sketch.single()
        if "pieces" in registry.contracts[sketch.slots[slot]].model_fields
    ]
    return sketch.random.choice(found) if found else ""


def _agent(
    sketch: Sketch, name: str, reads: dict[str, str], produces: str, each: str
) -> AgentDeclaration:
    random = sketch.random
    receives = {slot: sketch.slots[slot] for slot in reads}
    if each:
        receives["part"] = f"{sketch.slots[each]}.pieces[]"
    asks = sketch.chance(0.5)
    about = (random.choice(list(reads)),) if sketch.chance(0.3) and not each else ()
    verifies = bool(about) and sketch.chance(0.7)
    if verifies:
        sketch.reports += about
    return AgentDeclaration(
        name=f"a_{name}",
        version=1,
        kind=AgentKind.MODEL if asks else AgentKind.CODE,
        summary="draws lots",
        receives=receives,
        optional=tuple(slot for slot in reads if slot not in about and sketch.chance(0.25)),
        produces=produces,
        about=about,
        verifies=verifies,
        vouches_when=random_verdict(random, sketch.registry.get(produces)) if verifies else "",
        trust=random.choice([Trust.OPERATOR, Trust.MODEL, Trust.UNTRUSTED]),
        model="writer" if asks else "",
        rungs=("free",) if asks else (),
        limits=AgentLimits(
            questions=random.randint(1, 3) if asks else 0,
            prompt_tokens=random.randint(10, 500) if asks else 0,
            answer_tokens=random.randint(10, 100) if asks else 0,
        ),
    )


def _rules(sketch: Sketch, at: int, writes: str) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    while sketch.chance(0.4) and len(rules) < 3:
        slots = [writes] if sketch.chance(0.75) else sketch.single()
        condition = random_condition(sketch.random, sketch.registry, sketch.slots, slots)
        if condition:
            rules.append({"when": condition, **_target(sketch, at)})
    return [*rules, {"else": sketch.after(at)}]


def _target(sketch: Sketch, at: int) -> dict[str, Any]:
    if sketch.chance(0.4):
        counted = {"at_most": sketch.random.randint(1, 2)} if sketch.chance(0.96) else {}
        return {"to": sketch.back(at), **counted}
    counted = {"at_most": 1} if sketch.chance(0.2) else {}
    return {"to": sketch.ahead(at), **counted}


def _own_plan(sketch: Sketch, at: int, agent: AgentDeclaration) -> dict[str, Any]:
    plan: dict[str, Any] = {}
    while sketch.chance(0.2):
        kind = sketch.random.choice(KINDS)
        line: dict[str, Any] = {"then": sketch.ahead(at)}
        if sketch.chance(0.3):
            line = {"then": sketch.back(at), "at_most": sketch.random.randint(1, 2)}
        if agent.kind is AgentKind.MODEL and sketch.chance(0.3):
            line["repair"] = 1
        if agent.kind is AgentKind.MODEL and sketch.chance(0.3):
            line["fall_back"] = {"model": "judge"}
        plan[kind] = line
    return plan


def _gate(sketch: Sketch, at: int, name: str) -> None:
    random = sketch.random
    shows = list(_reads(sketch))
    decisions = [slot for slot in sketch.slots if slot.startswith("d")]
    writes = random.choice(decisions) if decisions and sketch.chance(0.3) else f"d{at}"
    sketch.slots[writes] = "Decision@2"
    plain = [s for s in shows if s in sketch.single() and sketch.slots[s] != "Decision@2"]
    edits = random.choice(plain) if plain and sketch.chance(0.5) else None
    rules: list[dict[str, Any]] = [
        {"when": f"{writes}.verdict == 'approve'", "to": sketch.after(at)}
    ]
    if edits:
        rules.append({"when": f"{writes}.verdict == 'edited'", **_target(sketch, at)})
    if sketch.chance(0.4):
        rules.append({"when": f"{writes}.verdict == 'revise'", **_target(sketch, at)})
    gate: dict[str, Any] = {
        "gate": "editor",
        "shows": [f"{slot}?" if slot != edits and sketch.chance(0.1) else slot for slot in shows],
        "writes": writes,
        "deadline": "1h",
        "on_deadline": {"to": "late"} if sketch.chance(0.85) else _target(sketch, at),
        "next": [*rules, {"else": random.choice(["failed", "failed", sketch.after(at)])}],
    }
    sketch.reports += [slot for slot in shows if slot != edits]
    sketch.steps[name] = {**gate, "edits": edits} if edits else gate
