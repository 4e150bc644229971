"""Faults of models: a scripted server of each run's own, asked over HTTP as any endpoint is."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import JsonValue

from contracts.compiled import catalogued
from services.llm.base import LanguageModel, ModelReply, ModelRequest, OnText, Receipt, Work
from services.llm.endpoint import Endpoint
from services.llm.in_process import ScriptedModel
from services.llm.openai import OpenAIModel
from services.llm.scripted.respondent import SampleAnswer
from services.llm.scripted.script import Fault, Line, Script
from services.llm.scripted.server import ScriptedServer
from services.rehearsal.changing import changed, dice
from services.rehearsal.exchange import Exchange
from services.rehearsal.faults import Change, Death, Port
from services.rehearsal.scene import CURRENT, Attempt, Died, Scene
from services.rehearsal.steering import steered

WAITING: Final = frozenset({Fault.HTTP_429_RETRY_AFTER, Fault.HTTP_503_RETRY_AFTER})
"""Faults that say how long to wait."""

STRUCK: Final = "!"
"""What is put behind an agent's name in a call that a fault is meant for."""


@dataclass
class Seat:
    """A scripted model and a connection to it, lent to one run after the other."""

    server: ScriptedServer
    model: OpenAIModel
    aside: ScriptedModel
    """The same answers without a connection, for the steps that no fault is meant for."""

    scene: Scene | None = None
    before: int = field(default=0)
    """Calls that earlier runs have made."""

    @property
    def calls(self) -> int:
        """How many calls the present run has made."""
        return len(self.server.calls) + len(self.aside.calls) - self.before

    def take(self, scene: Scene) -> None:
        """Lend it to a run."""
        self.scene, self.before = scene, self.before + self.calls
        target = scene.target
        lines: tuple[Line, ...] = ()
        if target and isinstance(target.injection.what, Fault):
            struck = f"{target.agent}@{target.step}{STRUCK}"
            fault = target.injection.what
            wait = target.wait_ms if fault in WAITING else None
            lines = (Line(agent=struck, fault=fault, times=None, after_ms=wait),)
        self.server.perform(Script(lines=lines))


@asynccontextmanager
async def seat(samples: Mapping[str, SampleAnswer]) -> AsyncIterator[Seat]:
    """Open a scripted model on a free port of this machine."""
    held: list[Seat] = []

    def answer(
        work: Work, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]
    ) -> JsonValue:
        scene = held[0].scene
        assert scene is not None, "only runs that were lent a model ask it"
        return _answer(scene, samples, work, Exchange(work.rung, blocks, schema, None))

    async with ScriptedServer(answer) as server, Endpoint(server.base_url, "none") as endpoint:
        held.append(Seat(server, OpenAIModel(endpoint), ScriptedModel(answer)))
        yield held[0]


class RehearsedModel:
    """Implements `LanguageModel`: every run's calls go to the scripted model that it was lent."""

    def __init__(self, seats: Mapping[str, Seat]) -> None:
        self._seats = seats
        """By tenant."""

    async def complete(
        self, request: ModelRequest, on_text: OnText, receipt: Receipt | None = None
    ) -> ModelReply:
        """See `LanguageModel.complete`."""
        at = CURRENT.get()
        assert at is not None, "models are asked by steps"
        asked = _named(request, at)
        lent = self._seats[at.scene.tenant]
        target = at.scene.target
        # A connection takes half of a run's time, and only where the fault is does it matter.
        is_rehearsed = target is None or at.task.step == target.step
        model: LanguageModel = lent.model if is_rehearsed else lent.aside
        reply = await model.complete(asked, on_text, receipt)
        _die(at)
        return reply


def _named(request: ModelRequest, at: Attempt) -> ModelRequest:
    """Say in the call whether a fault is meant for it, and which step asks."""
    name = f"{request.work.agent}@{at.task.step}"
    if _is_struck(at):
        at.scene.fired += 1
        name = f"{request.work.agent}@{at.task.step}{STRUCK}"
    return request.model_copy(update={"work": request.work.model_copy(update={"agent": name})})


def _is_struck(at: Attempt) -> bool:
    """Whether the fault is for this call: stand-ins ask another model, which works."""
    target = at.scene.target
    if target is None or not at.strikes(target) or at.task.agent:
        return False
    if target.injection.port not in (Port.MODEL, Port.ANSWER):
        return False
    return target.injection.persistent or not at.scene.fired


def _die(at: Attempt) -> None:
    target = at.scene.target
    if target is None or not at.strikes(target) or at.scene.fired:
        return
    if target.injection.what is Death.AFTER_REPLY:
        at.scene.fired += 1
        raise Died


def _answer(
    scene: Scene, samples: Mapping[str, SampleAnswer], work: Work, asked: Exchange
) -> JsonValue:
    """Give the agent's own good answer, steered where the way leads, changed where it is struck."""
    is_struck = work.agent.endswith(STRUCK)
    agent, _, step = work.agent.removesuffix(STRUCK).rpartition("@")
    good = samples[catalogued(agent)](asked.rung, asked.blocks, asked.schema)
    good = steered(scene.way, step, work.visit, replace(asked, answer=good))
    given = replace(asked, answer=good)
    scene.asked.setdefault((step, work.item), given)
    if (scene.way.spoils, work.visit) == (step, 1):
        good = _spoilt(given)
    target = scene.target
    if not (is_struck and target and isinstance(target.injection.what, Change)):
        return good
    made = changed(target.injection.what, given, dice(target.seed, target.injection.what))
    if made is None:
        scene.fired -= 1
        return good
    scene.traces += made.traces
    return made.answer


def _spoilt(good: Exchange) -> JsonValue:
    """Get one number wrong, always the same; where there is none, the answer stays good."""
    made = changed(Change.NUMBER, good, dice(0, Change.NUMBER))
    return made.answer if made else good.answer
