"""Every way of a flow, as its rules, failure plans and gates declare them."""

from collections.abc import Iterator

from contracts.agent import AgentKind, planned_kinds
from contracts.compiled import CompiledFlow, CompiledGate, CompiledStep
from contracts.flow import OTHERWISE
from workflows.context_map.parts import INPUT, MapFailure, MapWay, WayKind
from workflows.context_map.verdicts import verdicts_by_rule

SUPPLY = "supply"


def declared_ways(flow: CompiledFlow) -> tuple[MapWay, ...]:
    """List all ways, still without context: the start, then by step and gate as declared."""
    found = [MapWay(source=INPUT, target=flow.start, kind=WayKind.RULE)]
    for name, step in flow.steps.items():
        found += _after_step(name, step, flow.agents[step.agent].kind)
    for name, gate in flow.gates.items():
        found += _after_failures(flow, name, gate) if gate.answers_failure else _asked(name, gate)
        found += _too_late(flow, name, gate)
    return tuple(found)


def asked_by(flow: CompiledFlow, gate: str) -> tuple[str, ...]:
    """List the steps that can fail into a gate."""
    return tuple(
        name
        for name, step in flow.steps.items()
        if any(line.then == gate for line in step.on_failure.values())
    )


def may_supply(flow: CompiledFlow, gate: CompiledGate, step: str) -> bool:
    """Whether a person at this gate may give the value that the step did not make."""
    agent = flow.agents[flow.steps[step].agent]
    return SUPPLY in gate.allow and not (agent.verifies or agent.publishes)


def _after_step(name: str, step: CompiledStep, agent: AgentKind) -> Iterator[MapWay]:
    for rule in step.next:
        text = rule.text if len(step.next) > 1 else ""
        yield MapWay(
            source=name, target=rule.to, kind=WayKind.RULE, rule=text, at_most=rule.at_most
        )
    by_target: dict[str, list[MapFailure]] = {}
    for target, failure in _failures(step, agent):
        by_target.setdefault(target, []).append(failure)
    for target, failures in by_target.items():
        yield MapWay(source=name, target=target, kind=WayKind.FAILURE, failures=tuple(failures))


def _failures(step: CompiledStep, agent: AgentKind) -> Iterator[tuple[str, MapFailure]]:
    last = step.on_failure[OTHERWISE].then
    covered = tuple(
        kind.value for kind in planned_kinds(agent) if kind.value not in step.on_failure
    )
    for kind, line in step.on_failure.items():
        if kind == OTHERWISE and not covered:
            continue
        yield (
            line.then,
            MapFailure(
                kind=kind,
                covers=covered if kind == OTHERWISE else (),
                repair=line.repair,
                retry=line.retry,
                retry_for=line.retry_for,
                fall_back=tuple(_stands_in(name) for name in line.fall_back),
                at_most=line.at_most,
            ),
        )
        if line.at_most and line.then != last:
            yield last, MapFailure(kind=kind, used_up=True)


def _stands_in(agent: str) -> str:
    _, asks_another, alias = agent.partition("@")
    return f"the model {alias}" if asks_another else agent


def _asked(name: str, gate: CompiledGate) -> Iterator[MapWay]:
    for rule, verdicts in zip(gate.next, verdicts_by_rule(gate), strict=True):
        yield MapWay(
            source=name,
            target=rule.to,
            kind=WayKind.ANSWER,
            rule=rule.text if len(gate.next) > 1 else "",
            at_most=rule.at_most,
            verdicts=verdicts,
        )


def _after_failures(flow: CompiledFlow, name: str, gate: CompiledGate) -> Iterator[MapWay]:
    again = ", ".join(action for action in gate.allow if action in ("retry", "raise_budget"))
    for failed in asked_by(flow, name):
        if again:
            yield MapWay(
                source=name, target=failed, kind=WayKind.ANSWER, rule=again, answers=failed
            )
        if may_supply(flow, gate, failed):
            yield from _supplied(flow.steps[failed], name, failed)
    for target in gate.go:
        yield MapWay(source=name, target=target, kind=WayKind.ANSWER, rule="go")
    if gate.stop:
        yield MapWay(source=name, target=gate.stop, kind=WayKind.ANSWER, rule="stop")


def _supplied(step: CompiledStep, gate: str, failed: str) -> Iterator[MapWay]:
    if step.each:
        # One item is supplied; the step takes it up and makes the others itself.
        yield MapWay(source=gate, target=failed, kind=WayKind.ANSWER, rule=SUPPLY, answers=failed)
        return
    for rule in step.next:
        yield MapWay(
            source=gate,
            target=rule.to,
            kind=WayKind.ANSWER,
            rule=SUPPLY if len(step.next) == 1 else f"{SUPPLY}, then {rule.text}",
            at_most=rule.at_most,
            answers=failed,
        )


def _too_late(flow: CompiledFlow, name: str, gate: CompiledGate) -> Iterator[MapWay]:
    late = gate.on_deadline
    yield MapWay(source=name, target=late.to, kind=WayKind.DEADLINE, at_most=late.at_most)
    if late.at_most:
        resort = next(end for end, each in flow.ends.items() if each.outcome == "failed")
        yield MapWay(source=name, target=resort, kind=WayKind.DEADLINE, rule="used up")
