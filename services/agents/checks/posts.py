"""What a post keeps to: every sentence borne out by what it cites, and its channel's rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.content.brand_voice import BrandVoice
from contracts.content.post import ChannelPost, PostSentence
from contracts.content.post_report import PostFault, PostFaultKind
from contracts.content.repurpose import PostAssignment, RepurposeRequest
from contracts.content.source_article import SourceArticle
from services.agents.channels import CHANNELS, is_within, length_on
from services.agents.checks.citations import is_verbatim
from services.agents.checks.phrases import found_in, missing_from
from services.agents.checks.writing import Grounds, repetitions, rewording_faults
from services.retrieval.passages import split

_LONGEST: Final = 300
"""Characters of a line; a number in a hostile text may be longer."""


@dataclass(frozen=True)
class PostGrounds:
    """What posts about one article may rest on, and what the request says of them."""

    sentences: Mapping[str, tuple[str, ...]]
    """The article's sentences by paragraph id."""

    vocabulary: tuple[str, ...]
    """Texts whose words a sentence may use beside those it cites: the article's headings."""

    request: RepurposeRequest
    never_says: tuple[str, ...] = ()
    """What the brand's voice forbids, whatever is asked for."""

    instructions: str = ""
    """The prompt, so that an echo of it is noticed."""


def grounds_of(
    request: RepurposeRequest,
    article: SourceArticle,
    voice: BrandVoice | None = None,
    instructions: str = "",
) -> PostGrounds:
    """Cut an article into what its posts may cite."""
    headings = tuple(section.heading for section in article.sections if section.heading)
    return PostGrounds(
        sentences={each.id: sentences_of(each.text) for each in article.paragraphs()},
        vocabulary=(article.title, *headings),
        request=request,
        never_says=voice.never_says if voice else (),
        instructions=instructions,
    )


def sentences_of(paragraph: str) -> tuple[str, ...]:
    """Cut a paragraph into sentences; one that has none is its own."""
    return tuple(each.text for each in split(paragraph)) or (paragraph,)


def post_faults(
    post: ChannelPost, wanted: PostAssignment, grounds: PostGrounds
) -> tuple[PostFault, ...]:
    """Say everything that is wrong with one post, in words that its writer can act on."""
    found = [
        *_unsupported(post.sentences, grounds),
        *_length(post, wanted),
        *_link(post, wanted),
        *_hashtags(post, wanted, grounds.request),
        *_phrases(post, grounds),
        *_alt_text(post, grounds.request),
    ]
    return tuple(
        PostFault(channel=post.channel, kind=kind, text=text[:_LONGEST]) for kind, text in found
    )


_Found = Iterator[tuple[PostFaultKind, str]]


def _unsupported(sentences: Sequence[PostSentence], grounds: PostGrounds) -> _Found:
    for ordinal, sentence in enumerate(sentences, start=1):
        for fault in sentence_faults(sentence, grounds):
            yield PostFaultKind.UNSUPPORTED, f"sentence {ordinal}: {fault}"
    for earlier, later in repetitions([sentence.text for sentence in sentences]):
        yield PostFaultKind.UNSUPPORTED, f"sentence {later + 1} repeats sentence {earlier + 1}"


def sentence_faults(sentence: PostSentence, grounds: PostGrounds) -> tuple[str, ...]:
    """Say what is wrong with one sentence, held against the paragraphs it cites."""
    unknown = [each for each in sentence.paragraph_ids if each not in grounds.sentences]
    if unknown:
        return (f"it cites {', '.join(unknown)}, which the article does not have",)
    cited = [each for name in sentence.paragraph_ids for each in grounds.sentences[name]]
    if is_verbatim(sentence.text, cited):
        return ()
    writing = Grounds(quotes={}, vocabulary=grounds.vocabulary, instructions=grounds.instructions)
    faults = rewording_faults(sentence.text, cited, writing)
    return faults or tuple(f"it {fault}" for fault in _address_faults(sentence.text, cited))


def _address_faults(text: str, cited: Sequence[str]) -> Iterator[str]:
    """Name addresses in a sentence that its paragraphs do not have; the link stands apart."""
    for word in text.split():
        if ("://" in word or word.startswith("www.")) and not any(word in each for each in cited):
            yield f'has the address "{word}", which is not in what it cites'


def _length(post: ChannelPost, wanted: PostAssignment) -> _Found:
    rules = CHANNELS[post.channel]
    counted = length_on(post.channel, post.as_posted())
    if not is_within(post.channel, wanted.limit, post.as_posted()):
        yield (
            PostFaultKind.LENGTH,
            f"the post has {counted} {rules.counts} with its link and hashtags;"
            f" {post.channel} takes {wanted.limit}",
        )


def _link(post: ChannelPost, wanted: PostAssignment) -> _Found:
    if post.link != wanted.link:
        yield PostFaultKind.LINK, f"the link is {post.link}, and has to be {wanted.link}"


def _hashtags(post: ChannelPost, wanted: PostAssignment, request: RepurposeRequest) -> _Found:
    if len(post.hashtags) > wanted.most_hashtags:
        yield (
            PostFaultKind.HASHTAGS,
            f"the post has {len(post.hashtags)} hashtags; {post.channel} gets at most"
            f" {wanted.most_hashtags}",
        )
    if len(set(post.hashtags)) < len(post.hashtags):
        yield PostFaultKind.HASHTAGS, "a hashtag stands twice"
    for strange in [each for each in post.hashtags if each not in request.hashtags]:
        yield PostFaultKind.HASHTAGS, f"#{strange} is none of the request's hashtags"
    if any("#" in sentence.text for sentence in post.sentences):
        yield PostFaultKind.HASHTAGS, "a hashtag stands in the text; hashtags stand apart"


def _phrases(post: ChannelPost, grounds: PostGrounds) -> _Found:
    for phrase in missing_from(post.text(), grounds.request.must_include):
        yield PostFaultKind.MISSING, f'the post does not contain "{phrase}"'
    for phrase in found_in(post.as_posted(), grounds.request.must_avoid):
        yield PostFaultKind.FORBIDDEN, f'the post contains "{phrase}", which is forbidden'
    for phrase in found_in(post.text(), grounds.never_says):
        yield PostFaultKind.FORBIDDEN, f'the brand never says "{phrase}"'


def _alt_text(post: ChannelPost, request: RepurposeRequest) -> _Found:
    if post.alt_text != request.alt_text:
        yield PostFaultKind.ALT_TEXT, "the picture's description is not the request's"
