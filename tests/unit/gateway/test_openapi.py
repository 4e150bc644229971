"""The OpenAPI description tells everything that the routes do."""

import json
from contextlib import nullcontext
from typing import Any

import pytest

from services.gateway.app import create_app
from services.gateway.state import Services


@pytest.fixture
def described(services: Services) -> dict[str, Any]:
    """The description."""
    return create_app(lambda: nullcontext(services)).openapi()


def _operations(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_is_described(described: dict[str, Any]) -> None:
    """Summary, description, one tag and an id of its own."""
    operations = _operations(described)

    bare = [
        name
        for name, operation in operations.items()
        if not (operation.get("summary") and operation.get("description"))
        or len(operation["tags"]) != 1
    ]
    ids = [operation["operationId"] for operation in operations.values()]
    assert bare == []
    assert len(set(ids)) == len(ids) == 75


def test_every_refusal_is_a_problem_document(described: dict[str, Any]) -> None:
    """Every response of 400 and above is problem+json, but for what /readyz tells."""
    refusals = {
        f"{name} {status}": list(response["content"])
        for name, operation in _operations(described).items()
        for status, response in operation["responses"].items()
        if int(status) >= 400
    }

    others = [name for name, kinds in refusals.items() if kinds != ["application/problem+json"]]
    assert others == ["GET /readyz 503"]


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    """No schema is referred to that is not there."""
    text = json.dumps(described)
    named = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}

    assert named <= set(described["components"]["schemas"])
    assert {"ProblemDocument", "Snapshot", "Event"} <= set(described["components"]["schemas"])


def test_bodies_refuse_unknown_fields(described: dict[str, Any]) -> None:
    """What a caller sends is closed; what it gets may grow."""
    schemas = described["components"]["schemas"]
    names = ("StartRun", "DecisionBody", "BudgetBody", "AddDocuments", "DocumentBody")

    assert [schemas[name].get("additionalProperties") for name in names] == [False] * 5
    assert "additionalProperties" not in schemas["RunView"]


def test_the_security_note_is_there(described: dict[str, Any]) -> None:
    """Whoever reads the description learns that nobody is asked who they are."""
    assert "loopback" in described["info"]["description"]
