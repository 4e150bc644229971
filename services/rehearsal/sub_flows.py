"""Sub-flows in rehearsals and witnesses: each is played by an agent with a sample of its output.

What may go wrong inside one is told by that flow's own rehearsal; here the step fails as a whole.
"""

import json
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable

from pydantic import JsonValue
from ruamel.yaml import YAML

from contracts.agent import AgentDeclaration, AgentKind
from contracts.base import Contract
from contracts.compiled import CompiledAgent, CompiledFlow
from contracts.registry import Registry
from services.agents.base import Agent, Desk, Given
from services.errors import NotFoundError


class SampleFlow(Agent):
    """Makes the same sample of a flow's output each time: the item's own, where there is one."""

    def __init__(self, declaration: AgentDeclaration, samples: Mapping[str, Contract]) -> None:
        self.__dict__["declaration"] = declaration
        self._samples = samples

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Give the sample that is named as one of the inputs is, else the first."""
        named = (str(getattr(value, "id", "")) for value in given.values.values())
        own = next((each for each in named if each in self._samples), None)
        return next(iter(self._samples.values())) if own is None else self._samples[own]


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
        name: SampleFlow(_declared(name, agent), _samples(agent.produces, registry))
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


def _samples(contract: str, registry: Registry) -> dict[str, Contract]:
    """Read the sample of a contract, or several by the ids of the items they are made for."""
    folder = resources.files("services.rehearsal").joinpath("samples").joinpath("products")
    several, single = folder.joinpath(contract), folder.joinpath(f"{contract}.yaml")
    files = sorted(several.iterdir(), key=lambda each: each.name) if several.is_dir() else [single]
    if not files[0].is_file():
        raise NotFoundError(
            f"there is no sample of {contract}, which a sub-flow makes; rehearse the sub-flow by"
            " itself"
        )
    return {each.name.removesuffix(".yaml"): _read(each, contract, registry) for each in files}


def _read(file: Traversable, contract: str, registry: Registry) -> Contract:
    data: JsonValue = YAML(typ="safe").load(file.read_text("utf-8"))
    # Read as JSON is: YAML's lists are tuples there.
    return registry.get(contract).model_validate_json(json.dumps(data))
