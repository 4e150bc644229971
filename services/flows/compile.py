"""Resolves a checked flow document into a compiled flow: prompts, models, schemas, facts."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from contracts.agent import AgentDeclaration, AgentKind
from contracts.asking import Approvers
from contracts.base import Contract
from contracts.compiled import (
    MISSING,
    PARTIAL,
    Compare,
    CompiledAgent,
    CompiledApprovers,
    CompiledBlock,
    CompiledBudget,
    CompiledEnd,
    CompiledEntry,
    CompiledEscalation,
    CompiledFlow,
    CompiledGate,
    CompiledPartial,
    CompiledPlanLine,
    CompiledRead,
    CompiledRemember,
    CompiledRule,
    CompiledStep,
    Condition,
    Each,
    catalogued,
    with_model,
)
from contracts.flow import FlowDocument, Gate, PlanLine, Remember, Rule, Step
from contracts.long_term import Merge
from contracts.reference import Digest
from contracts.registry import Registry
from contracts.schema_lock import schema_digest
from services.flows.document import FlowFile
from services.flows.resolving import Catalogue as Catalogue
from services.flows.sub_flows import acts_outside, with_sub_flows
from services.settings import ALIASES
from workflows.checking.behaviour import behaviour
from workflows.checking.blocks import check_blocks
from workflows.checking.check import check
from workflows.checking.finding import Finding, Place, Severity
from workflows.checking.memory import memory_writers
from workflows.checking.names import each_of
from workflows.checking.plans import plan_of
from workflows.checking.worst_case import WorstCase
from workflows.course import GUARDED
from workflows.remembering import FOLLOWS
from workflows.rules import comparisons, literals, parse, parse_own


@dataclass(frozen=True)
class Inspection:
    """All that was found out about a flow."""

    findings: tuple[Finding, ...]
    """Errors, for which it may not run, and notes."""

    flow: CompiledFlow | None = None
    """None while its form is not sound."""

    worst_case: WorstCase | None = None
    """None while there is an error."""

    states: int = 0
    """How many states of control were explored."""


@dataclass(frozen=True)
class Sound:
    """A flow that was proved, and the bound that comes with the proof."""

    flow: CompiledFlow
    worst_case: WorstCase


def compile_flow(file: FlowFile, catalogue: Catalogue) -> CompiledFlow:
    """Check a flow and resolve everything it names; raises as `sound` does."""
    return sound(file, catalogue).flow


def sound(file: FlowFile, catalogue: Catalogue) -> Sound:
    """Prove a flow and resolve everything it names.

    Raises:
        FlowInvalidError: the check has findings; each is shown with its line.
    """
    inspection = inspect(file, catalogue)
    if any(each.severity is Severity.ERROR for each in inspection.findings):
        raise file.text.refusal(inspection.findings)
    assert inspection.flow is not None, "a flow without errors was resolved"
    assert inspection.worst_case is not None, "a flow without errors was bounded"
    return Sound(inspection.flow, inspection.worst_case)


def inspect(file: FlowFile, catalogue: Catalogue) -> Inspection:
    """Check a flow's form against all it is resolved with, then its behaviour on every path."""
    catalogue, unfit = with_sub_flows(file.document, catalogue)
    catalogue = with_memory(file.document, catalogue)
    form = (
        *unfit,
        *check(file.document, catalogue.agents, catalogue.registry),
        *_models_without_setting(file.document, catalogue),
        *check_blocks(file.document, _acting_outside(catalogue)),
    )
    if form:
        return Inspection(form)
    flow = resolve(file.document, file.digest, catalogue)
    found = behaviour(flow, file.document, catalogue.registry)
    return Inspection(found.findings, flow, found.worst_case, found.states)


def resolve(document: FlowDocument, source: Digest, catalogue: Catalogue) -> CompiledFlow:
    """Resolve everything that a flow of sound form names; how it behaves is not asked."""
    catalogue = with_memory(document, catalogue)
    slots = document.types
    steps = {name: node for name, node in document.steps.items() if isinstance(node, Step)}
    gates = {name: node for name, node in document.steps.items() if isinstance(node, Gate)}
    return CompiledFlow(
        borders=GUARDED,
        name=document.flow,
        version=document.version,
        summary=document.summary,
        source=source,
        input=tuple(document.input),
        slots=slots,
        contracts=_schemas((*slots.values(), *_received(steps, catalogue)), catalogue.registry),
        facts=_facts(document, catalogue.agents),
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
        blocks={
            name: CompiledBlock(
                branches={branch: tuple(steps) for branch, steps in block.branches.items()}
            )
            for name, block in document.blocks.items()
        },
        ends={
            name: CompiledEnd(outcome=end.outcome, output=end.output, reason=end.reason)
            for name, end in document.ends.items()
        },
        agents=dict(_agents(document, steps, catalogue)),
        flows={
            step.agent: catalogue.flows[step.agent]
            for step in steps.values()
            if step.agent in catalogue.flows
        },
        memory={
            slot: CompiledEntry(entry=each.entry, contract=each.contract, optional=each.optional)
            for slot, each in document.memory.items()
        },
        subject=document.subject,
        double_start=document.double_start,
    )


