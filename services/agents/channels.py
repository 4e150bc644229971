"""What each channel takes: how long a post may be and is counted, how many hashtags, which link."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from contracts.content.repurpose import Channel
from services.agents.checks.post_length import (
    byte_length,
    grapheme_length,
    toot_length,
    unit_length,
    weighted_length,
)


@dataclass(frozen=True)
class ChannelRules:
    """One channel's rules; `checks.post_length` names the source of each limit."""

    limit: int
    counts: str
    """What is counted, as reports tell it."""

    count: Callable[[str], int]
    sentences: int
    """How many an extract has where they fit."""

    most_hashtags: int
    """Ours, not the channel's: more read as advertising."""

    medium: str
    """The campaign parameter `utm_medium`."""

    style: str
    """What readers of the channel expect, told to the model."""

    most_bytes: int | None = None


CHANNELS: Final[Mapping[Channel, ChannelRules]] = {
    Channel.LINKEDIN: ChannelRules(
        3_000, "UTF-16 units", unit_length, 4, 3, "social",
        "three to six plain sentences for people at work; the finding first, then why it matters",
    ),
    Channel.X: ChannelRules(
        280, "weighted characters", weighted_length, 1, 2, "social",
        "one or two short sentences; the one thing worth knowing",
    ),
    Channel.MASTODON: ChannelRules(
        500, "characters, links as 23", toot_length, 2, 3, "social",
        "two or three plain sentences; no call to action",
    ),
    Channel.BLUESKY: ChannelRules(
        300, "graphemes", grapheme_length, 1, 2, "social",
        "one or two conversational sentences", most_bytes=3_000,
    ),
    Channel.NEWSLETTER_BLURB: ChannelRules(
        700, "characters", grapheme_length, 3, 0, "email",
        "two to four sentences that say what the reader will learn",
    ),
}  # fmt: skip
"""The blurb's limit is ours: a paragraph that a mail program shows without scrolling."""


def campaign_link(link: str, channel: Channel, campaign: str) -> str:
    """Add the campaign's parameters to an address, after those it has and before its fragment."""
    parts = urlsplit(link)
    added = urlencode(
        {
            "utm_source": str(channel),
            "utm_medium": CHANNELS[channel].medium,
            "utm_campaign": campaign,
        }
    )
    query = f"{parts.query}&{added}" if parts.query else added
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, parts.fragment))


def length_on(channel: Channel, text: str) -> int:
    """Count a post as its channel does."""
    return CHANNELS[channel].count(text)


def fits(channel: Channel, text: str) -> bool:
    """Whether a channel takes a post of this length."""
    rules = CHANNELS[channel]
    is_short = rules.most_bytes is None or byte_length(text) <= rules.most_bytes
    return is_short and rules.count(text) <= rules.limit


def is_within(channel: Channel, limit: int, text: str) -> bool:
    """Whether a post is within a plan's limit and its channel's own."""
    return fits(channel, text) and length_on(channel, text) <= limit
