"""The flows on offer: listed, one in full, and the schemas of its contracts."""

from fastapi import APIRouter
from pydantic import JsonValue, TypeAdapter

from contracts.compiled import (
    CompiledApprovers,
    CompiledFlow,
    CompiledGate,
    CompiledRule,
    CompiledStep,
)
from services.gateway.parameters import FlowName
from services.gateway.problems import documented
from services.gateway.replies import (
    ContractSchema,
    FlowApprovers,
    FlowEnd,
    FlowGate,
    FlowList,
    FlowPlanLine,
    FlowRead,
    FlowSchemas,
    FlowStep,
    FlowSummary,
    FlowView,
    FlowWay,
)
from services.gateway.state import Here

router = APIRouter(prefix="/v1/flows", tags=["flows"])
_SCHEMA: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


@router.get("", summary="List the flows on offer", responses=documented(500))
async def list_flows(here: Here) -> FlowList:
    """Flow files with findings are not offered; `refused` says why."""
    return FlowList(
        flows=tuple(_summary(flow) for _, flow in sorted(here.shelf.flows.items())),
        refused=here.shelf.refused,
        refused_findings=here.shelf.refused_findings,
    )


@router.get("/{flow}", summary="Show one flow", responses=documented(404, 422, 500))
async def show_flow(flow: FlowName, here: Here) -> FlowView:
    """Slots, steps, gates, ends and budget, with the ways between them."""
    found = here.shelf.get(flow)
    return FlowView(
        **_summary(found).model_dump(),
        source=found.source,
        slots=found.slots,
        budget=found.budget,
        worst_case=here.shelf.worst_cases[flow],
        retention_seconds=found.retention,
        start=found.start,
        steps={name: _step(found, step) for name, step in found.steps.items()},
        gates={name: _gate(gate) for name, gate in found.gates.items()},
        ends={
            name: FlowEnd(outcome=end.outcome, output=end.output, reason=end.reason)
            for name, end in found.ends.items()
        },
    )


@router.get(
    "/{flow}/schemas",
    summary="Fetch the JSON Schemas of a flow's contracts",
    responses=documented(404, 422, 500),
)
async def flow_schemas(flow: FlowName, here: Here) -> FlowSchemas:
    """Every contract that the flow uses, those of its input first."""
    found = here.shelf.get(flow)
    slots: dict[str, list[str]] = {}
    for slot in (*found.input, *found.slots):
        named = slots.setdefault(found.slots[slot].strip("[]"), [])
        if slot not in named:
            named.append(slot)
    registry = here.runs.registry
    return FlowSchemas(
        contracts=tuple(
            ContractSchema(
                contract=key,
                slots=tuple(names),
                json_schema=_SCHEMA.validate_python(registry.get(key).model_json_schema()),
            )
            for key, names in slots.items()
        )
    )


def _summary(flow: CompiledFlow) -> FlowSummary:
    return FlowSummary(
        name=flow.name,
        version=flow.version,
        summary=flow.summary,
        input={slot: flow.slots[slot] for slot in flow.input},
        memory=flow.memory,
    )


def _step(flow: CompiledFlow, step: CompiledStep) -> FlowStep:
    agent = flow.agents[step.agent]
    each = step.each
    return FlowStep(
        agent=step.agent,
        agent_version=agent.version,
        kind=agent.kind,
        model=agent.model.name if agent.model else "",
        reads=tuple(
            FlowRead(
                input=read.input,
                slot=read.slot,
                is_optional=read.optional,
                stale_allowed=read.stale_allowed,
            )
            for read in step.reads
        ),
        writes=step.writes,
        each=f"{each.variable} in {each.slot}.{each.path}" if each else "",
        parallel=step.parallel,
        next=_ways(step.next),
        on_failure={
            kind: FlowPlanLine(
                repair=line.repair,
                retry=line.retry,
                retry_for_seconds=line.retry_for,
                then=line.then,
                at_most=line.at_most,
            )
            for kind, line in step.on_failure.items()
        },
    )


def _gate(gate: CompiledGate) -> FlowGate:
    return FlowGate(
        role=gate.role,
        shows=gate.shows,
        writes=gate.writes,
        edits=gate.edits,
        answers_failure=gate.answers_failure,
        allow=gate.allow,
        stop=gate.stop,
        deadline_seconds=gate.deadline,
        remind_seconds=gate.remind,
        escalate={each.to: each.after for each in gate.escalate},
        approvers=_approvers(gate.approvers) if gate.approvers else None,
        on_deadline=gate.on_deadline.to,
        next=_ways(gate.next),
    )


def _approvers(asked: CompiledApprovers) -> FlowApprovers:
    return FlowApprovers(need=asked.need, of=asked.of, not_author=asked.not_author)


def _ways(rules: tuple[CompiledRule, ...]) -> tuple[FlowWay, ...]:
    return tuple(FlowWay(rule=rule.text, to=rule.to, at_most=rule.at_most) for rule in rules)
