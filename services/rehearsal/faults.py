"""The catalogue of faults that a rehearsal injects: data, and nothing that acts.

Each names the failure mode of multi-agent systems that it plays (MAST, arXiv 2503.13657, v3).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contracts.failure import FailureKind
from services.llm.scripted.script import Fault


class Port(StrEnum):
    """Where a fault is injected."""

    MODEL = "model"
    AGENT = "agent"
    MEMORY = "memory"
    WORKER = "worker"
    GATE = "gate"
    ANSWER = "answer"


class Damage(StrEnum):
    """What happens to memory when a step is about to read."""

    DELETED = "value_deleted"
    FLIPPED = "byte_flipped"
    HALVED = "half_written"
    OLDER = "older_version"
    WIPED = "memory_wiped"
    GONE = "lost_everywhere"
    JOURNAL_WIPED = "journal_wiped"
    REFUSES = "memory_refuses"
    SILENT = "memory_silent"


class Death(StrEnum):
    """At which instant an attempt dies without a word."""

    BEFORE_WORK = "dies_before_work"
    AFTER_REPLY = "dies_after_reply"
    AFTER_JOURNAL = "dies_after_journal"
    AFTER_WORK = "dies_after_work"
    AFTER_WRITE = "dies_after_write"


class Person(StrEnum):
    """What goes wrong with a person's decision."""

    NOBODY = "nobody_decides"
    OLD_DIGEST = "old_digest"
    TWICE = "decided_twice"


class Change(StrEnum):
    """How a good answer is changed so that it still fits, or nearly fits, its schema."""

    NUMBER = "number_changed"
    QUOTE = "quote_altered"
    WORD = "word_exchanged"
    NAME = "name_swapped"
    FIELD_DROPPED = "field_dropped"
    ITEM_DROPPED = "item_dropped"
    OTHER_ID = "other_id"
    OFF_TOPIC = "off_topic"
    OBEYED = "instruction_obeyed"
    CONTRADICTION = "verdict_contradicts"


What = Fault | FailureKind | Damage | Death | Person | Change


@dataclass(frozen=True)
class Injection:
    """One fault as it is injected: once, at the first chance, or at every one."""

    port: Port
    what: What
    does: str
    mode: str
    """The code of the failure mode that it plays, `3.1`."""

    persistent: bool = False
    recognisable: bool = True
    """Whether code can tell; what only a judge could tell is counted apart."""

    @property
    def name(self) -> str:
        """Name it as tables and filters do."""
        return f"{self.what.value}{' always' if self.persistent else ''}"


MODES: Final = {
    "1.1": "disobeys the task",
    "1.2": "disobeys its role",
    "1.3": "repeats a step",
    "1.4": "loses history",
    "1.5": "does not know when to stop",
    "2.1": "starts over",
    "2.2": "does not ask",
    "2.3": "strays from the task",
    "2.4": "withholds information",
    "2.5": "ignores input",
    "2.6": "says one thing and does another",
    "3.1": "stops too early",
    "3.2": "does not verify",
    "3.3": "verifies wrongly",
}

ENDPOINT: Final[dict[Fault, tuple[str, str]]] = {
    Fault.HTTP_500: ("2.1", "the endpoint answers 500"),
    Fault.HTTP_503_RETRY_AFTER: ("2.1", "the endpoint answers 503 and asks to wait"),
    Fault.HTTP_429_RETRY_AFTER: ("2.1", "the endpoint answers 429 and asks to wait"),
    Fault.HTTP_429_QUOTA: ("3.1", "the account's quota is used up"),
    Fault.HTTP_401: ("3.1", "the endpoint refuses the key"),
    Fault.HTTP_404_MODEL: ("3.1", "the endpoint does not know the model"),
    Fault.HTTP_400_CONTEXT: ("1.4", "the prompt is over the model's window"),
    Fault.RESET: ("2.1", "the connection is dropped before a byte"),
    Fault.CUT_STREAM: ("3.1", "the connection is dropped in mid-answer"),
    Fault.STALL: ("1.5", "half an answer comes, then nothing"),
    Fault.SLOW: ("1.5", "a good answer comes late"),
    Fault.HANG: ("1.5", "no answer ever comes"),
    Fault.EMPTY: ("2.4", "the answer is empty"),
    Fault.BLANK: ("2.4", "the answer is white space"),
    Fault.TRUNCATED: ("3.1", "the answer is cut off at its length limit"),
    Fault.HALF_JSON: ("3.1", "half an answer is passed off as a whole one"),
    Fault.NOT_JSON: ("1.1", "prose comes instead of JSON"),
    Fault.HTML: ("2.1", "a web page comes instead of the protocol"),
    Fault.WRONG_SCHEMA: ("1.1", "the answer has another form"),
    Fault.EXTRA_FIELD: ("1.2", "the answer has a field nobody asked for"),
    Fault.UNKNOWN_ID: ("2.5", "the answer names what does not exist"),
    Fault.REFUSAL: ("1.2", "the model refuses"),
    Fault.CONTENT_FILTER: ("3.1", "the endpoint filters the answer"),
    Fault.OVERSIZE: ("1.1", "the answer has 3 MB"),
    Fault.NO_USAGE: ("2.4", "a good answer without token counts"),
    Fault.WRONG_MODEL_NAME: ("1.2", "a good answer in another model's name"),
}
"""What a model's endpoint does, with the failure mode."""

