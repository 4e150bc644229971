"""Posts made of an article's own sentences: what a model cannot get wrong."""

from collections.abc import Iterable, Iterator, Sequence

from contracts.base import Part
from contracts.content.post import ChannelPost, PostSentence
from contracts.content.repurpose import PostAssignment
from services.agents.channels import CHANNELS, is_within
from services.agents.checks.phrases import found_in, missing_from
from services.agents.checks.posts import sentences_of
from services.agents.checks.sentences import SHORTEST, is_closed
from services.agents.checks.words import count, words


class Extract(Part):
    """What sentences are taken from, and for which post."""

    paragraphs: dict[str, str]
    """By paragraph id."""

    wanted: PostAssignment
    must_include: tuple[str, ...]
    must_avoid: tuple[str, ...]


def openings(given: Extract) -> tuple[PostSentence, ...]:
    """List the sentences that a post may open with: whole, allowed, and short enough alone."""
    return tuple(each for each in _candidates(given) if _fits(given, [each]))


def extracted(given: Extract, opening: PostSentence) -> tuple[PostSentence, ...]:
    """Put after the opening what the request demands, then what follows it, as far as it fits.

    What is demanded and does not fit is left out; the check of the posts says so.
    """
    kept = [opening]
    candidates = [*_candidates(given)]
    for phrase in missing_from(opening.text, given.must_include):
        if missing_from(_said(kept), [phrase]):
            _take(given, kept, (each for each in candidates if found_in(each.text, [phrase])))
    at = next((n for n, each in enumerate(candidates) if each.text == opening.text), 0)
    for following in candidates[at + 1 :]:
        if len(kept) >= CHANNELS[given.wanted.id].sentences:
            break
        _take(given, kept, [following])
    return tuple(kept)


def _take(given: Extract, kept: list[PostSentence], candidates: Iterable[PostSentence]) -> None:
    """Keep the first candidate that is new and fits."""
    said = {words(each.text) for each in kept}
    for candidate in candidates:
        if words(candidate.text) not in said and _fits(given, [*kept, candidate]):
            kept.append(candidate)
            return


def _candidates(given: Extract) -> Iterator[PostSentence]:
    for name, text in given.paragraphs.items():
        for sentence in sentences_of(text):
            is_whole = count(sentence) >= SHORTEST and is_closed(sentence)
            if is_whole and not found_in(sentence, given.must_avoid):
                yield PostSentence(text=sentence, paragraph_ids=(name,))


def _fits(given: Extract, sentences: Sequence[PostSentence]) -> bool:
    post = ChannelPost(
        channel=given.wanted.id,
        sentences=tuple(sentences),
        link=given.wanted.link,
        made_by="an extract",
    )
    return is_within(post.channel, given.wanted.limit, post.as_posted())


def _said(sentences: Iterable[PostSentence]) -> str:
    return "\n".join(each.text for each in sentences)
