"""The adapter against the real embedded model, served by a process of its own."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from services.llm.base import Finish, Message, ModelRequest, Work
from services.llm.endpoint import Endpoint
from services.llm.openai import OpenAIModel

pytestmark = pytest.mark.servers

SERVE = [sys.executable, "-m", "services.stack.embedded_model"]
MODEL = "smollm2-135m-instruct"

QUOTES = [
    "Worm bins use red wiggler worms instead of heat.",
    "A bokashi bucket ferments kitchen scraps on a balcony.",
]
CHOICE: dict[str, Any] = {
    "type": "object",
    "properties": {"quote": {"type": "string", "enum": QUOTES}},
    "required": ["quote"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """The embedded model on a free port, or a skip that says what is missing."""
    check = subprocess.run([*SERVE, "--check"], capture_output=True, text=True, check=False)
    if check.returncode:
        pytest.skip(f"the embedded model cannot run here: {check.stderr.strip()}")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([*SERVE, "--port", str(port)], stderr=subprocess.DEVNULL)
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}/health", process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def wait_until_healthy(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Poll until the weights are loaded; a minute at most."""
    deadline = time.monotonic() + 60
    with httpx.Client(trust_env=False, timeout=1) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if client.get(url).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
    raise AssertionError(f"no answer from {url}; the process ended with {process.poll()}")


def a_choice(**changes: Any) -> ModelRequest:
    """Ask for one of the quotes."""
    return ModelRequest.model_validate(
        {
            "model": MODEL,
            "messages": (
                Message(role="system", content="You choose the quote that answers best."),
                Message(role="user", content="How do I compost on a balcony?"),
            ),
            "schema_name": "Choice",
            "answer_schema": CHOICE,
            # The grammar lets the model put blanks around the one value that it may choose.
            "max_output_tokens": 300,
            "temperature_percent": 0,
            "timeout_seconds": 60,
            "work": Work(agent="writer", rung="verbatim", visit=1, exchange=1),
            **changes,
        }
    )


async def ignore(text: str) -> None:
    """Hear and forget."""


async def test_narrowed_answer_is_in_the_enum(base_url: str) -> None:
    """A real model that is asked by a narrowed schema can only name what there is."""
    pieces: list[str] = []

    async def hear(text: str) -> None:
        pieces.append(text)

    async with Endpoint(base_url) as endpoint:
        reply = await OpenAIModel(endpoint).complete(a_choice(), hear)

    assert json.loads(reply.text)["quote"] in QUOTES
    assert reply.finish is Finish.STOP
    assert reply.model == MODEL
    assert "".join(pieces) == reply.text
    assert len(pieces) > 1
    assert (reply.usage.calls, reply.usage.input_tokens > 10) == (1, True)
    assert reply.usage.output_tokens > 5


async def test_same_seed_gives_the_same_answer(base_url: str) -> None:
    """At temperature 0 the same request is answered the same."""
    async with Endpoint(base_url) as endpoint:
        model = OpenAIModel(endpoint)
        first = await model.complete(a_choice(), ignore)
        second = await model.complete(a_choice(), ignore)

    assert first.text == second.text


async def test_limit_of_the_output_is_kept(base_url: str) -> None:
    """A real model that runs into its output limit says so."""
    async with Endpoint(base_url) as endpoint:
        reply = await OpenAIModel(endpoint).complete(a_choice(max_output_tokens=3), ignore)

    assert reply.finish is Finish.LENGTH


async def test_prompt_over_the_window_is_too_large(base_url: str) -> None:
    """A prompt that a real model cannot hold is told as too large, not as a broken endpoint."""
    flood = Message(role="user", content="compost " * 12_000)
    async with Endpoint(base_url) as endpoint:
        with pytest.raises(Exception, match="Shorten the inputs"):
            await OpenAIModel(endpoint).complete(a_choice(messages=(flood,)), ignore)
