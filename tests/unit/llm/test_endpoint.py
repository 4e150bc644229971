"""Addresses and keys of endpoints."""

import pytest

from services.errors import SettingsError
from services.llm.dialect import ChatDialect
from services.llm.endpoint import Endpoint
from services.llm.openai import OpenAIModel
from tests.unit.llm.builders import GOOD, CannedServer, Ear, a_request


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:8000",
        "ftp://host/v1",
        "http://",
        "http://host:99999/v1",
        "http://[::1/v1",
        "http://a\tb/v1",
    ],
)
def test_unusable_address_is_refused(address: str) -> None:
    """An address that leads nowhere is refused when the endpoint is made, not when it is asked."""
    with pytest.raises(SettingsError, match="OPENAI_BASE_URL"):
        Endpoint(address)


@pytest.mark.parametrize("key", ["sk-ключ", "sk-1\nsk-2"])
def test_unusable_key_is_refused_and_kept_quiet(key: str) -> None:
    """A key that no header can carry is refused without being repeated."""
    with pytest.raises(SettingsError, match="OPENAI_API_KEY") as caught:
        Endpoint("http://127.0.0.1:1/v1", key)

    assert "sk-" not in str(caught.value)


async def test_password_in_the_address_is_not_shown() -> None:
    """The host that messages name has no user and no password."""
    async with Endpoint("http://user:password@model.example:8000/v1") as endpoint:
        assert endpoint.host == "model.example:8000"


@pytest.mark.parametrize(
    ("address", "is_openai"),
    [
        ("", True),
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com/v1", True),
        ("https://mine.openai.azure.com/openai/v1", True),
        ("https://openai.example.com/v1", False),
        ("http://127.0.0.1:8000/v1", False),
    ],
)
async def test_openai_is_known_by_its_hosts(address: str, is_openai: bool) -> None:
    """OpenAI itself is told from servers that speak like it."""
    async with Endpoint(address) as endpoint:
        assert endpoint.is_openai is is_openai


@pytest.mark.parametrize(
    ("is_openai", "name"), [(True, "max_completion_tokens"), (False, "max_tokens")]
)
def test_limit_has_the_name_that_the_host_wants(is_openai: bool, name: str) -> None:
    """The output limit is called as OpenAI calls it at OpenAI, and as others do elsewhere."""
    assert ChatDialect(is_openai=is_openai).parameters(a_request())[name] == 200


def test_request_without_a_schema_asks_for_none() -> None:
    """A question whose answer may be anything sends no response format."""
    sent = ChatDialect(is_openai=False).parameters(a_request(answer_schema={}))

    assert "response_format" not in sent


async def test_own_machine_is_reached_past_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy for the outside is not asked for a model on this machine."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with CannedServer(GOOD) as server, Endpoint(server.base_url) as endpoint:
        reply = await OpenAIModel(endpoint).complete(a_request(), Ear())

    assert reply.text == "yes"
