"""Agents in rehearsal: they fail where and as often as a fault says, and work otherwise."""

import pytest

from contracts.agent import AgentDeclaration, AgentKind
from contracts.base import Contract
from contracts.content.decision import Decision, DecisionVerdict
from contracts.failure import FailureKind
from contracts.work import StepTask
from services.agents.base import Agent, Desk, Given
from services.errors import StepError
from services.rehearsal.faults import Death, Injection, Port
from services.rehearsal.inject_agent import rehearsed
from services.rehearsal.scene import CURRENT, Attempt, Died, Scene, Target
from services.rehearsal.ways import Way

PRODUCT = Decision(verdict=DecisionVerdict.APPROVE, who="eva", shown="0" * 64)


class Steady(Agent):
    """Always makes the same."""

    declaration = AgentDeclaration(
        name="steady",
        version=1,
        kind=AgentKind.CODE,
        summary="Makes one thing.",
        receives={},
        produces="Decision@1",
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        return PRODUCT


def _enter(injection: Injection, step: str = "write") -> Scene:
    scene = Scene("t", Way("plain", {}), Target(injection, "write"))
    task = StepTask(tenant="t", run="r", flow="0" * 64, step=step, visit=1, seq=1, inputs={})
    CURRENT.set(Attempt(scene, task, 1))
    return scene


async def _made() -> Contract:
    return await rehearsed(Steady()).run(Given({}), None)  # type: ignore[arg-type]  # asks nothing


def _refusing(*, persistent: bool) -> Injection:
    return Injection(Port.AGENT, FailureKind.REFUSED, "it fails", "3.1", persistent=persistent)


async def test_a_fault_that_strikes_once_strikes_once() -> None:
    """The second attempt works."""
    scene = _enter(_refusing(persistent=False))

    with pytest.raises(StepError) as failed:
        await _made()

    assert failed.value.kind is FailureKind.REFUSED
    assert await _made() == PRODUCT
    assert scene.fired == 1


async def test_a_persistent_fault_strikes_every_time() -> None:
    """No attempt gets past it."""
    scene = _enter(_refusing(persistent=True))

    for _ in range(3):
        with pytest.raises(StepError):
            await _made()

    assert scene.fired == 3


async def test_other_steps_are_left_alone() -> None:
    """The same agent at another step works as ever."""
    scene = _enter(_refusing(persistent=True), step="elsewhere")

    assert await _made() == PRODUCT
    assert scene.fired == 0


@pytest.mark.parametrize("death", [Death.BEFORE_WORK, Death.AFTER_WORK])
async def test_a_death_is_nothing_that_errors_are_handled_by(death: Death) -> None:
    """It is no exception that an agent or its desk could take for one, and comes once."""
    _enter(Injection(Port.WORKER, death, "the worker dies", "2.1"))

    with pytest.raises(Died) as died:
        await _made()

    assert not isinstance(died.value, Exception)
    assert await _made() == PRODUCT


def test_what_an_agent_declares_stays_its_own() -> None:
    """A flow cannot tell an agent in rehearsal from the agent."""
    assert rehearsed(Steady()).declaration is Steady.declaration
