"""Changes to the compiled flow that a fork goes on by: prompts, models, or a newer flow."""

from collections.abc import Callable, Iterator, Mapping
from string import Template

from contracts.base import digest
from contracts.compiled import CompiledAgent, CompiledFlow, CompiledRule, catalogued
from contracts.reference import Value
from contracts.run import ForkRequest
from contracts.usage import Price
from contracts.work import RunProgress
from services.errors import Problem
from services.runs.inputs import invalid
from workflows.ledger import doers

PriceOf = Callable[[str], Price | None]
"""Looks up what a model of a name costs here."""


def changed_agents(flow: CompiledFlow, request: ForkRequest) -> frozenset[str]:
    """Name the agents of a flow that a request gives another prompt or model.

    Raises:
        InputInvalidError: an agent, rung or alias is not in the flow; all problems are listed.
    """
    problems = [*_unknown_prompts(flow, request.prompts), *_unknown_models(flow, request.models)]
    if problems:
        raise invalid(f"flow {flow.name} has nothing to change there", problems)
    prompted = {key.rpartition(".")[0] for key in request.prompts}
    return frozenset(
        name
        for name, agent in flow.agents.items()
        if catalogued(name) in prompted or (agent.model and agent.model.alias in request.models)
    )


def with_changes(flow: CompiledFlow, request: ForkRequest, price_of: PriceOf) -> CompiledFlow:
    """Give agents the prompts and models that a request names; raises as `changed_agents` does."""
    changed = changed_agents(flow, request)
    agents = {
        name: _changed(name, agent, request, price_of) if name in changed else agent
        for name, agent in flow.agents.items()
    }
    return flow.model_copy(update={"agents": agents}) if changed else flow


def carried(flow: CompiledFlow) -> tuple[Value, bytes]:
    """Serialise a flow as a run carries it."""
    body = flow.encode()
    return Value(digest=digest(body), size=len(body), body=body.decode()), body


def fitted(progress: RunProgress, before: CompiledFlow, flow: CompiledFlow) -> RunProgress:
    """Keep of what a run has counted and kept what means the same in another flow.

    A budget that a person had raised stays; any other is that of the flow.
    """
    same = {
        name
        for name, step in flow.steps.items()
        if before.steps.get(name) == step
        and all(before.agents.get(each) == flow.agents[each] for each in doers(step))
    }
    items = progress.finished_items
    is_failed_known = progress.failure is not None and progress.failure.step in flow.steps
    return progress.model_copy(
        update={
            "used": {key: n for key, n in progress.used.items() if _is_same(key, before, flow)},
            "visits": {
                each: n
                for each, n in progress.visits.items()
                if each in flow.steps or each in flow.gates
            },
            "finished_items": {
                key: item for key, item in items.items() if key.partition("/")[0] in same
            },
            "failure": progress.failure if is_failed_known else None,
            "budget": flow.budget if progress.budget == before.budget else progress.budget,
        }
    )


def _changed(
    name: str, agent: CompiledAgent, request: ForkRequest, price_of: PriceOf
) -> CompiledAgent:
    prompts = {
        rung: request.prompts.get(f"{catalogued(name)}.{rung}", text)
        for rung, text in agent.prompts.items()
    }
    model = agent.model
    if model and model.alias in request.models:
        other = request.models[model.alias]
        model = model.model_copy(update={"name": other, "price": price_of(other)})
    return agent.model_copy(update={"prompts": prompts, "model": model})


def _unknown_prompts(flow: CompiledFlow, prompts: Mapping[str, str]) -> Iterator[Problem]:
    known = {
        f"{catalogued(name)}.{rung}": text
        for name, agent in flow.agents.items()
        for rung, text in agent.prompts.items()
    }
    for key, text in prompts.items():
        if key not in known:
            told = f"there is no such prompt; there are {', '.join(sorted(known)) or 'none'}"
            yield Problem(f"/prompts/{key}", told)
        elif told := _unlike(Template(known[key]), Template(text)):
            yield Problem(f"/prompts/{key}", told)


def _unlike(before: Template, after: Template) -> str:
    """Say why an agent could not fill a prompt that stands in for another; empty when it can."""
    if not after.template.strip():
        return "a prompt says something"
    if not after.is_valid():
        return "there is a $ without a name after it; write $$ for the sign itself"
    wanted, found = set(before.get_identifiers()), set(after.get_identifiers())
    if wanted != found:
        named = ", ".join(f"${each}" for each in sorted(wanted)) or "none"
        return f"the agent fills the places {named}, each of which has to be in it, and no other"
    return ""


def _unknown_models(flow: CompiledFlow, models: Mapping[str, str]) -> Iterator[Problem]:
    known = sorted({agent.model.alias for agent in flow.agents.values() if agent.model})
    for alias, name in models.items():
        if alias not in known:
            told = f"no agent asks it; there are {', '.join(known) or 'none'}"
            yield Problem(f"/models/{alias}", told)
        elif not name.strip():
            yield Problem(f"/models/{alias}", "name the model")


def _is_same(counter: str, before: CompiledFlow, flow: CompiledFlow) -> bool:
    """Whether a counter counts the same way in both flows."""
    place, what, which = _parts(counter)
    if place in before.steps and place in flow.steps and what == "on_failure":
        old, new = before.steps[place].on_failure, flow.steps[place].on_failure
        return old.get(which) == new.get(which)
    if place in before.gates and place in flow.gates and what == "on_deadline":
        return before.gates[place].on_deadline == flow.gates[place].on_deadline
    return what == "next" and _rule(before, place, which) == _rule(flow, place, which)


def _parts(counter: str) -> tuple[str, str, str]:
    place, _, rest = counter.partition(".")
    what, _, which = rest.partition(".")
    return place, what, which


def _rule(flow: CompiledFlow, place: str, ordinal: str) -> CompiledRule | None:
    known = flow.steps.get(place) or flow.gates.get(place)
    rules = known.next if known else ()
    return rules[int(ordinal)] if int(ordinal) < len(rules) else None
