"""Ways through a flow without any fault: which inputs and answers lead where."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from contracts.agent import AgentKind
from contracts.compiled import CompiledFlow, CompiledRule, Condition
from workflows.rules import comparisons


@dataclass(frozen=True)
class Steer:
    """A closed choice in the first answer of a step, made so that a rule holds."""

    step: str
    fact: str
    value: str | bool


@dataclass(frozen=True)
class Way:
    """An input, and how the answers differ from the agents' own samples."""

    name: str
    input: Mapping[str, JsonValue]
    reworded: bool = False
    """Whether sentences are said in other words than their sources, so that they are judged."""

    steer: Steer | None = None
    verdicts: Mapping[str, str] = field(default_factory=dict)
    """What editors say, by gate; `approve` where nothing stands here. Who edits does so at the
    first visit, gives back what was shown, and approves after that."""

    spoils: str = ""
    """The step whose first answers have a wrong number, so that its last resort is taken."""


def ways(flow: CompiledFlow, inputs: Mapping[str, Mapping[str, JsonValue]]) -> list[Way]:
    """List ways worth trying, the plainest first: every input as it is, then with variations."""
    plain = [Way(name, given) for name, given in inputs.items()]
    reworded = [Way(f"{name}, reworded", given, reworded=True) for name, given in inputs.items()]
    steers = list(dict.fromkeys(_steers(flow)))
    steered = [
        Way(f"{name}, {_told(steer)}", given, steer=steer)
        for steer in steers
        for name, given in inputs.items()
    ]
    rejected = [
        Way(f"{name}, {gate} rejected", given, verdicts={gate: "reject"})
        for gate, declared in flow.gates.items()
        if not declared.answers_failure
        for name, given in inputs.items()
    ]
    return [*plain, *reworded, *steered, *rejected]


def detours(flow: CompiledFlow, inputs: Mapping[str, Mapping[str, JsonValue]]) -> list[Way]:
    """List ways to places that are reached only after a model or a person went wrong at first."""
    spoilt = [
        Way(f"{name}, {step} wrong at first", given, spoils=step)
        for step, declared in flow.steps.items()
        if flow.agents[declared.agent].kind is AgentKind.MODEL
        for name, given in inputs.items()
    ]
    edited = [
        Way(f"{name}, {gate} edited", given, verdicts={gate: "edited"})
        for gate, declared in flow.gates.items()
        if declared.edits
        for name, given in inputs.items()
    ]
    return [*spoilt, *edited]


def _told(steer: Steer) -> str:
    return f"{steer.step} answers {steer.fact} = {steer.value}"


def _steers(flow: CompiledFlow) -> Iterator[Steer]:
    """Find the closed choices of model agents that rules look at."""
    writers = {
        step.writes: name
        for name, step in flow.steps.items()
        if flow.agents[step.agent].kind is AgentKind.MODEL and step.each is None
    }
    for condition in _conditions(flow):
        for compared in comparisons(condition):
            step = writers.get(compared.slot)
            if step and compared.op in ("==", "!=") and isinstance(compared.value, str | bool):
                yield Steer(step, compared.fact, compared.value)


def _conditions(flow: CompiledFlow) -> Iterator[Condition]:
    rules: list[CompiledRule] = []
    for step in flow.steps.values():
        rules += step.next
    for gate in flow.gates.values():
        rules += gate.next
    yield from (rule.when for rule in rules if rule.when is not None)
