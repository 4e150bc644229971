"""The desk of a model agent: asks, journals, judges and repairs, and climbs the ladder of rungs."""

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from contracts.agent import Capability
from contracts.compiled import CompiledAgent, CompiledModel, CompiledPlanLine
from contracts.event import Event, EventKind
from contracts.failure import FailureKind
from contracts.flow import OTHERWISE
from contracts.usage import Usage
from services.agents.base import Question, Rung
from services.agents.prompts import fill
from services.errors import AnswerRejectedError, ForgottenError, OperatorError, StepError
from services.llm.base import (
    Finish,
    LanguageModel,
    Message,
    ModelReply,
    ModelRequest,
    Receipt,
    Work,
)
from services.llm.blocks import render_blocks
from services.llm.estimate import BYTES_PER_TOKEN, bytes_of, most_tokens_of
from services.llm.price import priced
from services.memory.base import ContextStore, JournalEntry, JournalState, Quarantined, WorkKey
from services.worker.journal import Journal, in_flight
from workflows.ledger import calls

Answer = TypeVar("Answer")
Tell = Callable[[Sequence[Event]], Awaitable[None]]

TEXT_EVERY_SECONDS: Final = 0.2
"""Streamed text is published in pieces, so that an event reaches a reader within 250 ms."""

REJECTED_SHOWN_BYTES: Final = 4_000
"""How much of a rejected answer the model sees again; the reasons name what matters."""

log = logging.getLogger(__name__)
_NOTHING: Final = "(empty)"
_AGAIN: Final = "That answer was rejected:\n{reasons}\nAnswer again, with this mended."


@dataclass(frozen=True)
class Assignment:
    """Which piece of work a desk serves, under which limits."""

    work: WorkKey
    agent_name: str
    agent: CompiledAgent
    plan: Mapping[str, CompiledPlanLine]
    allowance: Usage
    seq: int
    attempt: int

    @property
    def model(self) -> CompiledModel:
        """The model that the compiled flow pins."""
        assert self.agent.model is not None, f"{self.agent_name} asks no model"
        return self.agent.model

    def event(
        self, kind: EventKind, exchange: int, *, part: int = 0, outcome: str = "", text: str = ""
    ) -> Event:
        """Tell of one exchange of this work, under the number of its start."""
        return Event(
            seq=self.seq,
            kind=kind,
            at_ms=int(time.time() * 1000),
            step=self.work.step,
            agent=self.agent_name,
            visit=self.work.visit,
            item=self.work.item,
            attempt=self.attempt,
            exchange=exchange,
            part=part,
            outcome=outcome,
            text=text,
        )


async def _never() -> bool:
    return False


