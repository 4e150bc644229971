"""A step that meets absent memory is tried again, also before its flow and so its plan is read."""

import dataclasses
from collections.abc import Mapping, Sequence

import pytest
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from contracts.event import Event
from contracts.failure import FailureKind
from contracts.reference import Digest
from contracts.work import StepTask
from services.errors import UnavailableError
from services.llm.in_process import ScriptedModel
from services.memory.in_process import InProcessArchive, InProcessStore
from services.memory.memory import Memory
from services.payloads import PayloadConverter
from services.worker.activities import Assembly, WorkerActivities
from tests.toys import REGISTRY
from workflows.failures import NEEDS_HISTORY

TASK = StepTask(tenant="t", run="r1", flow="0" * 64, step="one", visit=1, seq=2, inputs={})


class AbsentStore(InProcessStore):
    """Memory that does not answer."""

    async def turn(
        self,
        tenant: str,
        run: str,
        *,
        read: Sequence[Digest] = (),
        write: Mapping[Digest, bytes] | None = None,
        events: Sequence[Event] = (),
    ) -> tuple[bytes | None, ...]:
        """See `ContextStore.turn`."""
        raise UnavailableError("the memory does not answer; check that the server runs")


@pytest.fixture
def activities() -> WorkerActivities:
    """A worker that has just started, with its memory away."""
    memory = Memory(AbsentStore(), InProcessArchive(), None)
    return WorkerActivities(Assembly(memory, {}, ScriptedModel(), REGISTRY))


@pytest.fixture
def environment() -> ActivityEnvironment:
    """Where an activity runs without a server."""
    made = ActivityEnvironment()
    made.payload_converter = PayloadConverter()
    return made


@pytest.mark.parametrize(("attempt", "is_final"), [(1, False), (6, False), (7, True)])
async def test_a_step_waits_for_memory_before_its_plan_is_known(
    activities: WorkerActivities, environment: ActivityEnvironment, attempt: int, is_final: bool
) -> None:
    """A worker that has not met the flow yet does not end the run because memory restarts."""
    environment.info = dataclasses.replace(environment.info, attempt=attempt)

    with pytest.raises(ApplicationError) as failed:
        await environment.run(activities.step, TASK)

    assert (failed.value.type, failed.value.non_retryable) == (FailureKind.UNAVAILABLE, is_final)


async def test_a_pure_step_is_made_again_where_it_can_be_retried(
    activities: WorkerActivities, environment: ActivityEnvironment
) -> None:
    """A local step has one try; what may pass sends it to where the plan's retries are."""
    argument = RawValue(environment.payload_converter.to_payload(TASK))

    with pytest.raises(ApplicationError) as failed:
        await environment.run(activities.pure_step, [argument])

    assert failed.value.type == NEEDS_HISTORY
