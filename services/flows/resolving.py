"""What flows are resolved against: agents, contracts, models, prompts, and other flows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from contracts.agent import AgentDeclaration
from contracts.compiled import CompiledFlow, CompiledModel
from contracts.registry import Registry
from services.errors import NotFoundError


class CircleError(Exception):
    """A flow would be a sub-flow of itself; `names` leads from it back to it."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(" → ".join(names))
        self.names = names


def no_sub_flow(name: str) -> NoReturn:
    """Offer no flow to others.

    Raises:
        NotFoundError: always.
    """
    raise NotFoundError(f"there is no flow {name!r}; there are none here")


@dataclass(frozen=True)
class Catalogue:
    """What flows are resolved against."""

    agents: Mapping[str, AgentDeclaration]
    registry: Registry
    models: Mapping[str, CompiledModel]
    """By alias."""

    prompt: Callable[[str, str], str]
    """Instructions by agent and rung."""

    sub_flow: Callable[[str], CompiledFlow] = no_sub_flow
    """Finds a flow on offer; raises NotFoundError or CircleError."""

    flows: Mapping[str, CompiledFlow] = field(default_factory=dict)
    """Those that do the work of steps here, by the name of the agent that stands for each."""
