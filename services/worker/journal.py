"""The journal of one piece of work as its desk folds it: asked, answered, paid and lost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.agent import AgentKind
from contracts.compiled import CompiledAgent
from contracts.usage import Usage
from services.memory.base import JournalEntry, JournalState
from workflows.ledger import calls


@dataclass
class Journal:
    """What this piece of work has asked and paid so far, folded from its entries."""

    answered: dict[int, JournalEntry] = field(default_factory=dict)
    asked: dict[int, JournalEntry] = field(default_factory=dict)
    """Calls whose answer is still to be had from the endpoint, by their ordinal."""

    attempts: Counter[str] = field(default_factory=Counter)
    """Earlier attempts by the kind of failure that ended them."""

    settled: Usage = field(default_factory=Usage)
    """What is known to be spent, and what lost attempts count at."""

    lost: int = 0
    """Earlier attempts that left no line: their worker died, or memory did not answer."""

    waiting: set[int] = field(default_factory=set)
    """The attempts whose last line says which answer they wait for."""

    @classmethod
    def of(
        cls, entries: Sequence[JournalEntry], earlier_attempts: int, agent: CompiledAgent
    ) -> "Journal":
        """Fold entries, oldest first.

        A lost attempt may have had one call in flight, which counts at the most it can have cost.
        Where its last line names that call there is no other.
        """
        journal = cls()
        for entry in entries:
            journal.add(entry)
        journal.lost = max(0, earlier_attempts - journal.attempts.total())
        if agent.kind is AgentKind.MODEL:
            unknown = max(0, journal.lost - len(journal.waiting))
            journal.settled = journal.settled + in_flight(agent, unknown)
        return journal

    @property
    def spent(self) -> Usage:
        """What it has cost; calls that are still to be answered count at the most they can cost."""
        return sum((entry.usage for entry in self.asked.values()), self.settled)

    def add(self, entry: JournalEntry) -> None:
        """Take one more entry into account."""
        self.waiting.discard(entry.attempt)
        if entry.state is JournalState.ASKED:
            self._ask(entry)
            return
        self.settled = self.settled + entry.usage
        if entry.state is JournalState.GAVE_UP:
            self.attempts[entry.body] += 1
            return
        asked = self.asked.get(entry.exchange)
        if asked and asked.call_key == entry.call_key:
            del self.asked[entry.exchange]
        if entry.state is JournalState.ANSWERED:
            self.answered[entry.exchange] = entry

    def _ask(self, entry: JournalEntry) -> None:
        self.waiting.add(entry.attempt)
        before = self.asked.get(entry.exchange)
        if before and (before.call_key, before.body) != (entry.call_key, entry.body):
            # Another question has taken its place; nobody will fetch that answer any more.
            self.settled = self.settled + before.usage
        self.asked[entry.exchange] = entry

    def response(self, exchange: int, key: str) -> str:
        """Name the response that still has the answer to this very call, or nothing."""
        asked = self.asked.get(exchange)
        return asked.body if asked and asked.call_key == key else ""


def in_flight(agent: CompiledAgent, count: int) -> Usage:
    """What so many calls cost at most of which nobody has reported yet."""
    return calls(agent, count) + Usage(estimated_calls=count)
