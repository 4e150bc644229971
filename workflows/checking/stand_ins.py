"""Whether those who stand in for a failed step's agent can do its work unseen by the flow."""

from collections.abc import Iterator
from typing import Final

from contracts.agent import AgentDeclaration, AgentKind
from contracts.flow import FlowDocument, StandIn, Step
from workflows.checking.finding import Finding, Place
from workflows.checking.names import Agents, each_of, unknown

_ALIKE: Final = (
    ("produces", "produce the same contract"),
    ("about", "report on the same inputs"),
    ("verifies", "both verify, or neither"),
    ("vouches_when", "vouch on the same condition"),
    ("trust", "be trusted alike"),
)
"""What the check proves of a step holds for whoever does it, because these are the same."""


def check_stand_ins(document: FlowDocument, agents: Agents) -> Iterator[Finding]:
    """Find stand-ins that nobody knows, that are no change, or that would change what is proved."""
    for key, line in document.on_failure.items():
        for each in line.fall_back:
            if each.agent:
                yield _finding(
                    ("on_failure", key),
                    f"{each.agent} cannot stand in for every step's agent",
                    "Name an agent in on_failure of the step it stands in for.",
                )
    for name, node in document.steps.items():
        if isinstance(node, Step) and node.agent in agents:
            for key, line in node.on_failure.items():
                place: Place = ("steps", name, "on_failure", key)
                for each in line.fall_back:
                    yield from _stand_in(place, node, agents[node.agent], each, agents)


def _stand_in(
    place: Place, step: Step, own: AgentDeclaration, given: StandIn, agents: Agents
) -> Iterator[Finding]:
    if own.publishes:
        message = f"{own.name} publishes; done by another as well, a text could go out twice"
        yield _finding(place, message, "Let a person decide instead: drop fall_back.")
    elif given.agent is None:
        yield from _other_model(place, own, given.model or "")
    elif given.agent not in agents:
        yield unknown("FO201", place, given.agent, agents, "agent")
    elif given.agent == own.name:
        yield _finding(place, f"{own.name} stands in for itself", "Name another agent or a model.")
    else:
        yield from _other_agent(place, step, own, agents[given.agent])


def _other_model(place: Place, own: AgentDeclaration, alias: str) -> Iterator[Finding]:
    if own.kind is not AgentKind.MODEL:
        yield _finding(place, f"{own.name} asks no model", "Name an agent that stands in for it.")
    elif alias == own.model:
        message = f"{own.name} asks the model {alias!r} already"
        yield _finding(place, message, "Name the alias of another model.")


def _other_agent(
    place: Place, step: Step, own: AgentDeclaration, other: AgentDeclaration
) -> Iterator[Finding]:
    for field, alike in _ALIKE:
        if getattr(own, field) != getattr(other, field):
            message = f"{other.name} cannot stand in for {own.name}: they have to {alike}"
            yield _finding(place, message, "Choose an agent that is alike in this.")
    parsed = each_of(step)
    read = [each.input for each in step.reads] + ([parsed[0]] if parsed else [])
    for name in dict.fromkeys(read):
        if name in own.receives and other.receives.get(name) != own.receives[name]:
            has = other.receives.get(name, "nothing of that name")
            message = f"{other.name} receives {name!r} as {has}, and {own.name} as"
            yield _finding(
                place,
                f"{message} {own.receives[name]}",
                "Choose an agent with the same inputs.",
            )
    missable = {each.input for each in step.reads if each.optional}
    for name in other.receives:
        if name in missable and name not in other.optional:
            message = f"{other.name} cannot do without {name!r}, which may be missing here"
            yield _finding(place, message, "Choose an agent that takes it as optional.")
        if name not in read and name not in other.optional:
            message = f"{other.name} needs {name!r}, which this step does not read"
            yield _finding(place, message, "Read it here, or choose another agent.")


def _finding(place: Place, message: str, remedy: str) -> Finding:
    return Finding(code="FO220", place=place, message=message, remedy=remedy)
