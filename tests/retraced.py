"""Replays a run's history on the interpreter, and follows what it told beside that."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Unpack

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from contracts.compiled import CompiledFlow
from contracts.event import EventKind
from contracts.reference import FactValue, Reference
from contracts.work import RunProgress
from services.payloads import data_converter
from services.runs.history import Telling
from workflows.retracing import Retracing
from workflows.run_flow import RunFlow
from workflows.state import RunState
from workflows.state import Told as Fields

COMPARED = {"place", "seq", "versions", "visits", "used", "budget", "failure", "authors"}


@dataclass(frozen=True)
class Border:
    """What was known of a run right after it handed something over."""

    known: Mapping[str, object]


def border(progress: RunProgress) -> Border:
    """Take what a retraced run has to agree on; money, time and who waits are no part of it."""
    slots = {slot: held.model_dump() for slot, held in progress.slots.items()}
    items = {
        name: (each.inputs, each.result.value.digest)
        for name, each in progress.finished_items.items()
    }
    return Border({**progress.model_dump(include=COMPARED), "slots": slots, "items": items})


async def borders_of(
    history: WorkflowHistory, patch: pytest.MonkeyPatch
) -> tuple[list[Border], list[Border]]:
    """Every border of a run: as the interpreter knew it, and as it is retraced."""
    known = await _interpreted(history, patch)
    facts = {
        (slot, held.references[0].digest): held.facts
        for progress in known
        for slot, held in progress.slots.items()
    }

    def facts_of(reference: Reference) -> dict[str, FactValue]:
        return facts.get((reference.slot, reference.digest), {})

    telling = Telling(history.workflow_id)
    for event in history.events:
        telling.take(event)
    assert telling.told is not None
    told = telling.told
    flow = CompiledFlow.decode(told.start.flow.body or "")
    retracing = Retracing(told.start, flow, facts_of, told.decisions)
    retraced: list[Border] = []
    for each in told.ordered():
        retracing.follow((each,))
        if each.kind is EventKind.HANDED_OFF:
            retraced.append(border(retracing.state.progress()))
    return [border(each) for each in known], retraced


async def _interpreted(history: WorkflowHistory, patch: pytest.MonkeyPatch) -> list[RunProgress]:
    known: list[RunProgress] = []
    tell = RunState.tell

    def observed(state: RunState, kind: EventKind, at_ms: int, **fields: Unpack[Fields]) -> int:
        seq = tell(state, kind, at_ms, **fields)
        if kind is EventKind.HANDED_OFF:
            known.append(state.progress())
        return seq

    patch.setattr(RunState, "tell", observed)
    replayer = Replayer(
        workflows=[RunFlow],
        data_converter=data_converter(),
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    await replayer.replay_workflow(history)
    return known
