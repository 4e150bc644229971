"""Context maps to draw: the shipped one, some by hand, some at random, one full of bad names."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.agent import AgentKind
from contracts.compiled import CompiledBudget
from contracts.reference import Trust
from contracts.registry import CONTRACTS
from services.catalogue import catalogue
from services.flows import shelf
from services.settings import Settings
from workflows.context_map.build import context_map
from workflows.context_map.fields import field_names
from workflows.context_map.parts import (
    INPUT,
    ContextMap,
    EndNode,
    GateNode,
    InputNode,
    MapBound,
    MapCrossing,
    MapEach,
    MapFailure,
    MapLoop,
    MapNode,
    MapRead,
    MapReader,
    MapSlot,
    MapWay,
    MapWrite,
    ReadAs,
    StepNode,
    WayKind,
)

HOSTILE: Final = """<script>alert("1")</script> & 'quoted' \u0007 `code` #35; ]]> --> {{x}} | $$"""
"""Text that is markup, an entity, a control character, Mermaid's syntax and a formula."""

BUDGET: Final = CompiledBudget(model_calls=1, tokens=1_000, microusd=10_000, working_seconds=60)


def article() -> ContextMap:
    """Build the map of the shipped article flow."""
    flow = shelf.load(catalogue(Settings.from_environ({}))).get("article")
    return context_map(flow, field_names(flow, CONTRACTS))


def note(slot: str) -> MapRead:
    """Read a slot with a note in it."""
    return MapRead(input=slot, slot=slot, contract="Note@1", fields=("text", "score"))


def made(slot: str) -> MapWrite:
    """Write a note."""
    return MapWrite(slot=slot, contract="Note@1", fields=("text", "score"))


def step(name: str, reads: Sequence[str], writes: str, *, model: bool = True) -> StepNode:
    """Make a step of an agent that is named like it."""
    return StepNode(
        name=name,
        agent=f"{name}_agent",
        agent_version=1,
        agent_kind=AgentKind.MODEL if model else AgentKind.CODE,
        model_alias="writer" if model else "",
        trust=Trust.MODEL if model else Trust.UNTRUSTED,
        reads=tuple(map(note, reads)),
        writes=made(writes),
    )


def gate(name: str, shows: Sequence[str], writes: str, edits: str) -> GateNode:
    """Make a gate at which an editor decides and may edit."""
    return GateNode(
        name=name,
        role="editor",
        shows=tuple(map(note, shows)),
        writes=made(writes),
        edits=made(edits),
        deadline=172_800,
    )


def rule(source: str, target: str, text: str = "", at_most: int | None = None) -> MapWay:
    """Make a way that a step takes."""
    context = (MapCrossing(**note("draft").model_dump(), written_by=(source,), trust=Trust.MODEL),)
    return MapWay(
        source=source,
        target=target,
        kind=WayKind.RULE,
        rule=text,
        at_most=at_most,
        goes_back=at_most is not None,
        context=context,
    )


def answer(source: str, target: str, text: str, at_most: int | None = None) -> MapWay:
    """Make a way that a person takes."""
    return rule(source, target, text, at_most).model_copy(update={"kind": WayKind.ANSWER})


def failing(source: str, target: str, *failures: MapFailure) -> MapWay:
    """Make a way that failures lead."""
    return MapWay(source=source, target=target, kind=WayKind.FAILURE, failures=failures)


def late(source: str, target: str) -> MapWay:
    """Make the way of a deadline."""
    return MapWay(source=source, target=target, kind=WayKind.DEADLINE)


def slots(nodes: Sequence[MapNode]) -> tuple[MapSlot, ...]:
    """List the slots that nodes read and write."""
    writers: dict[str, list[str]] = {}
    readers: dict[str, list[MapReader]] = {}
    for node in nodes:
        for slot in _writes(node):
            writers.setdefault(slot, []).append(node.name)
        for slot in _reads(node):
            reader = MapReader(node=node.name, read_as=ReadAs(node.kind))
            readers.setdefault(slot, []).append(reader)
    return tuple(
        MapSlot(
            name=slot,
            contract="Note@1",
            fields=("text", "score"),
            trust=Trust.MODEL,
            written_by=tuple(names),
            read_by=tuple(readers.get(slot, ())),
        )
        for slot, names in writers.items()
    )


