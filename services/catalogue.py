"""What flows are resolved against here: agents, contracts, models with prices, prompts.

Apart from the other compositions, because checking a flow needs neither Temporal nor a store.
"""

from dataclasses import replace
from functools import cache

from contracts.compiled import CompiledModel
from contracts.registry import CONTRACTS
from services.agents.catalogue import declarations
from services.agents.prompts import prompt
from services.flows import shelf as shelves
from services.flows.resolving import Catalogue
from services.flows.shelf import Shelf
from services.llm.price import price_at
from services.settings import Settings


def catalogue(settings: Settings) -> Catalogue:
    """Collect what flows are resolved against: agents, contracts, models with prices, prompts."""
    models = {
        alias: CompiledModel(
            alias=alias,
            name=model.name,
            capability=model.capability,
            window_tokens=model.window_tokens,
            price=price_at(settings.model_source, model.name),
        )
        for alias, model in settings.models.items()
    }
    known = Catalogue(agents=declarations(), registry=CONTRACTS, models=models, prompt=prompt)

    @cache
    def offered() -> Shelf:
        return shelves.load(known, settings.flows_dir)

    # Flows are loaded only where one names another.
    return replace(known, sub_flow=lambda name: offered().get(name))
