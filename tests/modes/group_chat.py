"""A group chat of the usual kind, for comparison: a shared transcript, and a model that chooses.

It has: everything that the sequential script validates, retries and repairs (see `sequential`),
every speaker's view of the whole conversation, a selector model that chooses the next speaker from
it, an end when the reviewer says that it accepts or after twenty turns, and the same check of
length and phrases before anything is published.

It has not: an order that code guarantees. Who speaks, whether a text is checked again after it
changed, and when it is finished, are what the selector and the reviewer say.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

from pydantic import JsonValue

from contracts.base import Part
from contracts.content.draft import Draft
from contracts.content.outline import Outline
from contracts.content.review import ReviewVerdict
from contracts.content.section import Section
from contracts.content.topic import Risk
from services.agents import reviewer
from services.llm.base import Work
from services.publishing.base import Publisher
from tests.modes.asking import StoppedError
from tests.modes.newsroom import Newsroom, Verdicts, assembled, revised

MOST_TURNS: Final = 20

_SELECTOR: Final = (
    "You direct a conversation between roles: planner plans the sections, section_writer writes"
    " the next one, fact_checker checks every sentence, reviewer accepts or asks for changes,"
    " reviser makes the changes. Read `conversation` and name the role that speaks next."
    " Answer with the JSON object only."
)


class Choice(Part):
    """Whom the selector chooses."""

    next: Literal["planner", "section_writer", "fact_checker", "reviewer", "reviser"]


class Goal(Part):
    """What the selector is shown beside the conversation."""

    goal: str


@dataclass
class Chat:
    """The shared transcript, and the article as it stands in it."""

    room: Newsroom
    said: list[JsonValue] = field(default_factory=list)
    outline: Outline | None = None
    sections: list[Section] = field(default_factory=list)
    verdicts: Verdicts = field(default_factory=dict)
    opinion: reviewer.Opinion | None = None
    spoken: dict[str, int] = field(default_factory=dict)

    @property
    def draft(self) -> Draft:
        """Everything written so far.

        Raises:
            StoppedError: nothing is.
        """
        if not self.sections:
            raise StoppedError("somebody was to work on a text before there was one")
        return assembled(self.room.brief, self.sections)

    async def select(self, turn: int) -> str:
        """Ask the selector who speaks next."""
        work = Work(agent="selector", rung="free", visit=turn, exchange=1)
        goal = Goal(goal=self.room.brief.goal)
        told: list[JsonValue] = self.said or [{"speaker": "user", "said": goal.goal}]
        choice = await self.room.asking.ask(work, goal, Choice, system=_SELECTOR, conversation=told)
        return choice.next

    async def speak(self, speaker: str) -> None:
        """Let somebody speak; what they say is for everybody to read."""
        visit = self.spoken[speaker] = self.spoken.get(speaker, 0) + 1
        told = await getattr(self, f"_{speaker}")(visit)
        self.said.append({"speaker": speaker, "said": told.model_dump(mode="json")})

    async def _planner(self, visit: int) -> Part:
        self.outline = await self.room.plan(visit, self.said)
        self.sections = []
        return self.outline

    async def _section_writer(self, visit: int) -> Part:
        if self.outline is None:
            raise StoppedError("the writer was to write before there was a plan")
        at = min(len(self.sections), len(self.outline.sections) - 1)
        section = await self.room.write(self.outline.sections[at], 1, self.said)
        self.sections[at:] = [section]
        return section

    async def _fact_checker(self, visit: int) -> Part:
        self.verdicts = await self.room.check(self.draft, visit, self.said)
        return _Said(verdicts={claim: str(v.verdict) for claim, v in self.verdicts.items()})

    async def _reviewer(self, visit: int) -> Part:
        self.opinion = await self.room.review(self.draft, self.verdicts, visit, self.said)
        return self.opinion

    async def _reviser(self, visit: int) -> Part:
        self.room.asking.rejected += 1
        changes = await self.room.revise(self.draft, self.verdicts, self.opinion, visit, self.said)
        self.sections = list(revised(self.draft, changes).sections)
        self.verdicts, self.opinion = {}, None
        return changes


class _Said(Part):
    """What the fact checker says aloud."""

    verdicts: dict[str, str]


async def write_article(room: Newsroom, risk: Risk, publisher: Publisher) -> None:
    """Talk until the reviewer accepts, then publish.

    Raises:
        StoppedError: it noticed that it cannot go on, or nobody ended the conversation.
    """
    chat = Chat(room)
    for turn in range(1, MOST_TURNS + 1):
        await chat.speak(await chat.select(turn))
        if chat.opinion is not None and chat.opinion.verdict is ReviewVerdict.ACCEPT:
            break
    else:
        raise StoppedError(f"not accepted after {MOST_TURNS} turns")
    if risk is Risk.HIGH:
        raise StoppedError("high risk: a person has to approve it")
    await room.publish(chat.draft, publisher)
