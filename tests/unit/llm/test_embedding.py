"""Vectors over the OpenAI protocol."""

import json
import math
from typing import Any

import pytest

from contracts.failure import FailureKind
from services.errors import StepError
from services.llm.embedding import BATCH_TEXTS, OpenAIEmbedder
from services.llm.endpoint import Endpoint
from services.llm.scripted.script import Fault, Line, Script
from services.llm.scripted.server import ScriptedServer
from tests.unit.llm.builders import CannedServer, http, http_error


def vectors(*items: tuple[int, list[Any]]) -> bytes:
    """Write an answer with these indexes and vectors."""
    data = [{"object": "embedding", "index": index, "embedding": item} for index, item in items]
    return http(200, json.dumps({"object": "list", "data": data, "model": "m"}))


async def failure_from(*responses: bytes) -> StepError:
    """Embed two texts at an endpoint that answers with these bytes."""
    async with CannedServer(*responses) as server, Endpoint(server.base_url) as endpoint:
        with pytest.raises(StepError) as caught:
            await OpenAIEmbedder(endpoint, "minilm").embed(["one", "two"])
    return caught.value


async def test_each_text_has_a_vector(endpoint: Endpoint) -> None:
    """Texts come back as vectors of one length, and the same text as the same vector."""
    one, two, again = await OpenAIEmbedder(endpoint, "minilm").embed(["one", "two", "one"])

    assert one == again
    assert one != two
    assert len(one) == len(two)
    assert math.isclose(math.hypot(*one), 1)


async def test_many_texts_go_in_batches(server: ScriptedServer, endpoint: Endpoint) -> None:
    """More texts than one request takes are sent in several, and come back in their order."""
    texts = [f"text number {number}" for number in range(BATCH_TEXTS + 1)]
    embedder = OpenAIEmbedder(endpoint, "minilm")

    found = await embedder.embed(texts)

    assert len(server.calls) == 2
    assert len(found) == len(texts)
    assert (found[-1],) == await embedder.embed(texts[-1:])


async def test_no_texts_ask_nothing(server: ScriptedServer, endpoint: Endpoint) -> None:
    """Without texts nobody is asked."""
    assert await OpenAIEmbedder(endpoint, "minilm").embed([]) == ()
    assert server.calls == ()


async def test_order_is_that_of_the_texts() -> None:
    """Vectors that arrive in another order are put in that of their texts."""
    answer = vectors((1, [0.0, 1.0]), (0, [1.0, 0.0]))
    async with CannedServer(answer) as server, Endpoint(server.base_url) as endpoint:
        found = await OpenAIEmbedder(endpoint, "minilm").embed(["one", "two"])

    assert found == ((1.0, 0.0), (0.0, 1.0))


@pytest.mark.parametrize(
    "response",
    [
        vectors((0, [1.0])),
        vectors((0, [1.0]), (0, [2.0])),
        vectors((0, [1.0]), (1, [])),
        vectors((0, [1.0]), (1, [1.0, 2.0])),
        vectors((0, [1.0]), (1, ["much"])),
        http(200, json.dumps({"hello": "world"})),
        http(200, "<html>Sign in</html>", "text/html"),
        http(200, "{half", "application/json"),
    ],
)
async def test_other_than_vectors_is_malformed(response: bytes) -> None:
    """An answer that is not one vector for each text, all of one length, is no answer."""
    error = await failure_from(response)

    assert error.kind is FailureKind.MALFORMED


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, FailureKind.DENIED),
        (429, FailureKind.RATE_LIMITED),
        (501, FailureKind.UNAVAILABLE),
    ],
)
async def test_status_has_its_kind_for_vectors_too(status: int, kind: FailureKind) -> None:
    """An endpoint fails for vectors with the same kinds as for answers."""
    error = await failure_from(http_error(status))

    assert error.kind is kind
    assert "'minilm'" in str(error)


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.HTTP_500])
async def test_scripted_embeddings_fail_too(
    server: ScriptedServer, endpoint: Endpoint, fault: Fault
) -> None:
    """The scripted server's embeddings fail where a line names them."""
    server.perform(Script(lines=(Line(agent="embedding", fault=fault),)))

    with pytest.raises(StepError) as caught:
        await OpenAIEmbedder(endpoint, "minilm").embed(["one"])

    assert caught.value.kind is FailureKind.UNAVAILABLE