def _writes(node: MapNode) -> list[str]:
    match node:
        case InputNode(writes=writes):
            return [each.slot for each in writes]
        case StepNode(writes=written):
            return [written.slot]
        case GateNode(writes=written, edits=edited):
            return [each.slot for each in (written, edited) if each]
        case _:
            return []


def _reads(node: MapNode) -> list[str]:
    match node:
        case StepNode(reads=reads) | GateNode(shows=reads):
            return [each.slot for each in reads]
        case EndNode(output=MapRead() as output):
            return [output.slot]
        case _:
            return []


def sketched(name: str, nodes: Sequence[MapNode], ways: Sequence[MapWay]) -> ContextMap:
    """Put a map together; its loops are the ways that go back."""
    loops = tuple(
        MapLoop(
            nodes=(way.target, way.source),
            bounds=(
                MapBound(
                    source=way.source, target=way.target, rule=way.rule, at_most=way.at_most or 1
                ),
            ),
        )
        for way in ways
        if way.goes_back
    )
    return ContextMap(
        flow=name,
        version=1,
        summary=f"What {name} is for.",
        budget=BUDGET,
        nodes=tuple(nodes),
        ways=tuple(ways),
        slots=slots(nodes),
        loops=loops,
    )


def smallest() -> ContextMap:
    """Make a flow of one step."""
    nodes: list[MapNode] = [
        InputNode(writes=(made("brief"),)),
        step("write", ["brief"], "draft"),
        EndNode(name="done", outcome="succeeded", output=note("draft")),
        EndNode(name="failed", outcome="failed"),
    ]
    ways = [
        rule(INPUT, "write"),
        rule("write", "done"),
        failing("write", "failed", MapFailure(kind="otherwise")),
    ]
    return sketched("smallest", nodes, ways)


def campaign() -> ContextMap:
    """Make a flow with a fan-out, loops in loops, a step that repeats itself, and two gates."""
    each = MapEach(variable="part", slot="plan", path="sections")
    write = step("write", ["brief", "plan"], "parts").model_copy(
        update={"each": each, "parallel": 8}
    )
    nodes: list[MapNode] = [
        InputNode(writes=(made("brief"), made("voice"))),
        step("plan", ["brief", "voice"], "plan"),
        gate("agree", ["brief", "plan"], "agreed", "plan"),
        write,
        step("join", ["plan", "parts"], "draft", model=False),
        step("check", ["draft"], "report"),
        step("improve", ["brief", "voice", "plan", "draft", "report"], "draft"),
        gate("approve", ["draft", "report"], "decision", "draft"),
        GateNode(
            name="help",
            role="operator",
            deadline=86_400,
            answers_failure=True,
            allow=("retry", "supply", "stop"),
            asked_by=("plan", "write"),
            supplies=("plan",),
        ),
        EndNode(name="done", outcome="succeeded", output=note("draft")),
        EndNode(name="rejected", outcome="rejected", reason="The editor wants another plan."),
        EndNode(name="expired", outcome="expired"),
        EndNode(name="failed", outcome="failed", reason="A step failed and nobody could mend it."),
    ]
    ways = [
        rule(INPUT, "plan"),
        rule("plan", "agree"),
        failing("plan", "help", *_planned(), MapFailure(kind="timed_out", retry=9)),
        failing("plan", "agree", MapFailure(kind="rule_broken", repair=5, at_most=1)),
        failing("plan", "failed", *_resort(), MapFailure(kind="rule_broken", used_up=True)),
        answer("agree", "write", "agreed.verdict == 'approve'"),
        answer("agree", "plan", "agreed.verdict == 'reject' and plan.sections_total > 12", 3),
        answer("agree", "rejected", "else"),
        late("agree", "write"),
        rule("write", "join"),
        *_usual("write"),
        rule("join", "check"),
        *_usual("join"),
        rule("check", "write", "report.missing > 5", 1),
        rule("check", "check", "report.unsure == True", 2),
        rule(
            "check", "improve", "report.verdict == 'revise' and report.comments > 0", 2
        ).model_copy(update={"goes_back": False}),
        rule("check", "approve", "else"),
        *_usual("check"),
        rule("improve", "check").model_copy(update={"goes_back": True}),
        *_usual("improve"),
        failing("improve", "approve", MapFailure(kind="no_progress")),
        answer("approve", "done", "decision.verdict == 'approve'"),
        answer("approve", "check", "decision.verdict == 'edited'", 2),
        answer("approve", "plan", "decision.verdict == 'again'", 1),
        answer("approve", "rejected", "else"),
        late("approve", "expired"),
        answer("help", "plan", "retry").model_copy(update={"answers": "plan"}),
        answer("help", "agree", "supply").model_copy(update={"answers": "plan"}),
        answer("help", "write", "retry").model_copy(update={"answers": "write"}),
        answer("help", "failed", "stop"),
        late("help", "failed"),
    ]
    return sketched("campaign", nodes, ways)


