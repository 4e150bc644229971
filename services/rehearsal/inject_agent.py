"""Faults of agents: any agent, made to fail as a step can, or to die at its work."""

from contracts.base import Contract
from contracts.failure import FailureKind
from services.agents.base import Agent, Desk, Given
from services.errors import StepError
from services.rehearsal.faults import Death, Injection, Port
from services.rehearsal.scene import CURRENT, Attempt, Died


class RehearsedAgent(Agent):
    """Works as the agent that it stands for, unless the rehearsal says otherwise."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    async def run(self, given: Given, desk: Desk) -> Contract:
        """See `Agent.run`."""
        at = CURRENT.get()
        if at is None or at.scene.target is None:
            return await self._agent.run(given, desk)
        fail_on_the_way(at)
        struck = at.strikes(at.scene.target)
        if struck:
            act(at, at.scene.target.injection, Death.BEFORE_WORK)
        product = await self._agent.run(given, desk)
        if struck:
            die(at, at.scene.target.injection, Death.AFTER_WORK)
        return product


def rehearsed(agent: Agent) -> Agent:
    """Put an agent where faults can be injected; what it declares stays its own."""
    name = f"Rehearsed{type(agent).__name__}"
    made: RehearsedAgent = type(name, (RehearsedAgent,), {"declaration": agent.declaration})(agent)
    return made


def fail_on_the_way(at: Attempt) -> None:
    """Let the step fail that leads to the gate in question.

    Raises:
        StepError: this is that step.
    """
    target = at.scene.target
    if target and target.setup and target.setup_step == at.task.step and at.task.visit == 1:
        assert isinstance(target.setup.what, FailureKind), "an agent fails in one of these kinds"
        raise _failure(target.setup.what)


def act(at: Attempt, injection: Injection, death: Death) -> None:
    """Fail or die before the work, where that is what was injected.

    Raises:
        StepError: the fault is that the agent fails.
        Died: the fault is that the worker dies here.
    """
    die(at, injection, death)
    if injection.port is not Port.AGENT or (at.scene.fired and not injection.persistent):
        return
    assert isinstance(injection.what, FailureKind), "an agent fails in one of these kinds"
    at.scene.fired += 1
    raise _failure(injection.what)


def die(at: Attempt, injection: Injection, death: Death) -> None:
    """Die, where that is what was injected.

    Raises:
        Died: the worker dies at this instant.
    """
    if injection.port is Port.WORKER and injection.what is death and not at.scene.fired:
        at.scene.fired += 1
        raise Died


def _failure(kind: FailureKind) -> StepError:
    return StepError(kind, f"the rehearsal lets this step fail as {kind}: go on as planned")
