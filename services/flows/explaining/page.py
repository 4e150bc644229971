"""Explains a flow in sentences: a page of Markdown that lives beside the flow and is reviewed."""

from collections.abc import Mapping

from contracts.compiled import CompiledFlow
from services.flows.compile import Catalogue
from services.flows.explaining.chart import Chart
from services.flows.explaining.context import ends, loops, slots
from services.flows.explaining.failures import failures
from services.flows.explaining.handoffs import handoffs
from services.flows.explaining.overview import overview
from services.flows.explaining.plans import plans
from workflows.context_map.build import context_map
from workflows.context_map.fields import field_names
from workflows.context_map.parts import ContextMap


def explain(flow: CompiledFlow, catalogue: Catalogue) -> str:
    """Write the page of a flow, with what this installation's agents say about themselves."""
    drawn = context_map(flow, field_names(flow, catalogue.registry))
    return page(drawn, {name: agent.summary for name, agent in catalogue.agents.items()})


def page(drawn: ContextMap, summaries: Mapping[str, str]) -> str:
    """Write the page of a map. The same map gives the same bytes; a sentence has its own line.

    Args:
        drawn: the flow's context map.
        summaries: what each agent says it does, by the agent's name.
    """
    chart = Chart(drawn, summaries)
    shared = plans(chart)
    sections = [
        overview(chart),
        failures(chart, shared),
        handoffs(chart, shared),
        slots(chart),
        loops(chart),
        ends(chart),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"
