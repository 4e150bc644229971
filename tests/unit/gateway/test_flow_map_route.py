"""The context map over HTTP, in the form that the caller asks for."""

from xml.etree import ElementTree

import httpx
import pytest

from services.gateway.accept import preferred
from workflows.context_map.parts import ContextMap

MAP = "/v1/flows/toy/map"
OFFERED = ("application/json", "image/svg+xml", "text/html", "text/vnd.mermaid")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


async def test_json_is_what_everybody_gets(caller: httpx.AsyncClient) -> None:
    """Who does not care gets the map as data."""
    reply = await caller.get(MAP)

    drawn = ContextMap.model_validate_json(reply.content)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")
    assert reply.headers["vary"] == "Accept"
    assert [node.name for node in drawn.nodes][:3] == ["(input)", "one", "two"]


@pytest.mark.parametrize(
    ("accept", "kind", "beginning"),
    [
        ("image/svg+xml", "image/svg+xml", "<svg "),
        ("text/vnd.mermaid", "text/vnd.mermaid; charset=utf-8", "flowchart TD"),
        ("text/html", "text/html; charset=utf-8", "<!doctype html>"),
        (BROWSER, "text/html; charset=utf-8", "<!doctype html>"),
        ("application/json", "application/json", "{"),
    ],
)
async def test_the_form_follows_accept(
    caller: httpx.AsyncClient, accept: str, kind: str, beginning: str
) -> None:
    """Every form that there is can be asked for, and a browser gets the page."""
    reply = await caller.get(MAP, headers={"Accept": accept})

    assert (reply.status_code, reply.headers["content-type"]) == (200, kind)
    assert reply.text.startswith(beginning)


async def test_what_is_not_to_be_had_is_refused(caller: httpx.AsyncClient) -> None:
    """The refusal is a problem document that names what there is."""
    reply = await caller.get(MAP, headers={"Accept": "image/png, text/*;q=0"})

    problem = reply.json()
    assert (reply.status_code, reply.headers["content-type"]) == (406, "application/problem+json")
    assert problem["code"] == "NotAcceptableError"
    assert [kind for kind in OFFERED if kind not in problem["detail"]] == []


async def test_a_picture_may_do_nothing(caller: httpx.AsyncClient) -> None:
    """Whoever opens a map at the gateway's origin runs no script from it."""
    reply = await caller.get(MAP, headers={"Accept": "image/svg+xml"})

    assert reply.headers["content-security-policy"].startswith("default-src 'none'")
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert ElementTree.fromstring(reply.text).tag == "{http://www.w3.org/2000/svg}svg"


async def test_an_unknown_flow_has_no_map(caller: httpx.AsyncClient) -> None:
    """It is told as any other unknown thing."""
    reply = await caller.get("/v1/flows/novel/map", headers={"Accept": "image/svg+xml"})

    assert (reply.status_code, reply.json()["code"]) == (404, "NotFoundError")


async def test_the_description_names_every_form(caller: httpx.AsyncClient) -> None:
    """OpenAPI lists the four media types, and the map's own schema for JSON."""
    described = (await caller.get("/openapi.json")).json()

    content = described["paths"]["/v1/flows/{flow}/map"]["get"]["responses"]["200"]["content"]
    assert sorted(content) == sorted(OFFERED)
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/ContextMap"}


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/*", "text/html"),
        ("text/html;q=0.5, image/svg+xml;q=0.6", "image/svg+xml"),
        ("*/*, application/json;q=0", "image/svg+xml"),
        ("IMAGE/SVG+XML ; q=1.0", "image/svg+xml"),
        ("text/html;q=nonsense", "text/html"),
        ("application/json;q=0", None),
        ("image/png", None),
    ],
)
def test_accept_is_read_as_the_standard_says(accept: str, chosen: str | None) -> None:
    """Quality decides, the most exact range counts, and zero means never."""
    assert preferred(accept, OFFERED) == chosen
