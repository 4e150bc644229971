"""The catalogue: which agents there are, and that what they declare is consistent."""

import pytest

from contracts.agent import AgentKind
from contracts.registry import CONTRACTS
from services.agents import prompts
from services.agents.catalogue import build, declarations
from services.publishing.in_process import InProcessPublisher
from services.retrieval.in_process import InProcessCorpora

NAMES = sorted(declarations())


def test_built_agents_are_those_declared() -> None:
    """Every declaration has an agent and every agent its declaration."""
    built = build(
        retriever=InProcessCorpora(), publisher=InProcessPublisher(), writer_model="a-model"
    )

    assert {name: agent.declaration for name, agent in built.items()} == declarations()


@pytest.mark.parametrize("name", NAMES)
def test_declared_contracts_exist(name: str) -> None:
    """What an agent receives and produces is registered."""
    declaration = declarations()[name]
    named = [*declaration.receives.values(), declaration.produces]

    assert {each.strip("[]").split(".")[0] for each in named} <= set(CONTRACTS.contracts)


@pytest.mark.parametrize("name", NAMES)
def test_optional_and_reported_inputs_are_received(name: str) -> None:
    """An agent names no input that it does not receive."""
    declaration = declarations()[name]

    assert {*declaration.optional, *declaration.about} <= set(declaration.receives)


@pytest.mark.parametrize("name", NAMES)
def test_only_model_agents_ask(name: str) -> None:
    """Models, rungs and question limits come together, with a prompt file for each rung."""
    declaration = declarations()[name]
    asks = declaration.kind is AgentKind.MODEL

    assert (bool(declaration.model), bool(declaration.rungs)) == (asks, asks)
    assert declaration.limits.questions == int(asks)
    assert all(prompts.prompt(name, rung).strip() for rung in declaration.rungs)


@pytest.mark.parametrize("name", NAMES)
def test_pure_agents_have_no_effect_and_no_network(name: str) -> None:
    """What may run locally neither publishes nor asks nor searches, and is quick."""
    declaration = declarations()[name]

    assert not declaration.pure or (
        declaration.kind is AgentKind.CODE
        and not declaration.publishes
        and declaration.limits.seconds <= 2
    )
