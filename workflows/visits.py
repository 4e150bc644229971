"""What one visit of a step works on, and how many local steps may share one workflow task."""

from dataclasses import dataclass, replace
from typing import Self

from contracts.compiled import CompiledAgent, CompiledStep
from contracts.reference import Digest, Reference
from contracts.work import StepResult
from workflows import policies


class LocalQuota:
    """Counts local steps since the last task boundary (see policies)."""

    def __init__(self) -> None:
        self._count = 0
        self._bytes = 0

    def allows(self) -> bool:
        """Whether one more local step may run before a boundary."""
        return (
            self._count < policies.LOCALS_BEFORE_BOUNDARY
            and self._bytes < policies.LOCAL_BYTES_BEFORE_BOUNDARY
        )

    def add(self, result: StepResult) -> None:
        """Count a finished local step."""
        self._count += 1
        self._bytes += len(result.value.body or "") + 1_000

    def reset(self) -> None:
        """A normal activity has made a boundary."""
        self._count = self._bytes = 0


@dataclass
class Visit:
    """One visit of a step, with what it works on."""

    name: str
    step: CompiledStep
    agent: CompiledAgent
    agent_name: str
    """Who does the work: the step's own agent or one that stands in for it."""

    number: int
    ordinal: int
    inputs: dict[str, tuple[Reference, ...]]

    def done_by(self, name: str, agent: CompiledAgent) -> Self:
        """The same visit with somebody else at work."""
        return replace(self, agent=agent, agent_name=name)

    def parents(self) -> tuple[str, ...]:
        """The versions that the product will be made from."""
        used = [held[0].version for held in self.inputs.values() if held]
        return tuple(dict.fromkeys(used))

    def about(self) -> tuple[str, ...]:
        """The versions that the product will report on."""
        return tuple(self.inputs[name][0].version for name in self.agent.about if self.inputs[name])

    def bytes_given(self) -> int:
        """How much room the references take that it works on."""
        return sum(len(held.model_dump_json()) for given in self.inputs.values() for held in given)

    def digests(self) -> tuple[Digest, ...]:
        """What it reads, for telling whether an earlier item is still the same work."""
        return tuple(held.digest for references in self.inputs.values() for held in references)
