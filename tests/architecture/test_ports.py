"""Every port has an implementation, and every prompt that an agent names exists."""

import inspect

import pytest
from temporalio import activity
from temporalio.client import Client

from services.agents.catalogue import declarations
from services.agents.prompts import places, prompt
from services.llm.in_process import ScriptedModel
from services.memory.in_process import InProcessArchive, InProcessStore
from services.memory.memory import Memory
from services.payloads import data_converter
from services.worker.activities import Assembly, WorkerActivities
from services.worker.app import build
from services.worker.sub_flows import WorkerSubFlows
from tests.toys import REGISTRY
from workflows.ports import Activities, SubFlowActivities

PORTS = [
    (port, offered, name)
    for port, offered in ((Activities, WorkerActivities), (SubFlowActivities, WorkerSubFlows))
    for name, _ in inspect.getmembers(port, inspect.isfunction)
]
RUNGS = [(name, rung) for name, declared in declarations().items() for rung in declared.rungs]


def _name(function: object) -> str | None:
    """The name under which Temporal calls an activity; None when it answers to any."""
    definition = activity._Definition.from_callable(function)  # type: ignore[arg-type]
    assert definition is not None
    return definition.name


@pytest.mark.parametrize(("port", "offered", "name"), PORTS)
def test_a_port_is_implemented_under_its_own_name(port: type, offered: type, name: str) -> None:
    """What the interpreter calls and what the worker offers go by one name."""
    declared = _name(getattr(port, name))

    assert _name(getattr(offered, name)) == declared


@pytest.mark.servers
async def test_the_worker_offers_every_port(temporal_address: str) -> None:
    """Nothing that the interpreter may call is left out when a worker is built."""
    client = await Client.connect(temporal_address, data_converter=data_converter())
    memory = Memory(InProcessStore(), InProcessArchive(), None)

    async with build(client, "ports", Assembly(memory, {}, ScriptedModel(), REGISTRY)) as worker:
        offered = {_name(each) for each in worker.config().get("activities", ())}

    assert offered == {_name(getattr(port, name)) for port, _, name in PORTS}


@pytest.mark.parametrize(("agent", "rung"), RUNGS, ids=[".".join(each) for each in RUNGS])
def test_every_prompt_that_an_agent_names_exists(agent: str, rung: str) -> None:
    """Each rung of each agent has its file, with something in it and places that can be filled."""
    text = prompt(agent, rung)

    assert text.strip()
    assert places(text) is not None


def test_there_are_agents_with_prompts() -> None:
    """The table above is not empty, or it would prove nothing."""
    assert len(RUNGS) >= 8
