"""A newsletter: what an issue is asked to be, and which stories it tells."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from contracts.base import Contract, Part
from contracts.content.text import CorpusName, Line, Locale, Prose, SectionId

IssueDate = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
"""A calendar day, `2026-11-23`."""

TopicId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}/\S{1,250}$")]
"""A corpus and a document of it, `composting/turning-the-heap`."""


class NewsletterRequest(Contract, version=1):
    """One issue of a newsletter: for whom, from which corpora, for which day."""

    title: Line
    goal: Prose
    """What readers should know or do afterwards."""

    audience: Line
    locale: Locale = "en"
    corpora: tuple[CorpusName, ...] = Field(min_length=1, max_length=5)
    """Where stories come from, the most important first."""

    issue_date: IssueDate
    stories: int = Field(ge=1, le=6)
    """How many stories an issue has at most, the lead among them."""

    words_per_story: int = Field(default=60, ge=20, le=300)
    must_avoid: tuple[Line, ...] = Field(default=(), max_length=20)
    """Words or phrases that no text of the issue may contain."""

    @model_validator(mode="after")
    def _corpora_are_named_once(self) -> Self:
        if len(set(self.corpora)) < len(self.corpora):
            raise ValueError("corpora repeats a name; give each once")
        return self


class Story(Part):
    """One document that an issue tells of."""

    id: SectionId
    topic: TopicId
    title: Line
    corpus: CorpusName
    document: Line
    """Its id within the corpus."""

    uri: Line
    points: tuple[Line, ...] = Field(min_length=1, max_length=3)
    """What it covers: its own headings, or its title where it has none."""


class StoryPlan(Contract, version=1):
    """The stories of an issue, none told before. None left is an answer, not a failure."""

    issue_date: IssueDate
    stories: tuple[Story, ...] = Field(default=(), max_length=6)
    """The lead first."""

    known: int = Field(default=0, ge=0)
    """How many documents were passed over, because an earlier issue has told them."""

    @model_validator(mode="after")
    def _no_topic_repeats(self) -> Self:
        if len({story.topic for story in self.stories}) < len(self.stories):
            raise ValueError("a topic stands twice in one issue")
        if len({story.id for story in self.stories}) < len(self.stories):
            raise ValueError("story ids repeat")
        return self

    @property
    def lead(self) -> Story:
        """The story that gets an article of its own."""
        return self.stories[0]
