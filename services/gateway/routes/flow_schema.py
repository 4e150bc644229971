"""The JSON Schema of flow files, for editors."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from services.agents.catalogue import declarations
from services.flows.editor_schema import FILE_NAME, MEDIA_TYPE, flow_schema
from services.gateway.problems import documented
from services.gateway.state import Here

router = APIRouter(prefix="/v1", tags=["flows"])


class SchemaResponse(JSONResponse):
    """A JSON Schema."""

    media_type = MEDIA_TYPE


@router.get(
    f"/{FILE_NAME}",
    summary="Fetch the JSON Schema of flow files",
    response_class=SchemaResponse,
    responses=documented(500),
)
async def flow_file_schema(here: Here) -> SchemaResponse:
    """What a flow file may say, with the agents and contracts there are, for YAML editors."""
    return SchemaResponse(flow_schema(declarations(), here.runs.registry))