class ModelDesk:
    """Implements `Desk` for one piece of work."""

    def __init__(
        self,
        assignment: Assignment,
        model: LanguageModel,
        store: ContextStore,
        journal: Journal,
        tell: Tell,
        is_abandoned: Callable[[], Awaitable[bool]] = _never,
    ) -> None:
        """Set up a desk.

        Args:
            assignment: what it serves.
            model: who answers.
            store: where the journal is.
            journal: what earlier attempts have written there.
            tell: publishes events.
            is_abandoned: whether the work, once cancelled, is not going to be taken up again.
        """
        self._assignment = assignment
        self._model = model
        self._store = store
        self._tell = tell
        self._is_abandoned = is_abandoned
        self._exchange = 0
        self.journal = journal

    @property
    def capability(self) -> Capability:
        """See `Desk.capability`."""
        return self._assignment.model.capability

    @property
    def model(self) -> str:
        """See `Desk.model`."""
        return self._assignment.model.name

    async def ask(self, question: Question[Answer]) -> Answer:
        """See `Desk.ask`."""
        rungs = question.rungs[-1:] if self.capability is Capability.CHOOSES else question.rungs
        rung, repairs = rungs[0], Counter[str]()
        messages = self._messages(rung)
        while True:
            reply = await self._call(rung, messages)
            try:
                return _judge(rung, reply)
            except AnswerRejectedError as rejected:
                await self._set_aside(rejected, reply)
                repairs[rejected.kind] += 1
                if repairs[rejected.kind] <= self._line(rejected.kind).repair:
                    messages = self._repair(rung, reply, rejected)
                elif rung is not rungs[-1]:
                    rung, repairs = rungs[-1], Counter(dict.fromkeys(FailureKind, 99))
                    messages = self._messages(rung)
                else:
                    raise self._given_up(rejected) from rejected

    def _line(self, kind: FailureKind) -> CompiledPlanLine:
        return self._assignment.plan.get(kind) or self._assignment.plan[OTHERWISE]

    def _given_up(self, rejected: AnswerRejectedError) -> StepError:
        return StepError(
            rejected.kind,
            f"{self._assignment.agent_name} got no acceptable answer from {self.model}: {rejected}",
            reasons=rejected.reasons,
            quarantined=f"{self._assignment.work.step}/{self._exchange}",
            usage=self.journal.spent,
        )

    def _messages(self, rung: Rung[Answer]) -> tuple[Message, ...]:
        prompt = self._assignment.agent.prompts[rung.name]
        return (
            Message(role="system", content=fill(prompt, rung.places)),
            Message(role="user", content=render_blocks(rung.blocks)),
        )

    def _repair(
        self, rung: Rung[Answer], reply: ModelReply, rejected: AnswerRejectedError
    ) -> tuple[Message, ...]:
        """Ask again, showing why and what was rejected: of both no more than fits the prompt."""
        asked = self._messages(rung)
        room = self._room(rung) * BYTES_PER_TOKEN - bytes_of(asked) - len(_AGAIN) - len(_NOTHING)
        reasons = _cut("\n".join(f"- {reason}" for reason in rejected.reasons or [rejected]), room)
        shown = _cut(reply.text, min(REJECTED_SHOWN_BYTES, room - len(reasons.encode())))
        return (
            *asked,
            Message(role="assistant", content=shown or _NOTHING),
            Message(role="user", content=_AGAIN.format(reasons=reasons)),
        )

    def _room(self, rung: Rung[Answer]) -> int:
        """Count the tokens that a prompt may have."""
        limits, window = self._assignment.agent.limits, self._assignment.model.window_tokens
        return min(limits.prompt_tokens, window - self._longest_answer(rung))

    def _longest_answer(self, rung: Rung[Answer]) -> int:
        return min(rung.max_output_tokens, self._assignment.agent.limits.answer_tokens)

    async def _call(self, rung: Rung[Answer], messages: tuple[Message, ...]) -> ModelReply:
        """Find the reply in the journal, or buy it: noted before, kept before it is judged."""
        self._exchange += 1
        request = self._request(rung, messages)
        key = self._call_key(request)
        kept = self.journal.answered.get(self._exchange)
        if kept and kept.call_key == key:
            return ModelReply.model_validate_json(kept.body)
        try:
            return await self._buy(request, key)
        except ForgottenError as error:
            await self._say_forgotten(error)
            return await self._buy(request, key)

    async def _buy(self, request: ModelRequest, key: str) -> ModelReply:
        """Ask, or fetch what an earlier attempt has asked for."""
        receipt = await self._receipt(key)
        if not receipt.response:
            self._refuse_overspending(calls(self._assignment.agent, 1))
        stream = TextStream(self._assignment, self._exchange, self._tell)
        try:
            reply = await self._model.complete(request, stream.add, receipt)
        except StepError as error:
            # An answer that can still be fetched has not failed; the next attempt asks for it.
            if not receipt.response:
                await self._note(
                    key, JournalState.FAILED, body=error.kind.value, usage=self._paid(error)
                )
            error.usage = self.journal.spent
            raise
        usage = priced(reply.usage, self._assignment.model.price)
        reply = reply.model_copy(update={"usage": usage})
        await self._note(
            key, JournalState.ANSWERED, body=reply.model_dump_json(), usage=reply.usage
        )
        return reply

    def _paid(self, error: StepError) -> Usage:
        """What a failed call cost; at the most where nobody knows."""
        unknown = error.may_have_paid or isinstance(error, ForgottenError)
        return calls(self._assignment.agent, 1) if unknown else error.usage

    async def _receipt(self, key: str) -> Receipt:
        """Name the response that an earlier attempt asked for, if one did; note a new one."""

        async def keep(response: str) -> None:
            bound = in_flight(self._assignment.agent, 1)
            await self._note(key, JournalState.ASKED, body=response, usage=bound)

        response = self.journal.response(self._exchange, key)
        if response:
            # Said again, so that it is known what this attempt waits for should it be lost.
            await keep(response)
        return Receipt(keep, self._is_abandoned, response)

    async def _say_forgotten(self, error: ForgottenError) -> None:
        log.warning("%s", error, extra={"run": self._assignment.work.run})
        told = self._assignment.event(
            EventKind.ANSWER_REJECTED,
            self._exchange,
            # What is answered now may be rejected as well, and is another event.
            part=1,
            outcome=error.kind.value,
            text=str(error)[:1000],
        )
        await self._tell([told])

    def _request(self, rung: Rung[Answer], messages: tuple[Message, ...]) -> ModelRequest:
        assignment = self._assignment
        size, room = most_tokens_of(messages), self._room(rung)
        if size > room:
            raise StepError(
                FailureKind.TOO_LARGE,
                f"the prompt of {assignment.agent_name} is about {size} tokens and {room} fit",
                usage=self.journal.spent,
            )
        return ModelRequest(
            model=assignment.model.name,
            messages=messages,
            schema_name=f"{assignment.agent_name}_{rung.name}",
            answer_schema=rung.schema,
            max_output_tokens=self._longest_answer(rung),
            # A repeated question gets another seed, or a model that is sure would repeat itself.
            seed=self._exchange,
            timeout_seconds=assignment.agent.limits.seconds,
            work=Work(
                agent=assignment.agent_name,
                rung=rung.name,
                visit=assignment.work.visit,
                item=assignment.work.item,
                exchange=self._exchange,
                tenant=assignment.work.tenant,
            ),
        )

    def _call_key(self, request: ModelRequest) -> str:
        work = self._assignment.work
        # Left out while empty: keys of before somebody could stand in have to stay as they were.
        identity = work.model_dump_json(exclude=None if work.agent else {"agent"})
        text = f"{identity}{request.model_dump_json()}"
        return hashlib.sha256(text.encode()).hexdigest()

    def _refuse_overspending(self, bound: Usage) -> None:
        wanted, allowed = self.journal.spent + bound, self._assignment.allowance
        over = (
            wanted.calls > allowed.calls
            or wanted.tokens > allowed.tokens
            or wanted.cost_microusd > allowed.cost_microusd
        )
        if over:
            left = allowed - self.journal.spent
            raise StepError(
                FailureKind.OVER_BUDGET,
                f"{self._assignment.agent_name} may not make another call: the run's budget has"
                f" {left.calls} call(s) left for it",
                usage=self.journal.spent,
            )

    async def _note(self, key: str, state: JournalState, *, usage: Usage, body: str = "") -> None:
        entry = JournalEntry(
            exchange=self._exchange,
            call_key=key,
            state=state,
            body=body,
            usage=usage,
            attempt=self._assignment.attempt,
        )
        self.journal.add(entry)
        await self._store.record(self._assignment.work, entry)

    async def _set_aside(self, rejected: AnswerRejectedError, reply: ModelReply) -> None:
        work = self._assignment.work
        kept = Quarantined(
            step=work.step,
            visit=work.visit,
            item=work.item,
            exchange=self._exchange,
            kind=rejected.kind.value,
            reasons=rejected.reasons,
            answer=reply.text,
        )
        await self._store.quarantine(work.tenant, work.run, kept)
        reasons = "; ".join(rejected.reasons) or str(rejected)
        await self._tell(
            [
                self._assignment.event(
                    EventKind.ANSWER_REJECTED,
                    self._exchange,
                    outcome=rejected.kind.value,
                    text=reasons[:1000],
                )
            ]
        )


