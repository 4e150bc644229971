"""The scripted model as other programs see it: over HTTP."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from services.llm.base import WORK_HEADER
from services.llm.scripted.calls import Outcome
from services.llm.scripted.script import Fault, Line, Script
from services.llm.scripted.server import ScriptedServer

CHAT = {"model": "gpt-x", "messages": [{"role": "user", "content": "Say yes."}]}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "Answer", "schema": {"enum": ["yes", "no"]}},
}


@pytest.fixture
async def client(server: ScriptedServer) -> AsyncIterator[httpx.AsyncClient]:
    """A plain HTTP client of it."""
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as opened:
        yield opened


async def test_whole_answer_is_given(client: httpx.AsyncClient) -> None:
    """A client that wants no stream gets the answer whole."""
    answer = await client.post("/v1/chat/completions", json=CHAT | {"response_format": SCHEMA})

    body = answer.json()
    assert body["object"] == "chat.completion"
    assert body["model"] == "gpt-x"
    assert body["choices"][0]["message"]["content"] == "yes"
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["usage"]["total_tokens"] == 3


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.CUT_STREAM])
async def test_connection_is_dropped(
    server: ScriptedServer, client: httpx.AsyncClient, fault: Fault
) -> None:
    """A scripted rupture is a rupture of the real connection."""
    server.perform(Script(lines=(Line(fault=fault),)))

    with pytest.raises(httpx.RemoteProtocolError):
        await client.post("/v1/chat/completions", json=CHAT)


async def test_first_byte_can_be_held_back(
    server: ScriptedServer, client: httpx.AsyncClient
) -> None:
    """A line may hold its answer back, so that clients time out."""
    server.perform(Script(lines=(Line(reply="late", after_ms=60_000),)))

    with pytest.raises(httpx.ReadTimeout):
        await client.post("/v1/chat/completions", json=CHAT, timeout=0.1)


async def test_script_is_replaced_and_read(client: httpx.AsyncClient) -> None:
    """A running server takes another script, which can be read back as it was given."""
    script = {"lines": [{"agent": "*", "reply": "no", "times": None}]}

    taken = await client.post("/control/script", json=script)
    answer = await client.post("/v1/chat/completions", json=CHAT)

    assert taken.json() == {"lines": 1}
    assert answer.json()["choices"][0]["message"]["content"] == "no"
    assert (await client.get("/control/script")).json() == script


async def test_calls_are_listed_and_cleared(client: httpx.AsyncClient) -> None:
    """A test can count the calls that were made, and start counting anew."""
    headers = {WORK_HEADER: "writer/free/1/s2/1"}
    await client.post("/v1/chat/completions", json=CHAT, headers=headers)
    await client.post("/v1/chat/completions", json=CHAT)

    calls = (await client.get("/control/calls")).json()["calls"]
    cleared = await client.delete("/control/calls")

    assert [call["work"] for call in calls] == ["writer/free/1/s2/1", "unknown/free/1/-/1"]
    assert [call["status"] for call in calls] == [200, 200]
    assert cleared.status_code == 204
    assert (await client.get("/control/calls")).json() == {"calls": []}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"model": "gpt-x"}),
        ("/v1/embeddings", {"model": "gpt-x", "input": 7}),
        ("/control/script", {"lines": [{"fault": "no_such_fault"}]}),
        ("/control/script", []),
    ],
)
async def test_bad_request_is_refused(client: httpx.AsyncClient, path: str, body: object) -> None:
    """What cannot be read is refused, and the refusal says why."""
    answer = await client.post(path, json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


async def test_bad_label_is_refused(client: httpx.AsyncClient) -> None:
    """A label of no work is a mistake of the caller."""
    answer = await client.post(
        "/v1/chat/completions", json=CHAT, headers={WORK_HEADER: "writer/free"}
    )

    assert answer.status_code == 400


async def test_mistake_in_an_answer_is_no_bad_request() -> None:
    """What goes wrong in building a good answer is a fault of the server, not of its client."""

    def mistaken(*asked: object) -> None:
        raise ValueError("no such evidence")

    async with (
        ScriptedServer(mistaken) as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False) as client,
    ):
        answer = await client.post("/v1/chat/completions", json=CHAT)

    assert answer.status_code == 500


async def test_server_tells_that_it_is_well(client: httpx.AsyncClient) -> None:
    """Health and models are where clients of the protocol look for them."""
    assert (await client.get("/health")).json() == {"status": "ok"}
    assert (await client.get("/v1/models")).json()["data"][0]["id"] == "scripted"


async def test_server_stops_though_a_call_hangs() -> None:
    """A server with a call that never ends can be stopped."""
    script = Script(lines=(Line(fault=Fault.HANG),))
    async with httpx.AsyncClient(trust_env=False) as client:
        async with ScriptedServer(script=script) as server:
            with pytest.raises(httpx.ReadTimeout):
                await client.post(f"{server.base_url}/chat/completions", json=CHAT, timeout=0.1)

        with pytest.raises(httpx.ConnectError):
            await client.get(f"{server.url}/health")


RESPONSE = {"model": "gpt-x", "input": [{"role": "user", "content": "Say yes."}]}
FORMAT = {"type": "json_schema", "name": "Answer", "schema": {"enum": ["yes"]}}
AS_TEXT = {"text": {"format": FORMAT}}


async def test_a_response_is_given_whole(client: httpx.AsyncClient) -> None:
    """The newer interface answers as the older one does, and keeps what is asked for at once."""
    answer = await client.post("/v1/responses", json=RESPONSE | AS_TEXT)
    kept = await client.get(f"/v1/responses/{answer.json()['id']}")

    body = answer.json()
    assert (body["object"], body["status"], body["model"]) == ("response", "completed", "gpt-x")
    assert body["output"][0]["content"][0]["text"] == "yes"
    assert body["usage"]["total_tokens"] == 3
    assert kept.status_code == 404


async def test_a_background_response_is_paid_once(
    server: ScriptedServer, client: httpx.AsyncClient
) -> None:
    """It is begun at once and completed later, and however often it is fetched it is one call."""
    server.perform(Script(lines=(Line(fault=Fault.SLOW, after_ms=300),)))
    begun = (await client.post("/v1/responses", json=RESPONSE | {"background": True})).json()
    early = (await client.get(f"/v1/responses/{begun['id']}")).json()
    await asyncio.sleep(0.4)
    late = (await client.get(f"/v1/responses/{begun['id']}")).json()

    [call] = server.calls
    statuses = [each["status"] for each in (begun, early, late)]
    assert statuses == ["in_progress", "in_progress", "completed"]
    assert (early["output"], early["usage"], bool(late["output"])) == ([], None, True)
    assert (call.response, call.fetched, call.is_paid) == (begun["id"], 2, True)
    assert call.outcome is Outcome.ANSWERED


async def test_a_background_response_is_cancelled(
    server: ScriptedServer, client: httpx.AsyncClient
) -> None:
    """What is cancelled stays so, and cancelling it again changes nothing."""
    server.perform(Script(lines=(Line(fault=Fault.HANG),)))
    begun = (await client.post("/v1/responses", json=RESPONSE | {"background": True})).json()

    first = await client.post(f"/v1/responses/{begun['id']}/cancel")
    second = await client.post(f"/v1/responses/{begun['id']}/cancel")
    unknown = await client.post("/v1/responses/resp_none/cancel")

    assert [first.json()["status"], second.json()["status"]] == ["cancelled", "cancelled"]
    assert unknown.status_code == 404
    assert server.calls[0].outcome is Outcome.CANCELLED


@pytest.mark.parametrize("fault", [Fault.HTTP_500, Fault.HTTP_401, Fault.HTML])
async def test_what_is_turned_away_is_not_paid(
    server: ScriptedServer, client: httpx.AsyncClient, fault: Fault
) -> None:
    """A request that no model was set to work for is in the log and not among what was paid."""
    server.perform(Script(lines=(Line(fault=fault),)))

    await client.post("/v1/responses", json=RESPONSE | {"background": True})

    assert [(call.response, call.is_paid) for call in server.calls] == [("", False)]
