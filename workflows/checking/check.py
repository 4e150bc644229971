"""The check of a flow: all findings, or none and the flow may run."""

from contracts.flow import FlowDocument
from contracts.registry import Registry
from workflows.checking.conditions import check_conditions
from workflows.checking.finding import Finding
from workflows.checking.graph import build
from workflows.checking.names import Agents, check_names
from workflows.checking.paths import check_paths, check_plans


def check(document: FlowDocument, agents: Agents, registry: Registry) -> tuple[Finding, ...]:
    """Check a document against the agents and contracts there are.

    Paths are only walked once every name is known and every rule can be read.
    """
    findings = [
        *check_names(document, agents, registry),
        *check_conditions(document, registry),
        *check_plans(document),
    ]
    if not findings:
        findings += check_paths(document, build(document))
    return tuple(findings)
