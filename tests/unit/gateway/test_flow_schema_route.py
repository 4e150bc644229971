"""Editors fetch the schema of flow files from the gateway."""

import httpx
import jsonschema_rs

from services.agents.catalogue import declarations


async def test_the_schema_of_flow_files_is_served(caller: httpx.AsyncClient) -> None:
    """It is a JSON Schema by its media type, and offers the agents and contracts there are."""
    reply = await caller.get("/v1/flow.schema.json")

    schema = reply.json()
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/schema+json")
    jsonschema_rs.meta.validate(schema)
    assert schema["definitions"]["Step"]["properties"]["agent"]["enum"] == sorted(declarations())
    assert schema["definitions"]["Contract"]["enum"] == [
        "Decision@1",
        "Decision@2",
        "Job@1",
        "Jobs@1",
        "Note@1",
        "Remembered@1",
    ]


async def test_no_flow_can_take_its_address(caller: httpx.AsyncClient) -> None:
    """The address is none that a flow's name could make."""
    reply = await caller.get("/v1/flows/flow.schema.json")

    assert reply.status_code == 422