def _planned() -> list[MapFailure]:
    return [
        MapFailure(kind="unavailable", retry=6, at_most=1),
        MapFailure(kind="malformed", repair=2, at_most=1),
    ]


def _resort() -> list[MapFailure]:
    return [
        MapFailure(kind="unavailable", used_up=True),
        MapFailure(kind="malformed", used_up=True),
        MapFailure(kind="otherwise", covers=("quota", "denied")),
    ]


def _usual(name: str) -> list[MapWay]:
    timed_out = MapFailure(kind="timed_out", retry=2)
    rule_broken = MapFailure(kind="rule_broken", repair=2)
    return [
        failing(name, "help", *_planned(), timed_out),
        failing(name, "failed", *_resort(), rule_broken),
    ]


def scattered(seed: int) -> ContextMap:
    """Make a flow of steps that lead anywhere, with rules of any length."""
    drawn = random.Random(seed)
    names = [f"step_{index}" for index in range(drawn.randint(3, 16))]
    nodes: list[MapNode] = [InputNode(writes=(made("brief"),))]
    ways = [rule(INPUT, names[0])]
    for index, name in enumerate(names):
        reads = drawn.sample(["brief", *names[:index]], drawn.randint(1, min(index + 1, 4)))
        nodes.append(step(name, reads, name, model=drawn.random() < 0.5))
        following = names[index + 1] if index + 1 < len(names) else "done"
        for target in drawn.sample(names, drawn.randint(0, 2)):
            text = f"{name}.score > {drawn.randint(0, 10 ** drawn.randint(1, 30))}"
            back = names.index(target) <= index
            ways.append(rule(name, target, text, drawn.randint(1, 4) if back else None))
        ways.append(rule(name, following, "else"))
        ways.append(failing(name, "failed", MapFailure(kind="otherwise", retry=index % 2)))
    nodes += [
        EndNode(name="done", outcome="succeeded", output=note(names[-1])),
        EndNode(name="failed", outcome="failed"),
    ]
    return sketched(f"scattered_{seed}", nodes, ways)


def hostile() -> ContextMap:
    """Make the smallest flow, with all text of it hostile, and no name that is shorter than it."""
    nodes: list[MapNode] = [
        InputNode(writes=(made("brief"),)),
        step("write", ["brief"], "draft").model_copy(update={"agent": HOSTILE}),
        gate("ask", ["draft"], "decision", "draft").model_copy(update={"role": HOSTILE}),
        EndNode(name="done", outcome="succeeded", output=note("draft"), reason=HOSTILE),
        EndNode(name="failed", outcome="failed"),
    ]
    ways = [
        rule(INPUT, "write"),
        rule("write", "ask", HOSTILE, 2),
        failing("write", "failed", MapFailure(kind="otherwise")),
        answer("ask", "done", HOSTILE),
        late("ask", "failed"),
    ]
    drawn = sketched("hostile", nodes, ways)
    named = tuple(slot.model_copy(update={"fields": (HOSTILE,)}) for slot in drawn.slots)
    return drawn.model_copy(update={"summary": HOSTILE, "slots": named})


@dataclass(frozen=True)
class Sketch:
    """A map by its name, for the names of tests."""

    name: str
    context: ContextMap

    def __str__(self) -> str:
        return self.name


def sketches() -> list[Sketch]:
    """List all maps that laws are held against."""
    wordy = smallest().model_copy(
        update={"flow": "wordy", "summary": "It is said at length. " * 30}
    )
    named = [article(), campaign(), smallest(), wordy, hostile(), *map(scattered, range(6))]
    return [Sketch(each.flow, each) for each in named]
