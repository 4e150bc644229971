"""How the two plain systems ask: the same agents' prompts, with what a careful user adds by hand.

Each reply is validated by pydantic (nothing unknown, nothing missing, known evidence only), asked
for again up to twice with the validation error, and transport errors are tried three times.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from contracts.base import Part
from contracts.content.brief import Brief
from contracts.content.draft import Draft
from contracts.failure import RETRIED
from services.agents.base import Block
from services.agents.checks.drafts import sentences_text
from services.agents.prompts import fill, prompt
from services.agents.shown import blocks_of
from services.errors import StepError
from services.llm.base import Finish, LanguageModel, Message, ModelReply, ModelRequest, Work
from services.llm.blocks import render_blocks

Form = TypeVar("Form", bound=BaseModel)

TRIES: Final = 3
REPAIRS: Final = 2


class StoppedError(Exception):
    """The system noticed that it cannot go on, and says so."""


class Asking:
    """Asks a model as one of the agents would, and validates what it says."""

    def __init__(self, model: LanguageModel) -> None:
        self.rejected = 0
        self._model = model

    async def ask(
        self,
        work: Work,
        shown: Part,
        form: type[Form],
        *,
        system: str = "",
        places: Mapping[str, str] | None = None,
        known: Iterable[str] = (),
        conversation: Sequence[JsonValue] = (),
    ) -> Form:
        """Ask, and ask again with the error, until a reply fits its form.

        Raises:
            StoppedError: no reply fits, or the endpoint does not answer.
        """
        blocks = blocks_of(shown, {})
        if conversation:
            blocks["conversation"] = Block(list(conversation))
        instructions = system or fill(prompt(work.agent, "free"), places or {})
        messages = [
            Message(role="system", content=instructions),
            Message(role="user", content=render_blocks(blocks)),
        ]
        for exchange in range(1, REPAIRS + 2):
            asked = work.model_copy(update={"exchange": exchange})
            reply = await self._reply(asked, messages, form)
            try:
                return _validated(reply, form, tuple(known))
            except ValueError as error:
                self.rejected += 1
                messages += [
                    Message(role="assistant", content=reply.text or "(empty)"),
                    Message(role="user", content=f"That is not valid: {error}. Answer again."),
                ]
        raise StoppedError(f"{work.agent} gave no valid answer")

    async def _reply(
        self, work: Work, messages: Sequence[Message], form: type[BaseModel]
    ) -> ModelReply:
        request = ModelRequest(
            model="scripted",
            messages=tuple(messages),
            schema_name=work.agent,
            answer_schema=form.model_json_schema(),
            max_output_tokens=2_500,
            work=work,
        )
        for attempt in range(TRIES):
            try:
                return await self._model.complete(request, _unread)
            except StepError as error:
                if error.kind not in RETRIED or attempt == TRIES - 1:
                    raise StoppedError(f"{work.agent}: {error.kind}") from error
                self.rejected += 1
        raise AssertionError("the last try returns or raises")


async def _unread(text: str) -> None:
    """Nobody watches the text as it streams."""


def _validated(reply: ModelReply, form: type[Form], known: Sequence[str]) -> Form:
    if reply.finish is not Finish.STOP:
        raise ValueError(f"the answer ended with {reply.finish}")
    try:
        answer = form.model_validate_json(reply.text, extra="forbid")
    except ValidationError as error:
        raise ValueError(
            str(error.errors(include_url=False, include_input=False))[:2000]
        ) from error
    if known:
        strange = sorted(set(_cited(answer.model_dump())) - set(known))
        if strange:
            raise ValueError(f"there is no evidence {', '.join(strange)}")
    return answer


def _cited(data: object) -> Iterable[str]:
    """Find every evidence id in an answer."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield from value if name == "evidence_ids" else _cited(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _cited(value)


def acceptance(brief: Brief, draft: Draft) -> None:
    """Hold a finished text against its brief, as a careful user does before publishing.

    Raises:
        StoppedError: the length is wrong, or a phrase is missing or forbidden.
    """
    headings = [section.heading for section in draft.sections]
    text = "\n".join([draft.title, *headings, sentences_text(draft.sections)]).lower()
    missing = [phrase for phrase in brief.must_include if phrase.lower() not in text]
    banned = [phrase for phrase in brief.must_avoid if phrase.lower() in text]
    if missing or banned or not brief.words.min <= draft.words() <= brief.words.max:
        raise StoppedError(
            f"the text is not acceptable: {draft.words()} words, {missing} missing, {banned} banned"
        )