MEMORY: Final[dict[Damage, tuple[str, str]]] = {
    Damage.DELETED: ("1.4", "what the step reads is deleted from memory"),
    Damage.FLIPPED: ("1.4", "one bit of what the step reads is flipped"),
    Damage.HALVED: ("1.4", "what the step reads is only half there"),
    Damage.OLDER: ("1.4", "an older value stands under the key of what the step reads"),
    Damage.WIPED: ("1.4", "all of the run's memory is wiped"),
    Damage.GONE: ("1.4", "what the step reads is lost in memory, archive and history"),
    Damage.JOURNAL_WIPED: ("2.1", "the step's journal is wiped and memory fails at its end"),
    Damage.REFUSES: ("1.4", "memory refuses the step's next three writes"),
    Damage.SILENT: ("1.4", "memory does not answer the step's next three requests"),
}

WORKER: Final[dict[Death, tuple[str, str]]] = {
    Death.BEFORE_WORK: ("2.1", "the worker dies before the agent works"),
    Death.AFTER_REPLY: ("2.1", "the worker dies between the reply and the journal"),
    Death.AFTER_JOURNAL: ("2.1", "the worker dies after the reply was journaled"),
    Death.AFTER_WORK: ("2.1", "the worker dies before the product is written"),
    Death.AFTER_WRITE: ("2.1", "the worker dies after the product was written"),
}

PEOPLE: Final[dict[Person, tuple[str, str]]] = {
    Person.NOBODY: ("1.5", "nobody decides, and the deadline passes"),
    Person.OLD_DIGEST: ("1.4", "a decision comes about something else than is shown"),
    Person.TWICE: ("1.3", "the same decision comes twice"),
}

CONTENT: Final[dict[Change, tuple[str, str, bool]]] = {
    Change.NUMBER: ("3.3", "a number in the answer is changed", True),
    Change.QUOTE: ("2.5", "a source is quoted with one word exchanged", True),
    Change.WORD: ("3.3", "one word of a sentence is exchanged for another of the text", False),
    Change.NAME: ("3.3", "a name nobody mentioned is put in", True),
    Change.FIELD_DROPPED: ("2.4", "a required field is missing", True),
    Change.ITEM_DROPPED: ("2.4", "the last item of a list is missing", False),
    Change.OTHER_ID: ("2.5", "the id of another item is given", False),
    Change.OFF_TOPIC: ("2.3", "a text is about something else", False),
    Change.OBEYED: ("1.1", "an instruction out of a document is obeyed", False),
    Change.CONTRADICTION: ("2.6", "the verdict is not what the rest of the answer says", False),
}
"""What a model says; the last part is whether code can tell."""

_ONCE_IS_ALL: Final = frozenset({Fault.SLOW, Fault.NO_USAGE, Fault.WRONG_MODEL_NAME})
"""Faults that a run has no reason to react to; always is many times the same."""

KINDS: Final = {
    FailureKind.UNAVAILABLE: "2.1",
    FailureKind.RATE_LIMITED: "2.1",
    FailureKind.TIMED_OUT: "1.5",
    FailureKind.NO_PROGRESS: "1.3",
    FailureKind.MEMORY_LOST: "1.4",
    FailureKind.UNREADABLE: "1.4",
    FailureKind.TRUNCATED: "3.1",
    FailureKind.EMPTY: "2.4",
    FailureKind.CONFLICT: "2.5",
}
"""Modes of what code agents fail with; all others stop before they are done."""


def of_model() -> Iterator[Injection]:
    """List what a model's endpoint can do, once and always."""
    for fault, (mode, does) in ENDPOINT.items():
        yield Injection(Port.MODEL, fault, does, mode)
        if fault not in _ONCE_IS_ALL:
            yield Injection(Port.MODEL, fault, does, mode, persistent=True)


def of_answers() -> Iterator[Injection]:
    """List how answers can be wrong though they look right; said again when asked to mend it."""
    for change, (mode, does, recognisable) in CONTENT.items():
        yield Injection(Port.ANSWER, change, does, mode, recognisable=recognisable)
        yield Injection(Port.ANSWER, change, does, mode, persistent=True, recognisable=recognisable)


def of_code(kinds: Iterable[FailureKind]) -> Iterator[Injection]:
    """List in which ways a code agent can fail, once and always."""
    for kind in kinds:
        for persistent in (False, True):
            does = f"the agent fails as {kind}"
            yield Injection(Port.AGENT, kind, does, KINDS.get(kind, "3.1"), persistent)


def of_memory(*, journals: bool) -> Iterator[Injection]:
    """List what can happen to what a step reads."""
    for damage, (mode, does) in MEMORY.items():
        if journals or damage is not Damage.JOURNAL_WIPED:
            yield Injection(Port.MEMORY, damage, does, mode)


def of_worker(*, asks: bool) -> Iterator[Injection]:
    """List when a worker can die; only where a model is asked there is a reply."""
    instants = (Death.BEFORE_WORK, Death.AFTER_WORK, Death.AFTER_WRITE)
    for death in tuple(Death) if asks else instants:
        mode, does = WORKER[death]
        yield Injection(Port.WORKER, death, does, mode)


def of_gate() -> Iterator[Injection]:
    """List what can go wrong with a person's decision."""
    for person, (mode, does) in PEOPLE.items():
        yield Injection(Port.GATE, person, does, mode)
