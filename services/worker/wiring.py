"""The worker's composition root: names the concrete adapters, and nothing else does."""

from temporalio.client import Client

from contracts.registry import CONTRACTS
from services import composition
from services.agents import catalogue
from services.llm.endpoint import Endpoint
from services.llm.guarded import GuardedModel
from services.llm.openai import OpenAIModel
from services.outgoing.post import Poster
from services.publishing.base import Publisher
from services.publishing.folder import FolderPublisher
from services.publishing.webhook import WebhookPublisher
from services.settings import Settings
from services.worker.activities import Assembly


def assembly(settings: Settings, client: Client) -> Assembly:
    """Build everything a worker's activities work with."""
    endpoint = Endpoint(settings.openai_base_url, settings.openai_api_key.get_secret_value())
    health = composition.health(settings)
    memory = composition.memory(settings, client)
    entries = composition.entries(settings, memory.archive)
    return Assembly(
        memory=memory,
        agents=catalogue.build(
            retriever=composition.corpora(settings, endpoint),
            publisher=publisher(settings),
            writer_model=settings.models["writer"].name,
        ),
        model=GuardedModel(
            OpenAIModel(endpoint, settings.in_background()),
            health,
            endpoint.host,
            composition.limits(settings),
        ),
        registry=CONTRACTS,
        entries=entries,
        shelf=composition.shelf(settings),
        webhooks=composition.webhooks(settings, client),
        closers=(endpoint.aclose, health.aclose, entries.aclose),
    )


def publisher(settings: Settings) -> Publisher:
    """Build what takes texts to their readers: posts where an address is set, else a folder.

    Raises:
        SettingsError: there is an address, and no secret to sign with.
    """
    if not settings.publish_url:
        return FolderPublisher(settings.publish_dir)
    poster = Poster(composition.egress(settings))
    return WebhookPublisher(poster, settings.publish_url, settings.publish_secret)