def with_memory(document: FlowDocument, catalogue: Catalogue) -> Catalogue:
    """Add who writes to long-term memory in a flow to those who work in it."""
    writers = memory_writers(document)
    return replace(catalogue, agents={**catalogue.agents, **writers}) if writers else catalogue


def _acting_outside(catalogue: Catalogue) -> frozenset[str]:
    """Name those whose work is seen outside the run: who publish, and flows in which somebody does.

    Who writes to long-term memory is known by the step.
    """
    publishing = {name for name, agent in catalogue.agents.items() if agent.publishes}
    flows = {name for name, flow in catalogue.flows.items() if acts_outside(flow)}
    return frozenset(publishing | flows)


def _models_without_setting(document: FlowDocument, catalogue: Catalogue) -> Iterator[Finding]:
    """Find models that no setting names; each is told once, where it is first asked for."""
    told = set(catalogue.models)
    for place, who, alias in _models_asked_for(document, catalogue):
        if alias not in told:
            told.add(alias)
            yield Finding(
                code="FO219",
                place=place,
                message=f"{who} asks for a model {alias!r} that no setting names",
                remedy=_remedy_for(alias),
            )


def _remedy_for(alias: str) -> str:
    if alias in ALIASES:
        return f"Where flows are loaded, set ORCHESTRA_MODEL_{alias.upper()}."
    return f"Models are asked for as {' or '.join(ALIASES)}; write one of these."


def _models_asked_for(
    document: FlowDocument, catalogue: Catalogue
) -> Iterator[tuple[Place, str, str]]:
    for name, node in document.steps.items():
        if not isinstance(node, Step):
            continue
        agent = catalogue.agents.get(node.agent)
        if agent and agent.model:
            yield ("steps", name, "agent"), agent.name, agent.model
        yield from _models_standing_in(("steps", name, "on_failure"), node.on_failure)
    yield from _models_standing_in(("on_failure",), document.on_failure)


def _models_standing_in(
    place: Place, plan: Mapping[str, PlanLine]
) -> Iterator[tuple[Place, str, str]]:
    for key, line in plan.items():
        yield from (
            ((*place, key), "fall_back", each.model) for each in line.fall_back if each.model
        )


def _agents(
    document: FlowDocument, steps: Mapping[str, Step], catalogue: Catalogue
) -> Iterator[tuple[str, CompiledAgent]]:
    """Resolve every agent of the flow, and those who stand in for one."""
    for step in steps.values():
        own = catalogue.agents[step.agent]
        yield own.name, _agent(own, catalogue, own.model)
        for line in plan_of(document, step).values():
            for name in _stand_ins(line, own, catalogue):
                alias = name.partition("@")[2]
                stands_in = catalogue.agents[catalogued(name)]
                yield name, _agent(stands_in, catalogue, alias or stands_in.model)


def _received(steps: Mapping[str, Step], catalogue: Catalogue) -> Iterator[str]:
    """The types that agents receive: newer than the slot's where a migration leads there."""
    for step in steps.values():
        received = catalogue.agents[step.agent].receives
        yield from (received[read.input] for read in step.reads if read.input in received)


def _schemas(types: Iterable[str], registry: Registry) -> dict[str, str]:
    keys = dict.fromkeys(kind.strip("[]") for kind in types if not kind.endswith("[]"))
    return {key: _schema_of(registry.get(key)) for key in keys}


@cache
def _schema_of(contract: type[Contract]) -> str:
    """Digest a contract's schema once: its class never changes, and writing it takes 2 ms."""
    return schema_digest(Registry.of([contract]), contract.key())


def _facts(
    document: FlowDocument, agents: Mapping[str, AgentDeclaration]
) -> dict[str, tuple[str, ...]]:
    """Collect what rules, verdicts and fan-outs look at, by slot, in the order of the file."""
    facts: dict[str, dict[str, None]] = {}
    for node in document.steps.values():
        for condition in _conditions(node, agents):
            for found in comparisons(condition):
                facts.setdefault(found.slot, {})[found.fact] = None
        if isinstance(node, Remember):
            facts.setdefault(node.writes, {})[FOLLOWS] = None
        each = _each(node) if isinstance(node, Step) else None
        if each:
            facts.setdefault(each.slot, {})[each.fact] = None
        if isinstance(node, Gate) and node.writes:
            facts.setdefault(node.writes, {})["verdict"] = None
    return {slot: tuple(paths) for slot, paths in facts.items()}


def _conditions(node: Step | Gate, agents: Mapping[str, AgentDeclaration]) -> Iterator[Condition]:
    for rule in node.next:
        if rule.when:
            yield parse(rule.when)
    if isinstance(node, Step) and not node.each and agents[node.agent].vouches_when:
        yield parse_own(agents[node.agent].vouches_when, node.writes)


