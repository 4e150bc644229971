"""The application: routes over prepared services, every error a problem document."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from services.gateway import problems
from services.gateway.body import JsonBodies
from services.gateway.hosts import OwnHosts
from services.gateway.notices import describe_notices
from services.gateway.problems import ProblemDocument
from services.gateway.routes import (
    batches,
    corpora,
    events,
    flow_map,
    flow_schema,
    flows,
    forks,
    gates,
    health,
    memory,
    runs,
    schedules,
    views,
    webhooks,
)
from services.gateway.state import Services, State
from services.runs.following import Snapshot

_DESCRIPTION: Final = """
Runs content flows as declared, checked, durable pipelines.

Errors are problem documents (RFC 9457). Lists are paged by `cursor`. Unknown fields in a body are
errors.

Security: the gateway asks nobody who they are. It listens on loopback unless it is told otherwise;
elsewhere, put it behind a proxy that does.
"""
_TAGS: Final = [
    {"name": "flows", "description": "What can be run."},
    {"name": "runs", "description": "Executions of flows: started, followed, looked at, stopped."},
    {"name": "gates", "description": "Where runs wait for people."},
    {"name": "memory", "description": "Long-term memory: entries that outlive runs."},
    {"name": "webhooks", "description": "Who is told what happens, and what became of it."},
    {"name": "schedules", "description": "What is started by itself, and when."},
    {"name": "batches", "description": "One flow over a list of inputs."},
    {"name": "corpora", "description": "What research searches."},
    {"name": "health", "description": "For whoever watches the process."},
]

_ROUTES: Final = (
    flows,
    flow_map,
    flow_schema,
    runs,
    forks,
    views,
    events,
    gates,
    memory,
    webhooks,
    schedules,
    batches,
    corpora,
    health,
)


class Application(FastAPI):
    """Adds to the OpenAPI description what all routes share."""

    def openapi(self) -> dict[str, Any]:
        """Describe the interface; made once."""
        if self.openapi_schema is None:
            self.openapi_schema = _described(self)
        return self.openapi_schema


def create_app(
    opening: Callable[[], AbstractAsyncContextManager[Services]], hosts: Collection[str] = ()
) -> Application:
    """Build the application.

    Args:
        opening: prepares the services when the application starts and closes them when it stops.
        hosts: the names it answers under; empty for any.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        async with AsyncExitStack() as stack:
            yield State(services=await stack.enter_async_context(opening()))

    app = Application(
        title="Flow Orchestra",
        version=version("flow-orchestra"),
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        lifespan=lifespan,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        # The usual pages load scripts from a foreign host, into an origin that may decide gates.
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app)
    app.add_middleware(JsonBodies)
    if hosts:
        app.add_middleware(OwnHosts, hosts=hosts)
    for module in _ROUTES:
        app.include_router(module.router)
    describe_notices(app)
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        webhooks=app.webhooks.routes,
        tags=app.openapi_tags,
    )
    components = schema["components"]["schemas"]
    for model in (ProblemDocument, Snapshot):
        own = model.model_json_schema(
            mode="serialization", ref_template="#/components/schemas/{model}"
        )
        components.update({**own.pop("$defs", {}), **components, model.__name__: own})
    return schema
