"""The check of a flow's form: names, types, rules and plans, each on its own, before any path."""

from contracts.flow import FlowDocument
from contracts.registry import Registry
from workflows.checking.asking import check_asking
from workflows.checking.conditions import check_conditions
from workflows.checking.finding import Finding
from workflows.checking.memory import check_memory
from workflows.checking.names import Agents, check_names
from workflows.checking.plans import check_plans
from workflows.checking.stand_ins import check_stand_ins
from workflows.checking.subject import check_subject


def check(document: FlowDocument, agents: Agents, registry: Registry) -> tuple[Finding, ...]:
    """Check a document against the agents and contracts there are.

    What happens on its paths is asked once this finds nothing; see `behaviour`.
    """
    return (
        *check_names(document, agents, registry),
        *check_memory(document, registry),
        *check_subject(document, registry),
        *check_conditions(document, registry),
        *check_plans(document),
        *check_stand_ins(document, agents),
        *check_asking(document),
    )