class TextStream:
    """Publishes text as it arrives, in pieces of at least a fifth of a second."""

    def __init__(self, assignment: Assignment, exchange: int, tell: Tell) -> None:
        self._assignment = assignment
        self._exchange = exchange
        self._tell = tell
        self._waiting = ""
        self._part = 0
        self._last = time.monotonic()

    async def add(self, text: str) -> None:
        """Take a piece of text; publish when it is time."""
        self._waiting += text
        if time.monotonic() - self._last < TEXT_EVERY_SECONDS:
            return
        self._part += 1
        event = self._assignment.event(
            EventKind.TEXT, self._exchange, part=self._part, text=self._waiting
        )
        self._waiting, self._last = "", time.monotonic()
        # A reader who misses a piece of text is no reason to lose an answer that is being paid.
        with suppress(OperatorError):
            await self._tell([event])


def _judge(rung: Rung[Answer], reply: ModelReply) -> Answer:
    if reply.finish is Finish.REFUSED:
        raise AnswerRejectedError(FailureKind.REFUSED, "the model refused to answer")
    if reply.finish is Finish.LENGTH:
        raise AnswerRejectedError(
            FailureKind.TRUNCATED,
            "the answer was cut off at its length limit",
            reasons=("the answer was cut off; give a shorter one",),
        )
    if not reply.text.strip():
        raise AnswerRejectedError(
            FailureKind.EMPTY, "the answer was empty", reasons=("the answer was empty",)
        )
    return rung.accept(reply.text)


def _cut(text: str, size: int) -> str:
    """Keep so many bytes of a text; a character cut in two is dropped."""
    return text.encode()[: max(0, size)].decode(errors="ignore")
