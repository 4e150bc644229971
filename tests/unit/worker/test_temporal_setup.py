"""Temporal as every process sets it up: payloads, and a server that does not answer."""

import json
import socket

import pytest

from contracts.work import RunStart, StepResult
from services.errors import UnavailableError
from services.payloads import PayloadConverter, data_converter
from services.settings import Settings
from services.temporal import connect
from tests.unit.workflows.runs import a_start, a_value, asking_flow


def test_payloads_survive_the_way_through_temporal() -> None:
    """What goes into a history comes out equal, with the types of our own contracts."""
    start = a_start(asking_flow())
    converter = data_converter().payload_converter

    [payload] = converter.to_payloads([start])

    assert converter.from_payloads([payload], [RunStart]) == [start]


def test_payloads_leave_out_what_nobody_set() -> None:
    """Defaults are not written, which keeps histories small, and come back all the same."""
    result = StepResult(value=a_value())

    payload = PayloadConverter().to_payload(result)

    assert json.loads(payload.data) == {"value": {"digest": "a" * 64, "size": 10}}
    assert PayloadConverter().from_payload(payload, StepResult) == result


async def test_a_server_that_is_not_there_is_named_with_the_remedy() -> None:
    """When Temporal does not answer, the message says where it was looked for and what to do."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"

        with pytest.raises(UnavailableError) as gone:
            await connect(Settings(temporal_address=address))

    assert str(gone.value) == (
        f"the Temporal server at {address} does not answer;"
        " start the stack with `make up` or set ORCHESTRA_TEMPORAL_ADDRESS"
    )
