"""What the worker and the gateway compose alike: memory, corpora and the shelf of flows.

Each has a wiring of its own for the rest; neither imports the other.
"""

from typing import TYPE_CHECKING

from temporalio.client import Client

from services.catalogue import catalogue as catalogue
from services.flows import shelf as shelves
from services.flows.shelf import Shelf
from services.memory.folder_archive import FolderArchive
from services.memory.memory import Memory
from services.memory.redis import RedisStore
from services.retrieval.lance import LanceCorpora
from services.runs.history import RunHistory
from services.settings import Settings

if TYPE_CHECKING:
    from services.llm.endpoint import Endpoint


def memory(settings: Settings, client: Client) -> Memory:
    """Build the memory layer: Redis, the archive's folder, and runs' histories as last source."""
    return Memory(
        RedisStore(settings.redis_url), FolderArchive(settings.archive_dir), RunHistory(client)
    )


def corpora(settings: Settings, endpoint: "Endpoint | None" = None) -> LanceCorpora:
    """Build the corpora; with an endpoint and an embedding model they search by meaning too."""
    if endpoint is None or not settings.embedding_model:
        return LanceCorpora(settings.corpora_uri)
    from services.llm.embedding import OpenAIEmbedder  # noqa: PLC0415 - a second, 40 MB

    embedder = OpenAIEmbedder(endpoint, settings.embedding_model)
    return LanceCorpora(settings.corpora_uri, embedder, settings.embedding_model)


def shelf(settings: Settings) -> Shelf:
    """Load the flows that are offered. Blocks on the disk.

    Raises:
        FlowInvalidError: a shipped flow has findings, or no setting names a model it needs.
    """
    return shelves.load(catalogue(settings), settings.flows_dir)
