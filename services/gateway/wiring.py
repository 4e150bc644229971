"""The gateway's composition root: names the concrete adapters, and nothing else does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from contracts.registry import CONTRACTS
from services import composition
from services.gateway.state import Services
from services.retrieval.base import Corpora
from services.runs.gates import Gates
from services.runs.runs import Runs
from services.settings import Settings
from services.temporal import connect, ensure_search_attributes


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Services]:
    """Open everything the gateway needs, and close it in reverse order.

    Raises:
        FlowInvalidError: a shipped flow has findings.
        UnavailableError: Temporal or memory does not answer.
        UnsafeMemoryError: memory may evict.
    """
    async with AsyncExitStack() as stack:
        shelf = await asyncio.to_thread(composition.shelf, settings)
        client = await connect(settings)
        await ensure_search_attributes(client)
        memory = composition.memory(settings, client)
        stack.push_async_callback(memory.aclose)
        await memory.store.check()
        health = composition.shared_health(settings)
        stack.push_async_callback(health.aclose)
        entries = composition.entries(settings, memory.archive)
        stack.push_async_callback(entries.aclose)
        runs = Runs(client, memory, shelf, CONTRACTS, settings, entries)
        yield Services(
            runs=runs,
            gates=Gates(runs),
            corpora=await _corpora(settings, stack),
            queue=settings.task_queue,
            url=settings.gateway_url.rstrip("/"),
            health=health,
            endpoints=composition.endpoints(settings),
        )


async def _corpora(settings: Settings, stack: AsyncExitStack) -> Corpora:
    endpoint = None
    if settings.embedding_model:
        from services.llm.endpoint import Endpoint  # noqa: PLC0415 - a second, 40 MB

        key = settings.openai_api_key.get_secret_value()
        endpoint = await stack.enter_async_context(Endpoint(settings.openai_base_url, key))
    corpora = composition.corpora(settings, endpoint)
    stack.push_async_callback(corpora.aclose)
    return corpora
