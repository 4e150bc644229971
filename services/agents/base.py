"""What an agent is to the rest of the system, and what it is given to work with."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Protocol, TypeVar

from pydantic import JsonValue

from contracts.agent import AgentDeclaration, Capability
from contracts.base import Contract, Part
from contracts.reference import Reference, Trust

Answer = TypeVar("Answer")
Kind = TypeVar("Kind", bound=Part)
Input = Part | tuple[Contract, ...] | None
"""One value, all items of a list slot, or nothing where the input is optional."""


@dataclass(frozen=True)
class Given:
    """The inputs of one piece of work: the declared ones and nothing else."""

    values: Mapping[str, Input]
    references: Mapping[str, tuple[Reference, ...]] = field(default_factory=dict)

    def one(self, name: str, kind: type[Kind]) -> Kind:
        """Return the one value of an input that is always there."""
        value = self.values[name]
        assert isinstance(value, kind), f"input {name!r} is not a {kind.__name__}"
        return value

    def maybe(self, name: str, kind: type[Kind]) -> Kind | None:
        """Return an optional input, None when there is no fresh value."""
        return None if self.values.get(name) is None else self.one(name, kind)

    def many(self, name: str, kind: type[Kind]) -> tuple[Kind, ...]:
        """Return all items of a list input, in their declared order."""
        values = self.values[name]
        assert isinstance(values, tuple), f"input {name!r} is not a list"
        items = tuple(value for value in values if isinstance(value, kind))
        assert len(items) == len(values), f"input {name!r} holds other than {kind.__name__}"
        return items


@dataclass(frozen=True)
class Block:
    """One labelled piece of data that is shown to a model as quoted data, never as instruction."""

    data: JsonValue
    trust: Trust = Trust.OPERATOR


@dataclass(frozen=True)
class Rung(Generic[Answer]):
    """One way of putting a question: what the answer must look like and who accepts it."""

    name: str
    """Names the prompt file `prompts/<agent>.<rung>.md`."""

    blocks: Mapping[str, Block]
    schema: dict[str, JsonValue]
    """Narrowed to the context at hand, so that a model honouring it cannot name what is not."""

    accept: Callable[[str], Answer]
    """Reads and judges the reply's text; raises AnswerRejectedError with kind and reasons."""

    places: Mapping[str, str] = field(default_factory=dict)
    """Values of the prompt file's `$places`; trusted text only."""

    max_output_tokens: int = 800


@dataclass(frozen=True)
class Question(Generic[Answer]):
    """What an agent wants to know, as a ladder of rungs: first free, last impossible to fail."""

    rungs: tuple[Rung[Answer], ...]


class Desk(Protocol):
    """Where an agent works: the one way it has of asking a model."""

    @property
    def capability(self) -> Capability:
        """What the model at this desk can be trusted with."""
        ...

    @property
    def model(self) -> str:
        """The name of the model, for provenance."""
        ...

    async def ask(self, question: Question[Answer]) -> Answer:
        """Ask, journal, judge and repair until an answer is accepted or the plan is used up.

        A model that `CHOOSES` is asked the last rung only. One that `WRITES` starts at the first;
        when its repairs are used up it gets the last rung once.

        Raises:
            StepError: the kind says why there is no answer.
        """
        ...


class Agent(ABC):
    """A unit of work. Knows its prompt, its contracts and how to judge; no Temporal, no Redis."""

    declaration: ClassVar[AgentDeclaration]

    @abstractmethod
    async def run(self, given: Given, desk: Desk) -> Contract:
        """Turn the inputs into the declared product. Safe to repeat.

        Raises:
            StepError: there is no product; the kind says why.
        """


class ModelAgent(Agent):
    """An agent that asks a model, and can itself say what a good answer looks like."""

    @abstractmethod
    def sample_answer(
        self, rung: str, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]
    ) -> JsonValue:
        """Build a good answer by code from what a prompt showed; extractive, deterministic."""
