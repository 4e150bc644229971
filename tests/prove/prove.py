"""Proves the checker on random flows: what it accepts holds, and what it foretells happens."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from contracts.compiled import CompiledFlow
from contracts.flow import FlowDocument
from contracts.registry import Registry
from services.flows.compile import Catalogue, resolve
from tests.prove.domains import random_registry
from tests.prove.flows import Drawn, random_flow
from tests.prove.simulate import Ended, RandomOracle, Simulation, WitnessOracle
from tests.toys import toy_model
from workflows.checking.behaviour import Behaviour, behaviour
from workflows.checking.check import check
from workflows.checking.finding import Finding, Severity
from workflows.checking.worst_case import WorstCase

RUNS: Final = 4
"""Random runs of each accepted flow, and of each rejected one that may have dead rules."""

ROUNDS: Final = 4
"""How often the cycle of an endless run is gone round."""

FLOWS_A_REGISTRY: Final = 100
"""Contracts are classes, and making one costs more than drawing a flow."""

_SIZES: Final = (4, 6, 8, 8, 12)
_WORDS: Final = {
    "FO302": "{} has no value here",
    "FO305": "{} has only a stale value here",
    "FO306": "nobody vouches for {}:",
}
"""What the interpreter says when it stops a run, by what the check had foretold."""

MODELS: Final = {alias: toy_model(alias) for alias in ("writer", "judge")}


@dataclass
class Tally:
    """What a number of flows showed."""

    flows: int = 0
    accepted: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    features: Counter[str] = field(default_factory=Counter)
    """How many flows have each feature."""

    accepted_features: Counter[str] = field(default_factory=Counter)
    """How many of the accepted ones have."""

    states: list[int] = field(default_factory=list)
    runs: int = 0
    witnesses: int = 0
    unsound: list[str] = field(default_factory=list)
    """Accepted flows of which a run went wrong, each with the number that draws it again."""

    failed: list[str] = field(default_factory=list)
    """Witnesses that did not go wrong as foretold."""

    def add(self, other: "Tally") -> None:
        """Take up what another process found."""
        self.flows += other.flows
        self.accepted += other.accepted
        self.codes += other.codes
        self.features += other.features
        self.accepted_features += other.accepted_features
        self.states += other.states
        self.runs += other.runs
        self.witnesses += other.witnesses
        self.unsound += other.unsound
        self.failed += other.failed


def prove(seed: int, numbers: Sequence[int]) -> Tally:
    """Draw, check and run the flows of these numbers; the same seed draws the same flows."""
    tally = Tally()
    registries: dict[int, Registry] = {}
    for number in numbers:
        batch = number // FLOWS_A_REGISTRY
        if batch not in registries:
            registries = {batch: random_registry(Random(f"{seed}/contracts/{batch}"), 8)}
        _prove_one(tally, f"{seed}/{number}", registries[batch])
    return tally


def draw(name: str, registry: Registry) -> tuple[Drawn, CompiledFlow, Behaviour]:
    """Draw the flow of a name and check it."""
    random = Random(name)
    drawn = random_flow(random, registry, random.choice(_SIZES))
    form = check(drawn.document, drawn.agents, registry)
    assert not form, f"{name} is not drawn well: {form[0].code} {form[0].message}"
    catalogue = Catalogue(drawn.agents, registry, MODELS, lambda agent, rung: "")
    flow = resolve(drawn.document, "0" * 64, catalogue)
    return drawn, flow, behaviour(flow, drawn.document, registry)


def _prove_one(tally: Tally, name: str, registry: Registry) -> None:
    drawn, flow, found = draw(name, registry)
    errors = [each for each in found.findings if each.severity is Severity.ERROR]
    tally.flows += 1
    tally.accepted += not errors
    tally.states.append(found.states)
    tally.codes.update({each.code for each in errors})
    features = _features(drawn.document)
    tally.features.update(features)
    tally.accepted_features.update(features if not errors else ())
    dead = {(str(each.place[1]), each.place[3]) for each in errors if each.code == "FO307"}
    for run in range(RUNS):
        random = Random(f"{name}/{run}")
        simulation = Simulation(flow, registry, RandomOracle(random, flow, registry))
        ended = simulation.run()
        tally.runs += 1
        wrong = _taken(simulation, dead)
        if found.worst_case is not None:
            wrong = wrong or _broken_promise(ended, found.worst_case)
        if wrong:
            tally.unsound.append(f"{name}: {wrong}")
    for each in errors:
        if each.witness is not None:
            tally.witnesses += 1
            if wrong := _unlike_foretold(flow, registry, each):
                tally.failed.append(f"{name}: {each.code} {each.message}: {wrong}")


def _taken(simulation: Simulation, dead: set[tuple[str, str | int]]) -> str:
    taken = sorted(str(rule) for rule in dead & simulation.rules_taken)
    return f"rules that can never be taken were: {', '.join(taken)}" if taken else ""


def _broken_promise(ended: Ended, worst: WorstCase) -> str:
    """Say which promise about an accepted flow a run has broken; empty when it has kept them."""
    if ended.how != "ended":
        return f"{ended.how} at {ended.at}: {ended.message}"
    spent = ended.spent
    if (
        spent.calls > worst.calls
        or spent.tokens > worst.tokens
        or spent.cost_microusd > worst.microusd
    ):
        return f"spent {spent}, and at worst it was {worst.calls}, {worst.tokens}"
    for step, at_worst in worst.steps.items():
        if ended.visits.get(step, 0) > at_worst.visits:
            return f"visited {step} {ended.visits[step]} times, at worst {at_worst.visits}"
    return ""


def _unlike_foretold(flow: CompiledFlow, registry: Registry, finding: Finding) -> str:
    """Play a witness and say what was other than it says; empty when it went wrong exactly so."""
    witness = finding.witness
    assert witness is not None
    rounds = ROUNDS if witness.repeats_from is not None else 1
    try:
        ended = Simulation(flow, registry, WitnessOracle(witness, rounds)).run()
    except AssertionError as error:
        return f"it went another way: {error}"
    if witness.repeats_from is not None:
        repeated = len(witness.moves[witness.repeats_from :]) * (rounds - 1)
        went = len(ended.moves) == len(witness.moves) + repeated
        return "" if ended.how == "out of answers" and went else f"it {ended.how} at {ended.at}"
    if ended.how != "bug" or ended.at != witness.at:
        return f"it {ended.how} at {ended.at}, not at {witness.at}"
    if len(ended.moves) != len(witness.moves):
        return f"it ended after {len(ended.moves)} of {len(witness.moves)} moves"
    words = _WORDS[finding.code]
    told = all(words.format(slot) in ended.message for slot in _slots(finding))
    return "" if told else f"it says {ended.message!r}"


def _slots(finding: Finding) -> list[str]:
    """The slots that a message is about: `nobody vouches for the X that …`, `X, Y and Z hold …`."""
    if finding.code == "FO306":
        return finding.message.split()[4:5]
    listed = re.split(" holds? no value | is stale ", finding.message)[0]
    return re.split(", | and ", listed)


def _features(document: FlowDocument) -> set[str]:
    steps = document.steps.values()
    found = set()
    if any(getattr(step, "each", None) for step in steps):
        found.add("fan-out")
    if any(hasattr(step, "gate") for step in steps):
        found.add("gates")
    if document.on_failure.keys() - {"otherwise"} or any(
        getattr(step, "on_failure", None) for step in steps
    ):
        found.add("failure edges")
    if _goes_back(document):
        found.add("loops")
    if any(len(step.next) > 1 for step in steps):
        found.add("branches")
    return found


def _goes_back(document: FlowDocument) -> bool:
    order = {name: at for at, name in enumerate(document.steps)}
    return any(
        order.get(rule.target, len(order)) <= order[name]
        for name, step in document.steps.items()
        for rule in step.next
    )
