"""A model agent's desk over a model that says what it is told to, for tests of the desk."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.agent import AgentKind, AgentLimits, Capability
from contracts.base import Part
from contracts.compiled import CompiledAgent, CompiledModel, CompiledPlanLine
from contracts.event import Event, EventKind
from contracts.reference import Trust
from contracts.usage import Price, Usage
from services.agents.answer import read
from services.agents.base import Block, Question, Rung
from services.errors import StepError
from services.llm.base import Finish, ModelReply, ModelRequest, OnText, Receipt
from services.memory.base import ContextStore, JournalEntry, WorkKey
from services.memory.in_process import InProcessStore
from services.worker.desk import Assignment, ModelDesk
from services.worker.journal import Journal

WORK: Final = WorkKey(tenant="t", run="r1", step="write", visit=1)
PRICE: Final = Price(input_microusd_per_million=1_000_000, output_microusd_per_million=2_000_000)
PLENTY: Final = Usage(calls=99, input_tokens=99_999, cost_microusd=99_999)
PLAN: Final = {
    "malformed": CompiledPlanLine(repair=1, then="failed"),
    "empty": CompiledPlanLine(repair=1, then="failed"),
    "otherwise": CompiledPlanLine(then="failed"),
}


class Answer(Part):
    """What the agent asks for."""

    text: str


def good(text: str = "fine") -> ModelReply:
    """An answer that fits; ten tokens in, five out."""
    return said(f'{{"text":"{text}"}}')


def said(text: str, finish: Finish = Finish.STOP) -> ModelReply:
    """Any reply."""
    usage = Usage(calls=1, input_tokens=10, output_tokens=5)
    return ModelReply(text=text, finish=finish, model="a-model", usage=usage)


MALFORMED: Final = said("no JSON")
EMPTY: Final = said("  ")


@dataclass
class Told:
    """Implements `LanguageModel`: gives what it is told to, in order, and keeps what was asked."""

    replies: list[ModelReply | StepError]
    asked: list[ModelRequest] = field(default_factory=list)

    async def complete(
        self, request: ModelRequest, on_text: OnText, receipt: Receipt | None = None
    ) -> ModelReply:
        """Give the next reply."""
        self.asked.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, StepError):
            raise reply
        await on_text(reply.text)
        return reply


def an_agent(**changes: Any) -> CompiledAgent:
    """A writer of two rungs: prompts of 200 tokens, answers of 50."""
    given = {
        "version": 1,
        "kind": AgentKind.MODEL,
        "pure": False,
        "publishes": False,
        "verifies": False,
        "trust": Trust.MODEL,
        "receives": {},
        "produces": "Note@1",
        "limits": AgentLimits(questions=1, prompt_tokens=200, answer_tokens=50, seconds=10),
        "model": a_model(),
        "prompts": {"free": "Write about $topic.", "verbatim": "Choose."},
    }
    return CompiledAgent.model_validate({**given, **changes})


def a_model(**changes: Any) -> CompiledModel:
    """A model that writes, at one dollar a million in and two out."""
    given = {
        "alias": "writer",
        "name": "a-model",
        "capability": Capability.WRITES,
        "window_tokens": 4000,
        "price": PRICE,
    }
    return CompiledModel.model_validate({**given, **changes})


def a_question(topic: str = "worms", **changes: Any) -> Question[Answer]:
    """Ask freely first, then on the last rung."""
    schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    given = {"blocks": {"brief": Block({"title": "Worms"})}, "schema": schema, **changes}
    free = Rung(
        name="free", accept=lambda text: read(text, Answer), places={"topic": topic}, **given
    )
    verbatim = Rung(name="verbatim", accept=lambda text: read(text, Answer), **given)
    return Question((free, verbatim))


@dataclass
class Bench:
    """A desk with everything around it in reach."""

    desk: ModelDesk
    model: Told
    store: ContextStore
    told: list[Event]

    @property
    def asked(self) -> list[str]:
        """Which rung was asked in which exchange."""
        return [request.work.label() for request in self.model.asked]

    def of_kind(self, kind: EventKind) -> list[Event]:
        """What was told of one kind."""
        return [event for event in self.told if event.kind is kind]


async def a_desk(
    *replies: ModelReply | StepError,
    store: ContextStore | None = None,
    entries: Sequence[JournalEntry] = (),
    attempt: int = 1,
    **changes: Any,
) -> Bench:
    """Set up a desk; `changes` are of its assignment."""
    given = {
        "work": WORK,
        "agent_name": "writer",
        "agent": an_agent(),
        "plan": PLAN,
        "allowance": PLENTY,
        "seq": 7,
        "attempt": attempt,
    }
    assignment = Assignment(**{**given, **changes})
    journal = Journal.of(entries, attempt - 1, assignment.agent)
    model, kept = Told(list(replies)), store or InProcessStore()
    told: list[Event] = []

    async def tell(events: Sequence[Event]) -> None:
        told.extend(events)

    return Bench(ModelDesk(assignment, model, kept, journal, tell), model, kept, told)