def _each(step: Step) -> Each | None:
    parsed = each_of(step)
    if parsed is None:
        return None
    variable, slot, path = parsed
    return Each(variable=variable, slot=slot, path=path, key="id")


def _step(document: FlowDocument, step: Step, catalogue: Catalogue) -> CompiledStep:
    own = catalogue.agents[step.agent]
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
        partial=CompiledPartial(at_least=step.partial.at_least) if step.partial else None,
        next=(*_when_partial(step), *(_rule(rule) for rule in step.next)),
        on_failure={
            key: _line(line, own, catalogue) for key, line in plan_of(document, step).items()
        },
        remember=_remember(document, step) if isinstance(step, Remember) else None,
    )


def _remember(document: FlowDocument, step: Remember) -> CompiledRemember:
    kept = document.memory[step.remember]
    return CompiledRemember(
        slot=step.remember,
        entry=kept.entry,
        contract=kept.contract,
        merge=Merge(step.merge) if step.merge else None,
    )


def _when_partial(step: Step) -> Iterator[CompiledRule]:
    """Let a fan-out of which items are missing go its own way, before any other rule."""
    if step.partial:
        missing = Compare(slot=step.writes, fact=MISSING, op=">", value=0)
        yield CompiledRule(when=missing, text=PARTIAL, to=step.partial.to)


def _line(line: PlanLine, own: AgentDeclaration, catalogue: Catalogue) -> CompiledPlanLine:
    assert line.then is not None, "the check refuses lines that lead nowhere"
    return CompiledPlanLine(
        repair=line.repair if own.kind is AgentKind.MODEL else 0,
        retry=line.retry,
        retry_for=line.retry_for,
        fall_back=_stand_ins(line, own, catalogue),
        then=line.then,
        at_most=line.at_most,
    )


def _stand_ins(line: PlanLine, own: AgentDeclaration, catalogue: Catalogue) -> tuple[str, ...]:
    """Name those of a line who can do an agent's work in its place.

    A line of the flow's own plan covers every step, and settings may put one model behind two
    aliases: a model that the agent does not ask, or asks already, is left out.
    """
    found = (
        each.agent or with_model(own.name, each.model or "")
        for each in line.fall_back
        if each.agent or _is_another(each.model or "", own.model, catalogue)
    )
    return tuple(dict.fromkeys(found))


def _is_another(alias: str, own: str, catalogue: Catalogue) -> bool:
    return own != "" and catalogue.models[alias].name != catalogue.models[own].name


def _rule(rule: Rule) -> CompiledRule:
    if rule.when is None:
        return CompiledRule(to=rule.target)
    return CompiledRule(when=parse(rule.when), text=rule.when, to=rule.target, at_most=rule.at_most)


def _gate(gate: Gate) -> CompiledGate:
    late = gate.on_deadline
    rules = tuple(_rule(rule) for rule in gate.next)
    return CompiledGate(
        role=gate.gate,
        shows=tuple(read.slot for read in gate.shows),
        optional=tuple(read.slot for read in gate.shows if read.optional),
        stale_allowed=tuple(read.slot for read in gate.shows if read.stale_allowed),
        writes=gate.writes,
        edits=gate.edits,
        answers_failure=gate.answers is not None,
        allow=tuple(gate.allow),
        stop=gate.stop,
        go=tuple(gate.go),
        deadline=gate.deadline,
        on_deadline=CompiledRule(text="deadline", to=late.to, at_most=late.at_most),
        next=rules,
        remind=tuple(sorted(set(gate.remind))),
        escalate=tuple(
            CompiledEscalation(after=each.after, to=each.to)
            for each in sorted(gate.escalate, key=lambda each: each.after)
        ),
        approvers=_approvers(gate.approvers) if gate.approvers else None,
        revises=any(_asks_for_revision(rule, gate.writes) for rule in rules),
    )


def _asks_for_revision(rule: CompiledRule, decision: str | None) -> bool:
    """Whether a rule knows what to do when a person wants something changed."""
    return rule.when is not None and any(
        (each.slot, each.fact) == (decision, "verdict") and "revise" in literals(each)
        for each in comparisons(rule.when)
    )


def _approvers(asked: Approvers) -> CompiledApprovers:
    return CompiledApprovers(need=asked.count, of=tuple(asked.of), not_author=asked.not_author)


def _vouches_when(declaration: AgentDeclaration) -> Condition | None:
    text = declaration.vouches_when
    return parse_own(text, "product") if text else None


def _agent(declaration: AgentDeclaration, catalogue: Catalogue, alias: str) -> CompiledAgent:
    """Pin an agent, with the model behind an alias; code agents have none."""
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
        vouches_when=_vouches_when(declaration),
        limits=declaration.limits,
        model=catalogue.models[alias] if alias else None,
        budget=catalogue.flows[declaration.name].budget
        if declaration.name in catalogue.flows
        else None,
        prompts={rung: catalogue.prompt(declaration.name, rung) for rung in declaration.rungs},
    )
