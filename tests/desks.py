"""Desks for tests of agents: they answer in this process, by script or by an agent's own sample."""

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import JsonValue

from contracts.agent import Capability
from services.agents.base import ModelAgent, Question, Rung
from services.errors import AnswerRejectedError

Answer = TypeVar("Answer")

REPAIRS = 2


class ScriptedDesk:
    """Implements `Desk`: climbs the ladder as the real one does, without a model.

    Texts given are the replies, one a call; when they are used up, the agent's own sample answers.
    """

    def __init__(
        self,
        agent: ModelAgent,
        *texts: str,
        capability: Capability = Capability.WRITES,
        model: str = "a-model",
    ) -> None:
        self.capability = capability
        self.model = model
        self.asked: list[Rung[Any]] = []
        self.rejected: list[AnswerRejectedError] = []
        self._agent = agent
        self._texts = list(texts)

    async def ask(self, question: Question[Answer]) -> Answer:
        """Ask the first rung, twice more after rejections, then the last rung once."""
        last = question.rungs[-1]
        if self.capability is Capability.CHOOSES:
            return self._answer(last)
        for _ in range(1 + REPAIRS):
            try:
                return self._answer(question.rungs[0])
            except AnswerRejectedError as rejected:
                self.rejected.append(rejected)
        return self._answer(last)

    def _answer(self, rung: Rung[Answer]) -> Answer:
        self.asked.append(rung)
        return rung.accept(self._texts.pop(0) if self._texts else sample(self._agent, rung))


class SilentDesk:
    """Implements `Desk` for code agents: asking it fails the test."""

    capability = Capability.WRITES
    model = "no-model"

    async def ask(self, question: Question[Answer]) -> Answer:
        """Refuse."""
        raise AssertionError("a code agent asked a model")


def sample(agent: ModelAgent, rung: Rung[Any]) -> str:
    """Let an agent write its own good answer to a rung, as the rehearsal does."""
    blocks = {name: block.data for name, block in rung.blocks.items()}
    return written(agent.sample_answer(rung.name, blocks, rung.schema))


def written(reply: JsonValue | Sequence[JsonValue]) -> str:
    """Write a reply as a model would."""
    return json.dumps(reply)
