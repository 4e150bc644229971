"""What the routes work with, and how they reach it."""

import asyncio
from dataclasses import dataclass, field
from typing import Annotated, TypedDict

from fastapi import Depends, Request
from temporalio.client import Client

from services.batches.batches import Batches
from services.drawing.maps import Maps
from services.flows.shelf import Shelf
from services.health.base import ModelHealth
from services.health.in_process import InProcessGates
from services.health.shared import SharedHealth
from services.long_term.entries import LongTermMemory
from services.memory.base import ContextStore
from services.outgoing.egress import Egress
from services.retrieval.base import Corpora
from services.runs.forking import Forking
from services.runs.gates import Gates
from services.runs.many import ManyRuns
from services.runs.moving import Moving
from services.runs.runs import Runs
from services.runs.steering import Steering
from services.schedules.schedules import Schedules
from services.webhooks.deliveries import Deliveries
from services.webhooks.endpoints import Endpoints
from services.webhooks.in_process import InProcessRecords
from services.webhooks.sending import Sender


@dataclass(frozen=True)
class Services:
    """Everything the gateway needs, prepared; whoever opened it closes it."""

    runs: Runs
    gates: Gates
    corpora: Corpora
    queue: str
    """Where workers are expected."""

    url: str
    """The gateway's own address as callers reach it, without a slash at the end."""

    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server is told to stop, so that event streams end."""

    health: ModelHealth = field(default_factory=lambda: SharedHealth(InProcessGates()))
    """What the workers know of the models they ask."""

    maps: Maps = field(default_factory=Maps)
    """Context maps as they were drawn."""

    endpoints: Endpoints = field(default_factory=lambda: Endpoints(InProcessRecords(), Egress()))
    """The webhooks."""

    @property
    def deliveries(self) -> Deliveries:
        """What became of notices to webhooks."""
        sender = Sender(self.client, self.endpoints, self.queue, self.url)
        return Deliveries(self.client, self.endpoints, sender, self.runs.tenant)

    @property
    def entries(self) -> LongTermMemory:
        """Long-term memory."""
        return self.runs.entries

    @property
    def steering(self) -> Steering:
        """What holds runs up and lets them go on."""
        return Steering(self.runs)

    @property
    def moving(self) -> Moving:
        """Moves runs to the newer version of their flow."""
        return Moving(self.runs)

    @property
    def forking(self) -> Forking:
        """What lets runs go on from others."""
        return Forking(self.runs)

    @property
    def many_runs(self) -> ManyRuns:
        """What acts on many runs at once."""
        return ManyRuns(self.runs)

    @property
    def shelf(self) -> Shelf:
        """The flows on offer."""
        return self.runs.shelf

    @property
    def batches(self) -> Batches:
        """The tenant's batches."""
        return Batches(self.runs)

    @property
    def schedules(self) -> Schedules:
        """The tenant's schedules."""
        return Schedules(self.runs)

    @property
    def client(self) -> Client:
        """The connection to Temporal."""
        return self.runs.client

    @property
    def store(self) -> ContextStore:
        """The context store."""
        return self.runs.memory.store


class State(TypedDict):
    """What lives as long as the application."""

    services: Services


def _services(request: Request) -> Services:
    found: Services = request.state.services
    return found


Here = Annotated[Services, Depends(_services)]
"""The services, as a parameter of a route."""
