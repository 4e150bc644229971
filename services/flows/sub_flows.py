"""Flows that do the work of other flows' steps: each stands there as an agent would."""

from collections.abc import Iterator
from dataclasses import replace

from contracts.agent import SUB_FLOW, AgentDeclaration, AgentKind
from contracts.compiled import CompiledFlow
from contracts.flow import FlowDocument, Step
from contracts.reference import Trust
from services.errors import NotFoundError
from services.flows.resolving import Catalogue, CircleError
from workflows.checking.finding import Finding


def with_sub_flows(
    document: FlowDocument, catalogue: Catalogue
) -> tuple[Catalogue, tuple[Finding, ...]]:
    """Add the flows that a document's steps name to what it is resolved against.

    Findings say which of them there are not, or which cannot do a step's work.
    """
    agents, flows = dict(catalogue.agents), dict(catalogue.flows)
    findings: list[Finding] = []
    for step, name in _named(document):
        found = _resolved(document, step, name, catalogue)
        if isinstance(found, Finding):
            findings.append(found)
        else:
            declared = as_agent(found)
            agents[declared.name], flows[declared.name] = declared, found
    return replace(catalogue, agents=agents, flows=flows), tuple(findings)


def as_agent(flow: CompiledFlow) -> AgentDeclaration:
    """Declare a flow as the agent that stands for it: what it starts with, what it makes.

    Its output is trusted as a model's: what vouched for it inside is not seen from outside.
    """
    return AgentDeclaration(
        name=f"{SUB_FLOW}{flow.name}",
        version=flow.version,
        kind=AgentKind.FLOW,
        summary=flow.summary,
        receives={slot: flow.slots[slot] for slot in flow.input},
        produces=outputs(flow)[0],
        trust=Trust.MODEL,
    )


def outputs(flow: CompiledFlow) -> tuple[str, ...]:
    """List the contracts of what a flow's succeeding ends give out, each once."""
    given = (flow.slots[end.output] for end in flow.ends.values() if end.output)
    return tuple(dict.fromkeys(given))


def names_within(flow: CompiledFlow) -> Iterator[str]:
    """List a flow and all flows that do the work of its steps, directly or not."""
    yield flow.name
    for each in flow.flows.values():
        yield from names_within(each)


def acts_outside(flow: CompiledFlow) -> bool:
    """Whether a run of a flow may publish or write to long-term memory, itself or in a sub-flow."""
    own = any(agent.publishes for agent in flow.agents.values())
    remembers = any(step.remember for step in flow.steps.values())
    return own or remembers or any(map(acts_outside, flow.flows.values()))


def _named(document: FlowDocument) -> Iterator[tuple[str, str]]:
    """List the first step that names each sub-flow."""
    first: dict[str, str] = {}
    for name, node in document.steps.items():
        if isinstance(node, Step) and node.flow:
            first.setdefault(node.flow, name)
    yield from ((step, flow) for flow, step in first.items())


def _resolved(
    document: FlowDocument, step: str, name: str, catalogue: Catalogue
) -> CompiledFlow | Finding:
    place = ("steps", step, "flow")
    if name == document.flow:
        return _circle(place, (name, name))
    try:
        found = catalogue.sub_flow(name)
    except CircleError as circle:
        return _circle(place, circle.names)
    except NotFoundError as error:
        told = str(error).partition("\n")[0]
        return _finding("FO221", place, told, "Name a flow that is offered, or offer this one.")
    if document.flow in names_within(found):
        return _circle(place, (document.flow, name, document.flow))
    made = outputs(found)
    if len(made) != 1 or made[0].startswith("["):
        told = " or ".join(made) or "nothing"
        message = f"flow {name} gives out {told}, and a step makes one value of one contract"
        return _finding("FO221", place, message, "Let its succeeding ends give out one contract.")
    return found


def _circle(place: tuple[str, ...], names: tuple[str, ...]) -> Finding:
    message = f"flows would call each other without end: {' → '.join(names)}"
    return _finding("FO222", place, message, "Let one of them do without the other.")


def _finding(code: str, place: tuple[str, ...], message: str, remedy: str) -> Finding:
    return Finding(code=code, place=place, message=message, remedy=remedy)
