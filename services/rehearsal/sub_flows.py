"""Sub-flows in rehearsals and witnesses: each is played by an agent with a sample of its output.

What may go wrong inside one is told by that flow's own rehearsal; here the step fails as a whole.
"""

from collections.abc import Mapping
from importlib import resources

from pydantic import JsonValue
from ruamel.yaml import YAML

from contracts.agent import AgentDeclaration, AgentKind
from contracts.base import Contract
from contracts.compiled import CompiledAgent, CompiledFlow
from contracts.registry import Registry
from services.agents.base import Agent, Desk, Given
from services.errors import NotFoundError


class SampleFlow(Agent):
    """Makes the same sample of a flow's output each time."""

    def __init__(self, declaration: AgentDeclaration, sample: Contract) -> None:
        self.__dict__["declaration"] = declaration
        self._sample = sample

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Give the sample."""
        return self._sample


def without_sub_flows(flow: CompiledFlow) -> CompiledFlow:
    """Let agents do the work of sub-flows, under the same names."""
    agents = {
        name: agent.model_copy(update={"kind": AgentKind.CODE, "budget": None})
        if agent.kind is AgentKind.FLOW
        else agent
        for name, agent in flow.agents.items()
    }
    return flow.model_copy(update={"agents": agents, "flows": {}})


def sample_flows(flow: CompiledFlow, registry: Registry) -> Mapping[str, Agent]:
    """Build an agent for each sub-flow.

    Raises:
        NotFoundError: there is no sample of what one makes.
    """
    return {
        name: SampleFlow(_declared(name, agent), _sample(agent.produces, registry))
        for name, agent in flow.agents.items()
        if agent.kind is AgentKind.FLOW
    }


def _declared(name: str, agent: CompiledAgent) -> AgentDeclaration:
    return AgentDeclaration(
        name=name,
        version=agent.version,
        kind=AgentKind.CODE,
        summary="Plays a sub-flow.",
        receives=agent.receives,
        produces=agent.produces,
        trust=agent.trust,
    )


def _sample(contract: str, registry: Registry) -> Contract:
    folder = resources.files("services.rehearsal").joinpath("samples").joinpath("products")
    file = folder.joinpath(f"{contract}.yaml")
    if not file.is_file():
        raise NotFoundError(
            f"there is no sample of {contract}, which a sub-flow makes; rehearse the sub-flow by"
            " itself"
        )
    data: JsonValue = YAML(typ="safe").load(file.read_text("utf-8"))
    return registry.get(contract).model_validate(data, strict=False)
