"""A short article on compost bins with everything that is made of it; for tests of its agents."""

from typing import Any, TypeVar

from contracts.base import Part
from contracts.content.localise import JobTerm, LocaliseJob
from contracts.content.localised import TranslatedParagraph, TranslatedSection, Translation
from contracts.content.post import ChannelPost, PostSentence
from contracts.content.repurpose import Channel, PostAssignment, PostPlan, RepurposeRequest
from contracts.content.source_article import (
    ArticleSource,
    SourceArticle,
    SourceParagraph,
    SourceSection,
)
from services.agents.channels import CHANNELS, campaign_link

Built = TypeVar("Built", bound=Part)

OPENING = "The town of Harborough put 1,250 compost bins beside its flats on 12 March 2024."
LESS = "Two years later it weighs 28 % less kitchen waste."
QUOTED = '"We were paying to burn water," says Ruth Albers, who runs the waste office.'
FIGURES = "The figures are at https://harborough.example/figures for everybody to use."
HEAP = "A hot heap stays above 55 °C for at least 14 days, and is never left alone in winter."
PARAGRAPHS = {"p1": f"{OPENING} {LESS}", "p2": HEAP, "p3": f"{QUOTED} {FIGURES}"}

GERMAN = {
    "title": "Gemeinsame Kompostbehälter machen sich bezahlt",
    "s2": "Was man dafür braucht",
    "p1": (
        "Die Stadt Harborough hat am 12. März 2024 neben ihren Wohnhäusern 1.250 Kompostbehälter"
        " aufgestellt. Zwei Jahre später wiegt sie 28 % weniger Abfall aus den Küchen."
    ),
    "p2": (
        "Ein heißer Haufen bleibt mindestens 14 Tage über 55 °C und wird im Winter nie allein"
        " gelassen."
    ),
    "p3": (
        "„Wir haben dafür bezahlt, Wasser zu verbrennen“, sagt Ruth Albers, die das Amt für Abfall"
        " leitet. Die Zahlen stehen unter https://harborough.example/figures für alle bereit."
    ),
}
"""A faithful translation, piece by piece."""


def _built(kind: type[Built], given: dict[str, Any], changes: dict[str, Any]) -> Built:
    return kind.model_validate({**given, **changes})


def an_article(**changes: Any) -> SourceArticle:
    """Tell of shared compost bins in three paragraphs."""
    paragraphs = [SourceParagraph(id=name, text=text) for name, text in PARAGRAPHS.items()]
    given = {
        "title": "Shared compost bins pay for themselves",
        "uri": "bins.md",
        "language": "en",
        "sections": (
            SourceSection(id="s1", paragraphs=(paragraphs[0],)),
            SourceSection(id="s2", heading="What it takes", paragraphs=tuple(paragraphs[1:])),
        ),
    }
    return _built(SourceArticle, given, changes)


def a_request(**changes: Any) -> RepurposeRequest:
    """Ask for posts on X and LinkedIn."""
    given = {
        "article": ArticleSource(corpus="articles", document="bins.md"),
        "link": "https://harborough.example/bins",
        "channels": (Channel.X, Channel.LINKEDIN),
        "campaign": "bins",
        "audience": "people who work for towns",
        "must_include": ("bins",),
        "must_avoid": ("miracle",),
        "hashtags": ("Compost", "Cities"),
        "alt_text": "A row of closed bins.",
    }
    return _built(RepurposeRequest, given, changes)


def an_assignment(channel: Channel = Channel.X, **changes: Any) -> PostAssignment:
    """Assign the post for a channel."""
    given = {
        "id": channel,
        "link": campaign_link("https://harborough.example/bins", channel, "bins"),
        "limit": CHANNELS[channel].limit,
        "most_hashtags": min(2, CHANNELS[channel].most_hashtags),
    }
    return _built(PostAssignment, given, changes)


def a_plan() -> PostPlan:
    """Plan posts for X and LinkedIn, and the blurb."""
    return PostPlan(
        posts=(an_assignment(Channel.X), an_assignment(Channel.LINKEDIN)),
        blurb=an_assignment(Channel.NEWSLETTER_BLURB),
    )


def a_post(*sentences: tuple[str, str], **changes: Any) -> ChannelPost:
    """Write a post for X of sentences with the paragraph that each cites."""
    channel = changes.get("channel", Channel.X)
    given = {
        "channel": channel,
        "sentences": tuple(
            PostSentence(text=text, paragraph_ids=(cited,))
            for text, cited in sentences or [(OPENING, "p1")]
        ),
        "link": an_assignment(channel).link,
        "alt_text": "A row of closed bins.",
        "made_by": "a-model",
    }
    return _built(ChannelPost, given, changes)


def a_job(**changes: Any) -> LocaliseJob:
    """Ask for German with one settled term and one kept name."""
    given = {
        "id": "de",
        "language": "German",
        "audience": "people who work for towns",
        "terms": (JobTerm(id="t1", term="compost bin", text="Kompostbehälter"),),
        "keep": ("Harborough",),
    }
    return _built(LocaliseJob, given, changes)


def a_translation(**pieces: str) -> Translation:
    """Translate the article into German; pieces given take the place of the faithful ones."""
    said = {**GERMAN, **pieces}
    return Translation(
        locale="de",
        title=said["title"],
        sections=(
            TranslatedSection(id="s1", paragraphs=(TranslatedParagraph(id="p1", text=said["p1"]),)),
            TranslatedSection(
                id="s2",
                heading=said["s2"],
                paragraphs=tuple(
                    TranslatedParagraph(id=name, text=said[name]) for name in ("p2", "p3")
                ),
            ),
        ),
        made_by="a-model",
    )
