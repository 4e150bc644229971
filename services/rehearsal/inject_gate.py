"""People in rehearsal: editors approve, operators retry once and then stop, and some err.

Where several have to approve, one person a role does so, as many as it takes.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from contracts.compiled import CompiledFlow, CompiledGate
from contracts.event import Event, EventKind
from contracts.flow import GateAction
from contracts.run import DecisionRequest
from contracts.work import FlushTask
from services.errors import CallerError
from services.rehearsal.faults import Person, Port
from services.rehearsal.scene import Scene, Scenes
from services.runs.gates import Gates

WHO: Final = "rehearsal"
AUTHOR: Final = "rehearsal, who edits"
"""Another person than those who approve: a gate may ask for that."""

_ELSEWHERE: Final = "0" * 64
"""A digest of nothing that was ever shown."""


class People:
    """Decides every gate that opens, at once, as the rehearsal has it."""

    def __init__(self, scenes: Scenes, gates: Callable[[Scene], Gates], flow: CompiledFlow) -> None:
        self._scenes = scenes
        self._gates = gates
        self._flow = flow

    async def attend(self, task: FlushTask) -> None:
        """Decide the gates that are told to have opened."""
        scene = self._scenes[task.tenant]
        for event in task.pending:
            if event.kind is EventKind.GATE_OPENED and event.digest:
                await self._decide(scene, task.run, event, event.digest)

    async def _decide(self, scene: Scene, run: str, event: Event, shown: str) -> None:
        gate = event.step
        said = self._said(scene, event)
        if said is None:
            return
        first = said.model_copy(update={"shown": shown, "id": f"{gate}-{event.visit}"})
        gates = self._gates(scene)
        *others, request = _of_each_role(self._flow.gates[gate], first)
        if _struck(scene, gate) is not Person.NOBODY:
            for each in others:
                # A flush that is made again finds their approvals counted.
                with suppress(CallerError):
                    await gates.decide(run, gate, each)
        match _struck(scene, gate):
            case Person.NOBODY:
                scene.fired += 1
            case Person.OLD_DIGEST:
                scene.fired += 1
                await _refused(scene, gates, run, gate, shown=_ELSEWHERE, request=request)
                await gates.decide(run, gate, request)
            case Person.TWICE:
                scene.fired += 1
                await gates.decide(run, gate, request)
                again = request.model_copy(update={"id": f"{request.id}-again"})
                await _refused(scene, gates, run, gate, shown=shown, request=again)
            case _:
                # A flush that is made again finds the gate decided.
                with suppress(CallerError):
                    await gates.decide(run, gate, request)

    def _said(self, scene: Scene, event: Event) -> DecisionRequest | None:
        gate = self._flow.gates[event.step]
        verdict = scene.way.verdicts.get(event.step, "approve")
        if verdict != "edited":
            return _said(gate, verdict, event.visit)
        if event.visit > 1:
            return _said(gate, "approve", event.visit)
        held = next(each for each in event.references if each.slot == gate.edits)
        edited = json.loads(scene.values[held.digest])
        return DecisionRequest(shown=_ELSEWHERE, who=AUTHOR, verdict="edited", edited=edited)


def _of_each_role(gate: CompiledGate, said: DecisionRequest) -> list[DecisionRequest]:
    """Let as many people say the same as it takes, each in a role of their own."""
    if gate.approvers is None:
        return [said]
    needed = gate.approvers.need if said.verdict == "approve" else 1
    return [_as(role, said) for role in gate.approvers.of[:needed]]


def _as(role: str, said: DecisionRequest) -> DecisionRequest:
    own = {"id": f"{said.id}-{role}", "role": role, "who": f"{said.who} as {role}"}
    return said.model_copy(update=own)


async def _refused(
    scene: Scene, gates: Gates, run: str, gate: str, *, shown: str, request: DecisionRequest
) -> None:
    """Send a decision that must not count, and note that it was refused."""
    try:
        await gates.decide(run, gate, request.model_copy(update={"shown": shown}))
    except CallerError as error:
        scene.refusals.append(str(error))


def _struck(scene: Scene, gate: str) -> Person | None:
    target = scene.target
    if target is None or target.injection.port is not Port.GATE or target.step != gate:
        return None
    what = target.injection.what
    assert isinstance(what, Person), "gates suffer from people"
    return None if scene.fired else what


def _said(gate: CompiledGate, verdict: str, visit: int) -> DecisionRequest | None:
    """Say what a person does here; None where nothing that is allowed makes sense unasked."""
    if not gate.answers_failure:
        return DecisionRequest.model_validate({"shown": _ELSEWHERE, "who": WHO, "verdict": verdict})
    wishes: tuple[GateAction, ...] = ("retry", "stop", "go") if visit == 1 else ("stop", "go")
    action = next((each for each in wishes if each in gate.allow), None)
    if action is None:
        return None
    to = gate.go[0] if action == "go" else ""
    return DecisionRequest(shown=_ELSEWHERE, who=WHO, action=action, to=to)
