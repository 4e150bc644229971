"""The context map of a flow, in the form that the caller asks for."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Response
from starlette.exceptions import HTTPException

from services.drawing.formats import MapFormat
from services.gateway.accept import preferred
from services.gateway.parameters import FlowName
from services.gateway.problems import documented
from services.gateway.state import Here
from workflows.context_map.build import context_map
from workflows.context_map.fields import field_names
from workflows.context_map.parts import ContextMap

router = APIRouter(prefix="/v1/flows", tags=["flows"])

_TEXT: Final[dict[str, Any]] = {"schema": {"type": "string"}}
_FORMS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The map, in the first form that the caller likes best.",
        "content": {form.value: _TEXT for form in MapFormat if form is not MapFormat.JSON},
        "headers": {"Vary": {"description": "`Accept`", "schema": {"type": "string"}}},
    }
}
_HEADERS: Final = {
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
    # Pictures and pages hold styles and nothing else that could act.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}


@router.get(
    "/{flow}/map",
    summary="Draw the context map of a flow",
    response_model=ContextMap,
    responses=_FORMS | documented(404, 406, 422, 500, 503),
)
async def flow_map(flow: FlowName, here: Here, accept: Annotated[str, Header()] = "") -> Response:
    """Who hands what to whom, why, and what each failure leads to.

    JSON for whoever does not ask for SVG, HTML or Mermaid.
    """
    compiled = here.shelf.get(flow)
    chosen = preferred(accept, [form.value for form in MapFormat])
    if chosen is None:
        offered = ", ".join(MapFormat)
        raise HTTPException(406, f"a map is not to be had as {accept[:200]}; there is: {offered}")
    context = context_map(compiled, field_names(compiled, here.runs.registry))
    text = await asyncio.to_thread(here.maps.drawn, context, MapFormat(chosen))
    return Response(text, headers=_HEADERS, media_type=chosen)
