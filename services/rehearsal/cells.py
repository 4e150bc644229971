"""Which faults apply where, and along which way each place is reached."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from contracts.agent import AgentKind, planned_kinds
from contracts.compiled import CompiledFlow, CompiledStep
from contracts.event import EventKind
from contracts.failure import FailureKind
from contracts.flow import OTHERWISE
from services.rehearsal import faults
from services.rehearsal.changing import changed, dice
from services.rehearsal.faults import Change, Injection, Port
from services.rehearsal.scene import Scene, Target
from services.rehearsal.seen import Seen
from services.rehearsal.ways import Way


@dataclass(frozen=True)
class Base:
    """A way as it was walked without any fault."""

    scene: Scene
    seen: Seen

    @property
    def way(self) -> Way:
        """The way."""
        return self.scene.way

    def visits(self, node: str) -> bool:
        """Whether a step or gate was come to."""
        return any(each.step == node and each.visit for each in self.scene.events.values())

    def asks(self, step: str) -> bool:
        """Whether a step asked its model."""
        return any(name == step for name, _ in self.scene.asked)

    def first_item(self, step: str) -> str:
        """Name the first item of a fan-out; empty for any other step."""
        told = sorted(self.scene.events.values(), key=lambda each: each.seq)
        started = (each.item for each in told if each.kind is EventKind.STEP_STARTED)
        mine = {each.item for each in told if each.step == step}
        return next((item for item in started if item and item in mine), "")


@dataclass(frozen=True)
class Cell:
    """One line of the table: one fault at one place, along one way."""

    target: Target
    base: Base | None
    """None where no way leads there, or no model is asked: the line stays unrehearsed."""

    lacking: str = ""
    """Why it is not rehearsed."""


def cells(flow: CompiledFlow, bases: Iterable[Base], seed: int) -> list[Cell]:
    """List every fault that applies to a flow, steps and gates in the order of the flow file."""
    walked = list(bases)
    found: list[Cell] = []
    for name, step in flow.steps.items():
        found += _of_step(flow, name, step, walked, seed)
    for name, gate in flow.gates.items():
        found += (
            _of_failure_gate(flow, name, walked) if gate.answers_failure else _of_gate(name, walked)
        )
    return found


def _of_step(
    flow: CompiledFlow, name: str, step: CompiledStep, bases: list[Base], seed: int
) -> Iterator[Cell]:
    asks = flow.agents[step.agent].kind is AgentKind.MODEL
    base = _reaching(bases, name, asks=asks)
    lacking = "" if base else _lacking(bases, name, asks=asks)
    item = base.first_item(name) if base and step.each else ""
    for injection in _injections(step, flow.agents[step.agent].kind):
        if base is None or _applies(injection, base, name, item, seed):
            target = Target(injection, name, step.agent, item, seed, _wait_ms(step))
            yield Cell(target, base, lacking)


def _kinds(step: CompiledStep, agent: AgentKind) -> list[FailureKind]:
    """List the kinds that the plan names, and one that its last line covers."""
    named = [FailureKind(kind) for kind in step.on_failure if kind != OTHERWISE]
    always = [FailureKind.UNREADABLE]
    if agent is AgentKind.MEMORY:
        always += [FailureKind.CONFLICT, FailureKind.MEMORY_LOST]
    kinds = [*named, *(each for each in always if each not in named)]
    return [each for each in kinds if each in planned_kinds(agent)]


def _wait_ms(step: CompiledStep) -> int:
    """Let an endpoint ask for a third of what the plan waits, so that a few tries use it up."""
    line = step.on_failure.get(FailureKind.RATE_LIMITED) or step.on_failure[OTHERWISE]
    return line.retry_for * 1000 // 3 if line.retry_for else 1000


def _injections(step: CompiledStep, agent: AgentKind) -> Iterator[Injection]:
    asks = agent is AgentKind.MODEL
    if asks:
        yield from faults.of_model()
        yield from faults.of_answers()
    else:
        yield from faults.of_code(_kinds(step, agent))
    yield from faults.of_memory(journals=asks)
    yield from faults.of_worker(asks=asks)


def _applies(injection: Injection, base: Base, step: str, item: str, seed: int) -> bool:
    """Whether there is something of the kind to change in the answer."""
    if not isinstance(injection.what, Change):
        return True
    good = base.scene.asked.get((step, item))
    return (
        good is not None and changed(injection.what, good, dice(seed, injection.what)) is not None
    )


def _of_gate(name: str, bases: list[Base]) -> Iterator[Cell]:
    base = _reaching(bases, name, asks=False)
    for injection in faults.of_gate():
        yield Cell(Target(injection, name), base, "" if base else _lacking(bases, name, asks=False))


def _of_failure_gate(flow: CompiledFlow, name: str, bases: list[Base]) -> Iterator[Cell]:
    """Reach a gate that answers failures by letting a step fail in a kind that leads there."""
    led = [
        (step, kind, base)
        for step, declared in flow.steps.items()
        if (base := _reaching(bases, step, asks=False))
        for kind, line in declared.on_failure.items()
        if line.then == name and kind != OTHERWISE
    ]
    for injection in faults.of_gate():
        if not led:
            yield Cell(Target(injection, name), None, "no failure of any step leads here")
            continue
        step, kind, base = min(led, key=lambda each: _preferred(each[1]))
        setup = Injection(Port.AGENT, FailureKind(kind), f"{step} fails", "3.1")
        target = Target(injection, name, setup=setup, setup_step=step)
        yield Cell(target, base)


def _preferred(kind: str) -> int:
    """Prefer kinds that a person is asked about at once, without tries before."""
    return 0 if kind == FailureKind.REFUSED else 1


def _reaching(bases: list[Base], node: str, *, asks: bool) -> Base | None:
    """Find the plainest way that comes to a place, one that ends well before any other."""
    fitting = [base for base in bases if base.visits(node) and (not asks or base.asks(node))]
    good = [base for base in fitting if base.seen.outcome == "succeeded"]
    return next(iter(good or fitting), None)


def _lacking(bases: list[Base], node: str, *, asks: bool) -> str:
    if asks and any(base.visits(node) for base in bases):
        return "no sample way makes its model answer; give an input with --input"
    return "no sample way leads here; give an input with --input"
