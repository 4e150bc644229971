"""What the worker and the gateway compose alike: memory, corpora and the shelf of flows.

Each has a wiring of its own for the rest; neither imports the other.
"""

from typing import TYPE_CHECKING

from temporalio.client import Client

from contracts.registry import CONTRACTS
from services.catalogue import catalogue as catalogue
from services.flows import shelf as shelves
from services.flows.shelf import Shelf
from services.health.base import Limits, ModelHealth, Rules
from services.health.degrading import DegradingHealth
from services.health.in_process import InProcessGates
from services.health.redis import RedisGates
from services.health.shared import SharedHealth
from services.long_term.base import Records
from services.long_term.bucket_records import BucketRecords
from services.long_term.entries import LongTermMemory
from services.long_term.folder_records import FolderRecords
from services.long_term.redis_heads import RedisHeads
from services.memory.base import Archive
from services.memory.bucket import Bucket, Credentials
from services.memory.folder_archive import FolderArchive
from services.memory.memory import Memory
from services.memory.object_archive import ObjectArchive
from services.memory.redis import RedisStore
from services.outgoing.egress import Egress
from services.outgoing.post import Poster
from services.retrieval.lance import LanceCorpora
from services.runs.history import RunHistory
from services.settings import Settings
from services.webhooks import bucket_records, folder_records
from services.webhooks.activities import WebhookActivities
from services.webhooks.base import WebhookRecords
from services.webhooks.endpoints import Endpoints
from services.webhooks.hosting import Webhooks
from services.webhooks.sending import Sender

if TYPE_CHECKING:
    from services.llm.endpoint import Endpoint


def memory(settings: Settings, client: Client) -> Memory:
    """Build the memory layer: Redis, the archive, and runs' histories as last source.

    Raises:
        SettingsError: the archive's address is none of a bucket.
    """
    return Memory(RedisStore(settings.redis_url), archive(settings), RunHistory(client))


def archive(settings: Settings) -> Archive:
    """Build the archive: a bucket where an address is set, else a folder.

    Raises:
        SettingsError: the address is none of a bucket.
    """
    if not settings.archive_url:
        return FolderArchive(settings.archive_dir)
    return ObjectArchive(settings.archive_url, _credentials(settings))


def entries(settings: Settings, archive: Archive) -> LongTermMemory:
    """Build long-term memory: records beside the archive, heads cached in Redis.

    Raises:
        SettingsError: the archive's address is none of a bucket.
    """
    heads = RedisHeads(settings.redis_url)
    records: Records = FolderRecords(settings.archive_dir)
    if settings.archive_url:
        records = BucketRecords(Bucket(settings.archive_url, _credentials(settings)), heads)
    return LongTermMemory(records, heads, archive, CONTRACTS)


def egress(settings: Settings) -> Egress:
    """Build the way out to addresses that others choose."""
    return Egress(private=settings.webhooks_private == "allowed")


def endpoints(settings: Settings) -> Endpoints:
    """Build the webhooks, whose home lies beside the archive.

    Raises:
        SettingsError: the archive's address is none of a bucket.
    """
    records: WebhookRecords = folder_records.FolderRecords(settings.archive_dir)
    if settings.archive_url:
        bucket = Bucket(settings.archive_url, _credentials(settings))
        records = bucket_records.BucketRecords(bucket)
    return Endpoints(records, egress(settings))


def webhooks(settings: Settings, client: Client) -> Webhooks:
    """Build what tells webhooks of runs; raises as `endpoints` does."""
    found = endpoints(settings)
    return Webhooks(
        Sender(client, found, settings.task_queue, settings.gateway_url),
        WebhookActivities(client, found, Poster(egress(settings))),
    )


def _credentials(settings: Settings) -> Credentials:
    return Credentials(
        settings.aws_access_key_id,
        settings.aws_secret_access_key,
        settings.aws_session_token,
        settings.aws_region,
    )


def corpora(settings: Settings, endpoint: "Endpoint | None" = None) -> LanceCorpora:
    """Build the corpora; with an endpoint and an embedding model they search by meaning too."""
    if endpoint is None or not settings.embedding_model:
        return LanceCorpora(settings.corpora_uri)
    from services.llm.embedding import OpenAIEmbedder  # noqa: PLC0415 - a second, 40 MB

    embedder = OpenAIEmbedder(endpoint, settings.embedding_model)
    return LanceCorpora(settings.corpora_uri, embedder, settings.embedding_model)


def shared_health(settings: Settings) -> ModelHealth:
    """Build the health of models as all processes see it, over Redis."""
    return SharedHealth(RedisGates(settings.redis_url, _rules(settings)))


def health(settings: Settings) -> ModelHealth:
    """Build the same for a worker, with a health of its own while Redis is away."""
    own = SharedHealth(InProcessGates(_rules(settings)))
    return DegradingHealth(shared_health(settings), own)


def _rules(settings: Settings) -> Rules:
    return Rules(
        failures=settings.breaker_failures,
        cooldown_ms=settings.breaker_cooldown_seconds * 1000,
        longest_ms=settings.breaker_longest_seconds * 1000,
    )


def limits(settings: Settings) -> dict[str, Limits]:
    """Read what may be asked of each model, by its name.

    Where two aliases are one model, the narrower limit of each kind holds.
    """
    found: dict[str, Limits] = {}
    for setting in settings.models.values():
        given = Limits.model_validate(setting.model_dump(include=set(Limits.model_fields)))
        found[setting.name] = found.get(setting.name, given).narrowed(given)
    return found


def shelf(settings: Settings) -> Shelf:
    """Load the flows that are offered. Blocks on the disk.

    Raises:
        FlowInvalidError: a shipped flow has findings, or no setting names a model it needs.
    """
    return shelves.load(catalogue(settings), settings.flows_dir)
