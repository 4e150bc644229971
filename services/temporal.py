"""Temporal, set up once for client, worker and replayer: connection and workflow runner."""

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from services.errors import UnavailableError
from services.payloads import data_converter
from services.settings import Settings
from workflows.names import SEARCH_ATTRIBUTES


def workflow_runner() -> WorkflowRunner:
    """Run the interpreter without the sandbox: it costs a third of the worker's time.

    Determinism is held by a static gate and by replaying recorded histories (docs/decisions).
    """
    return UnsandboxedWorkflowRunner()


def sandbox_runner() -> WorkflowRunner:
    """Run the interpreter in the sandbox, as the tests do."""
    passed = SandboxRestrictions.default.with_passthrough_modules("contracts", "pydantic")
    return SandboxedWorkflowRunner(restrictions=passed)


async def connect(settings: Settings) -> Client:
    """Connect to the Temporal server.

    Raises:
        UnavailableError: it does not answer.
    """
    try:
        return await Client.connect(
            settings.temporal_address,
            namespace=settings.temporal_namespace,
            data_converter=data_converter(),
        )
    except RuntimeError as error:
        raise UnavailableError(
            f"the Temporal server at {settings.temporal_address} does not answer;"
            " start the stack with `make up` or set ORCHESTRA_TEMPORAL_ADDRESS"
        ) from error


async def ensure_search_attributes(client: Client) -> None:
    """Create the search attributes that runs set, where they are missing.

    Raises:
        UnavailableError: the server refuses; the message says what to run.
    """
    try:
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
        missing = {
            key.name: IndexedValueType.ValueType(key.indexed_value_type)
            for key in SEARCH_ATTRIBUTES
            if key.name not in listed.custom_attributes
        }
        if missing:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
            )
    except RPCError as error:
        names = ", ".join(key.name for key in SEARCH_ATTRIBUTES)
        raise UnavailableError(
            f"the Temporal server does not have the search attributes {names} and refuses to"
            " create them; create them with `temporal operator search-attribute create`"
        ) from error
