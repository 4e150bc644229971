"""Posts measured against the article, the channel and the request: every fault is named."""

import pytest

from contracts.content.post import ChannelPost
from contracts.content.post_report import PostFaultKind as Kind
from contracts.content.repurpose import Channel
from services.agents.channels import CHANNELS, campaign_link, fits
from services.agents.checks.posts import grounds_of, post_faults
from tests.unit.agents.bins import HEAP, LESS, OPENING, QUOTED, a_post, a_request, an_article
from tests.unit.agents.bins import an_assignment as wanted

GROUNDS = grounds_of(a_request(), an_article())


def _kinds(post: ChannelPost) -> set[Kind]:
    return {fault.kind for fault in post_faults(post, wanted(post.channel), GROUNDS)}


@pytest.mark.parametrize(
    "sentences",
    [
        [(OPENING, "p1")],
        [(OPENING, "p1"), (LESS, "p1")],
        [("Harborough put 1,250 compost bins beside its flats.", "p1")],
        [("The bins hold heat: a hot heap stays above 55 °C.", "p2"), (OPENING, "p1")],
        [('Ruth Albers of the bins says: "We were paying to burn water."', "p3")],
    ],
)
def test_what_the_article_says_passes(sentences: list[tuple[str, str]]) -> None:
    """Its sentences, and rewordings that change no fact, are no faults."""
    assert post_faults(a_post(*sentences), wanted(), GROUNDS) == ()


@pytest.mark.parametrize(
    ("text", "cited", "reason"),
    [
        ("Harborough put 1,350 compost bins beside its flats.", "p1", "1350"),
        ("Harborough put 1,250 compost bins beside its flats, says Ada Lindqvist.", "p1", "Ada"),
        ("A hot heap of the bins stays above 55 °C for at most 14 days.", "p2", "14"),
        (
            "A hot heap stays above 55 °C for at least 14 days, and is left alone in winter.",
            "p2",
            "negation",
        ),
        ('The bins were built because "we wanted to burn water" no more.', "p3", "quotation"),
        (QUOTED, "p1", "it"),
        (OPENING, "p9", "p9"),
        ("Read more of the bins at https://elsewhere.example/a today.", "p3", "elsewhere"),
        ("The bins cure sadness, loneliness and gout in every household.", "p1", "gout"),
        ("As an AI I am sorry about the bins.", "p1", "AI"),
    ],
)
def test_what_the_article_does_not_say_is_found(text: str, cited: str, reason: str) -> None:
    """A number, name, bound, negation, quotation, address or claim of its own is unsupported."""
    faults = post_faults(a_post((text, cited)), wanted(), GROUNDS)

    assert Kind.UNSUPPORTED in {fault.kind for fault in faults}
    assert reason.casefold() in " ".join(fault.text for fault in faults).casefold()


@pytest.mark.parametrize(
    ("post", "kind"),
    [
        (a_post((OPENING, "p1"), (LESS, "p1"), (HEAP, "p2"), (QUOTED, "p3")), Kind.LENGTH),
        (a_post(link="https://harborough.example/bins"), Kind.LINK),
        (a_post(link="https://evil.example/bins?utm_source=x"), Kind.LINK),
        (a_post(hashtags=("Compost", "Cities", "Towns")), Kind.HASHTAGS),
        (a_post(hashtags=("Compost", "Compost")), Kind.HASHTAGS),
        (a_post(hashtags=("Miracle",)), Kind.HASHTAGS),
        (a_post(hashtags=("Miracle",)), Kind.FORBIDDEN),
        (a_post(("Compost bins stand beside flats #Compost.", "p1")), Kind.HASHTAGS),
        (a_post((LESS, "p1")), Kind.MISSING),
        (a_post(("The miracle of compost bins beside its flats.", "p1")), Kind.FORBIDDEN),
        (a_post(alt_text="Something else."), Kind.ALT_TEXT),
        (a_post((OPENING, "p1"), (OPENING, "p1")), Kind.UNSUPPORTED),
    ],
)
def test_rules_of_channel_and_request_are_measured(post: ChannelPost, kind: Kind) -> None:
    """Length, link, hashtags, phrases and the picture's description are the plan's."""
    assert kind in _kinds(post)


def test_a_post_is_measured_as_its_channel_counts() -> None:
    """The same 270 characters fit on X with a long link, and on Bluesky they do not."""
    text = " ".join(["Compost bins stand beside the flats of the town."] * 5)
    link = "https://harborough.example/" + "a" * 60
    posts = {
        channel: a_post((text, "p1"), channel=channel, link=link)
        for channel in (Channel.X, Channel.BLUESKY)
    }

    assert fits(Channel.X, posts[Channel.X].as_posted())
    assert not fits(Channel.BLUESKY, posts[Channel.BLUESKY].as_posted())


def test_bytes_are_a_limit_of_their_own() -> None:
    """Few characters of many bytes do not fit on Bluesky."""
    text = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 150

    assert CHANNELS[Channel.BLUESKY].count(text) == 150
    assert not fits(Channel.BLUESKY, text)


@pytest.mark.parametrize(
    ("link", "campaigned"),
    [
        ("https://a.example", "https://a.example/?utm_source=x&utm_medium=social&utm_campaign=c"),
        (
            "https://a.example/b?lang=en#top",
            "https://a.example/b?lang=en&utm_source=x&utm_medium=social&utm_campaign=c#top",
        ),
    ],
)
def test_campaign_parameters_leave_the_address_as_it_is(link: str, campaigned: str) -> None:
    """What the address has stays, in front of the parameters; its fragment stays last."""
    assert campaign_link(link, Channel.X, "c") == campaigned
