"""The activities around a sub-flow: what it starts with, and what comes of it."""

from temporalio import activity

from contracts.base import Contract, digest
from contracts.compiled import CompiledFlow
from contracts.event import Event
from contracts.reference import Value
from contracts.registry import Registry
from contracts.work import RunStart, StepResult, SubFlowTask
from services.long_term.entries import LongTermMemory
from services.memory.memory import Memory
from services.runs.inputs import as_value
from services.runs.preparing import start_of
from services.worker.failures import as_final_unless_passing
from services.worker.flows import FlowCache
from services.worker.given import read_given
from workflows.ports import SubFlowActivities


class WorkerSubFlows(SubFlowActivities):
    """Implements the ports around sub-flows."""

    def __init__(
        self, memory: Memory, flows: FlowCache, registry: Registry, entries: LongTermMemory
    ) -> None:
        self._memory = memory
        self._registry = registry
        self._entries = entries
        self._flows = flows

    @activity.defn(name="enter_sub_flow")
    async def enter_sub_flow(self, task: SubFlowTask) -> RunStart:
        """See `SubFlowActivities.enter_sub_flow`."""
        try:
            return await self._enter(task)
        except Exception as error:  # the edge: only what may pass is tried again
            raise as_final_unless_passing(error) from error

    @activity.defn(name="leave_sub_flow")
    async def leave_sub_flow(self, task: SubFlowTask) -> StepResult:
        """See `SubFlowActivities.leave_sub_flow`."""
        try:
            return StepResult(value=await self._leave(task))
        except Exception as error:  # the edge: only what may pass is tried again
            raise as_final_unless_passing(error) from error

    async def _enter(self, entering: SubFlowTask) -> RunStart:
        task = entering.task
        flow = await self._flows.get(task.tenant, task.run, task.flow, from_history=True)
        agent = flow.steps[task.step].agent
        inner = flow.flows[agent]
        events: list[Event] = [each for each in entering.pending if each.seq >= entering.write_from]
        given, _ = await read_given(
            self._memory, self._registry, task, flow.agents[agent].receives, events=events
        )
        values = {slot: value for slot, value in given.items() if isinstance(value, Contract)}
        return await start_of(
            self._memory,
            self._entries,
            task.tenant,
            entering.child,
            inner,
            _carried(inner),
            values,
        )

    async def _leave(self, leaving: SubFlowTask) -> Value:
        task, made = leaving.task, leaving.output
        assert made is not None, "a run that succeeded has an output"
        flow = await self._flows.get(task.tenant, task.run, task.flow, from_history=True)
        step = flow.steps[task.step]
        stored, _ = await self._memory.read(task.tenant, leaving.child, [made.digest])
        produces = flow.agents[step.agent].produces
        product = self._registry.read(stored[made.digest], made.contract, produces)
        value, body = as_value(product, flow.facts.get(step.writes, ()))
        await self._memory.write(task.tenant, task.run, {value.digest: body})
        return value


def _carried(flow: CompiledFlow) -> tuple[Value, bytes]:
    body = flow.encode()
    return Value(digest=digest(body), size=len(body), body=body.decode()), body
