"""The worker's composition root: names the concrete adapters, and nothing else does."""

from temporalio.client import Client

from contracts.registry import CONTRACTS
from services.agents import catalogue
from services.llm.endpoint import Endpoint
from services.llm.openai import OpenAIModel
from services.memory.folder_archive import FolderArchive
from services.memory.memory import Memory
from services.memory.redis import RedisStore
from services.publishing.folder import FolderPublisher
from services.retrieval.lance import LanceCorpora
from services.runs.history import RunHistory
from services.settings import Settings
from services.worker.activities import Assembly


def memory(settings: Settings, client: Client) -> Memory:
    """Build the memory layer: Redis, the archive's folder, and runs' histories as last source."""
    return Memory(
        RedisStore(settings.redis_url), FolderArchive(settings.archive_dir), RunHistory(client)
    )


def assembly(settings: Settings, client: Client) -> Assembly:
    """Build everything a worker's activities work with."""
    writer = settings.models["writer"].name
    return Assembly(
        memory=memory(settings, client),
        agents=catalogue.build(
            retriever=LanceCorpora(settings.corpora_uri),
            publisher=FolderPublisher(settings.publish_dir),
            writer_model=writer,
        ),
        model=OpenAIModel(
            Endpoint(settings.openai_base_url, settings.openai_api_key.get_secret_value())
        ),
        registry=CONTRACTS,
    )
