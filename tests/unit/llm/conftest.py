"""Language models of both kinds, set up to fail as a script says."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from services.llm.base import LanguageModel
from services.llm.endpoint import Endpoint
from services.llm.in_background import BackgroundScriptedModel
from services.llm.in_process import ScriptedModel
from services.llm.openai import OpenAIModel
from services.llm.scripted.calls import Call
from services.llm.scripted.script import Script
from services.llm.scripted.server import ScriptedServer
from tests.unit.llm.builders import CannedServer


@dataclass(frozen=True)
class Subject:
    """A model under test, and the hand on its script."""

    model: LanguageModel
    perform: Callable[[Script], None]
    calls: Callable[[], tuple[Call, ...]]


@asynccontextmanager
async def background_at(server: CannedServer) -> AsyncIterator[LanguageModel]:
    """The adapter, asking a server of set answers in the background."""
    async with Endpoint(server.base_url, "sk-secret-1") as endpoint:
        yield OpenAIModel(endpoint, background=["some-model"])


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """A scripted server on a free port."""
    async with ScriptedServer() as running:
        yield running


@pytest.fixture
async def endpoint(server: ScriptedServer) -> AsyncIterator[Endpoint]:
    """A connection to it."""
    async with Endpoint(server.base_url, "sk-secret-1") as connected:
        yield connected


@pytest.fixture
def openai_model(server: ScriptedServer, endpoint: Endpoint) -> Subject:
    """The adapter, over real HTTP."""
    return Subject(OpenAIModel(endpoint), server.perform, lambda: server.calls)


@pytest.fixture
def scripted_model() -> Subject:
    """The fake."""
    model = ScriptedModel()
    return Subject(model, model.perform, lambda: model.calls)


@pytest.fixture
def background_model(server: ScriptedServer, endpoint: Endpoint) -> Subject:
    """The adapter, asking over real HTTP for answers in the background."""
    model = OpenAIModel(endpoint, background=["some-model"])
    return Subject(model, server.perform, lambda: server.calls)


@pytest.fixture
def scripted_background_model() -> Subject:
    """The fake, answering in the background."""
    model = BackgroundScriptedModel()
    return Subject(model, model.perform, lambda: model.calls)


@pytest.fixture(
    params=["openai_model", "scripted_model", "background_model", "scripted_background_model"]
)
def subject(request: pytest.FixtureRequest) -> Subject:
    """Each model in turn."""
    found: Subject = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["background_model", "scripted_background_model"])
def keeper(request: pytest.FixtureRequest) -> Subject:
    """Each model in turn that goes on in the background."""
    found: Subject = request.getfixturevalue(request.param)
    return found
