"""Resolves a checked flow document into a compiled flow: prompts, models, schemas, facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contracts.agent import AgentDeclaration, AgentKind
from contracts.compiled import (
    CompiledAgent,
    CompiledBudget,
    CompiledEnd,
    CompiledFlow,
    CompiledGate,
    CompiledModel,
    CompiledPlanLine,
    CompiledRead,
    CompiledRule,
    CompiledStep,
    Each,
)
from contracts.flow import FlowDocument, Gate, PlanLine, Rule, Step
from contracts.registry import Registry
from contracts.schema_lock import schema_digest
from services.errors import FlowInvalidError
from services.flows.document import FlowFile
from workflows.checking.check import check
from workflows.checking.graph import plan_of
from workflows.checking.names import each_of
from workflows.rules import comparisons, parse


@dataclass(frozen=True)
class Catalogue:
    """What flows are resolved against."""

    agents: Mapping[str, AgentDeclaration]
    registry: Registry
    models: Mapping[str, CompiledModel]
    """By alias."""

    prompt: Callable[[str, str], str]
    """Instructions by agent and rung."""


def compile_flow(file: FlowFile, catalogue: Catalogue) -> CompiledFlow:
    """Check a flow and resolve everything it names.

    Raises:
        FlowInvalidError: the check has findings; each is shown with its line.
    """
    document = file.document
    findings = check(document, catalogue.agents, catalogue.registry)
    if findings:
        raise FlowInvalidError(file.text.describe(findings))
    slots = {**document.input, **document.slots}
    steps = {name: node for name, node in document.steps.items() if isinstance(node, Step)}
    gates = {name: node for name, node in document.steps.items() if isinstance(node, Gate)}
    return CompiledFlow(
        name=document.flow,
        version=document.version,
        summary=document.summary,
        source=file.digest,
        input=tuple(document.input),
        slots=slots,
        contracts=_schemas(slots, catalogue.registry),
        facts=_facts(document),
        budget=CompiledBudget(
            model_calls=document.budget.model_calls,
            tokens=document.budget.tokens,
            microusd=document.budget.usd,
            working_seconds=document.budget.working_time,
        ),
        retention=document.retention,
        start=document.start,
        steps={name: _step(document, step, catalogue) for name, step in steps.items()},
        gates={name: _gate(gate) for name, gate in gates.items()},
        ends={
            name: CompiledEnd(outcome=end.outcome, output=end.output, reason=end.reason)
            for name, end in document.ends.items()
        },
        agents={
            step.agent: _agent(catalogue.agents[step.agent], catalogue) for step in steps.values()
        },
    )


def _schemas(slots: Mapping[str, str], registry: Registry) -> dict[str, str]:
    keys = dict.fromkeys(kind.strip("[]") for kind in slots.values())
    return {key: schema_digest(registry, key) for key in keys}


def _facts(document: FlowDocument) -> dict[str, tuple[str, ...]]:
    """Collect what rules and fan-outs look at, by slot, in the order of the file."""
    facts: dict[str, dict[str, None]] = {}
    for node in document.steps.values():
        for rule in node.next:
            for found in comparisons(parse(rule.when)) if rule.when else ():
                facts.setdefault(found.slot, {})[found.fact] = None
        each = _each(node) if isinstance(node, Step) else None
        if each:
            facts.setdefault(each.slot, {})[each.fact] = None
    return {slot: tuple(paths) for slot, paths in facts.items()}


def _each(step: Step) -> Each | None:
    parsed = each_of(step)
    if parsed is None:
        return None
    variable, slot, path = parsed
    return Each(variable=variable, slot=slot, path=path, key="id")


def _step(document: FlowDocument, step: Step, catalogue: Catalogue) -> CompiledStep:
    asks = catalogue.agents[step.agent].kind is AgentKind.MODEL
    each = _each(step)
    return CompiledStep(
        agent=step.agent,
        reads=tuple(
            CompiledRead(
                input=read.input,
                slot=read.slot,
                optional=read.optional,
                stale_allowed=read.stale_allowed,
            )
            for read in step.reads
            if each is None or read.input != each.variable
        ),
        writes=step.writes,
        each=each,
        parallel=step.parallel,
        next=tuple(_rule(rule) for rule in step.next),
        on_failure={key: _line(line, asks=asks) for key, line in plan_of(document, step).items()},
    )


def _line(line: PlanLine, *, asks: bool) -> CompiledPlanLine:
    assert line.then is not None, "the check refuses lines that lead nowhere"
    return CompiledPlanLine(
        repair=line.repair if asks else 0,
        retry=line.retry,
        retry_for=line.retry_for,
        then=line.then,
        at_most=line.at_most,
    )


def _rule(rule: Rule) -> CompiledRule:
    if rule.when is None:
        return CompiledRule(to=rule.target)
    return CompiledRule(when=parse(rule.when), text=rule.when, to=rule.target, at_most=rule.at_most)


def _gate(gate: Gate) -> CompiledGate:
    late = gate.on_deadline
    return CompiledGate(
        role=gate.gate,
        shows=tuple(gate.shows),
        writes=gate.writes,
        edits=gate.edits,
        answers_failure=gate.answers is not None,
        allow=tuple(gate.allow),
        stop=gate.stop,
        deadline=gate.deadline,
        on_deadline=CompiledRule(text="deadline", to=late.to, at_most=late.at_most),
        next=tuple(_rule(rule) for rule in gate.next),
    )


def _agent(declaration: AgentDeclaration, catalogue: Catalogue) -> CompiledAgent:
    if declaration.model and declaration.model not in catalogue.models:
        raise FlowInvalidError(
            f"agent {declaration.name} asks for a model {declaration.model!r} that no setting"
            f" names; set ORCHESTRA_MODEL_{declaration.model.upper()}"
        )
    return CompiledAgent(
        version=declaration.version,
        kind=declaration.kind,
        pure=declaration.pure,
        publishes=declaration.publishes,
        verifies=declaration.verifies,
        trust=declaration.trust,
        receives=declaration.receives,
        optional=declaration.optional,
        produces=declaration.produces,
        about=declaration.about,
        limits=declaration.limits,
        model=catalogue.models[declaration.model] if declaration.model else None,
        prompts={rung: catalogue.prompt(declaration.name, rung) for rung in declaration.rungs},
    )
