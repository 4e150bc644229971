"""Writes one post about an article for one channel, every sentence with what it rests on."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Final

from pydantic import Field, JsonValue

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract, Part
from contracts.content.brand_voice import BrandVoice
from contracts.content.post import ChannelPost, PostSentence
from contracts.content.repurpose import PostAssignment, PostPlan, RepurposeRequest
from contracts.content.source_article import SourceArticle
from contracts.failure import FailureKind
from contracts.reference import Trust
from services.agents import answer, narrowing, prompts
from services.agents.base import Desk, Given, ModelAgent, Question, Rung
from services.agents.channels import CHANNELS
from services.agents.checks.posts import PostGrounds, grounds_of, post_faults
from services.agents.checks.words import tidy
from services.agents.extracts import Extract, extracted, openings
from services.agents.shown import blocks_of, read_back
from services.errors import StepError

MOST_SENTENCES: Final = 8
MOST_CITED: Final = 4
MOST_OPENINGS: Final = 12
"""Sentences that the last rung offers: a small model's window has 4096 tokens."""

_ANSWER_TOKENS: Final = 900


class Task(Part):
    """What the post is for."""

    title: str
    audience: str


class Voice(Part):
    """How the brand speaks; all empty where nobody has said it."""

    summary: str = ""
    tone: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


class Material(Part):
    """What the free rung shows."""

    task: Task
    voice: Voice
    wanted: PostAssignment
    paragraphs: dict[str, str]
    """The article's, by id."""

    must_include: tuple[str, ...]
    must_avoid: tuple[str, ...]
    hashtags: tuple[str, ...]


class Openings(Part):
    """What the last rung shows."""

    audience: str
    sentences: tuple[str, ...]


class WrittenPost(Part):
    """The free answer."""

    sentences: tuple[PostSentence, ...] = Field(min_length=1, max_length=MOST_SENTENCES)
    hashtags: tuple[str, ...] = ()


class _Writer(ModelAgent):
    """Asks once for a post; on the last rung only for the sentence that opens an extract."""

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Write the post.

        Raises:
            StepError: `rule_broken` when no sentence of the article is short enough or allowed;
                else what the desk says.
        """
        request = given.one("request", RepurposeRequest)
        article = given.one("article", SourceArticle)
        voice = given.maybe("voice", BrandVoice)
        shown = _material(request, article, self._wanted(given), voice)
        prompt = prompts.prompt(self.declaration.name, "free")
        grounds = grounds_of(request, article, voice, prompt)
        question = Question(
            (self._free(shown, grounds, article, desk), self._verbatim(shown, request, desk))
        )
        return await desk.ask(question)

    @abstractmethod
    def _wanted(self, given: Given) -> PostAssignment:
        """Find out which post is to be written."""

    def sample_answer(
        self, rung: str, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]
    ) -> JsonValue:
        """Take sentences of the article, word for word."""
        if rung == "verbatim":
            return narrowing.first_choices(schema)
        shown = read_back(Material, blocks)
        given = _extract(shown)
        sentences: list[JsonValue] = [
            {"text": each.text, "paragraph_ids": list(each.paragraph_ids)}
            for each in extracted(given, openings(given)[0])
        ]
        hashtags: dict[str, JsonValue] = {"hashtags": []} if _offers_hashtags(shown) else {}
        return {"sentences": sentences, **hashtags}

    def _free(
        self, shown: Material, grounds: PostGrounds, article: SourceArticle, desk: Desk
    ) -> Rung[ChannelPost]:
        rules = CHANNELS[shown.wanted.id]

        def accept(text: str) -> ChannelPost:
            written = answer.read(text, WrittenPost)
            cited = [each for sentence in written.sentences for each in sentence.paragraph_ids]
            answer.require_known(cited, shown.paragraphs, "paragraph_ids")
            answer.require_known(written.hashtags, shown.hashtags, "hashtags")
            post = _post(_in_order(written), shown.wanted, grounds.request, desk.model)
            reasons = [each.text for each in post_faults(post, shown.wanted, grounds)]
            answer.require_rules(reasons, "post")
            return post

        return Rung(
            name="free",
            blocks=blocks_of(shown, {"paragraphs": Trust.UNTRUSTED, "voice": Trust.UNTRUSTED}),
            schema=_schema(shown),
            accept=accept,
            places={
                "channel": str(shown.wanted.id).replace("_", " "),
                "style": rules.style,
                "room": str(_room(shown)),
                "counts": rules.counts,
                "language": article.language,
            },
            max_output_tokens=_ANSWER_TOKENS,
        )

    def _verbatim(
        self, shown: Material, request: RepurposeRequest, desk: Desk
    ) -> Rung[ChannelPost]:
        given = _extract(shown)
        offered = {each.text: each for each in openings(given)[:MOST_OPENINGS]}
        if not offered:
            raise StepError(
                FailureKind.RULE_BROKEN,
                f"no sentence of the article may open a post for {shown.wanted.id}: each is too"
                " long or contains what the request forbids",
            )
        options = {"opening": list(offered)}
        schema = narrowing.choices(options)

        def accept(text: str) -> ChannelPost:
            opening = offered[answer.read_choices(text, options)["opening"]]
            return _post(
                WrittenPost(sentences=extracted(given, opening)), shown.wanted, request, desk.model
            )

        return Rung(
            name="verbatim",
            blocks=blocks_of(
                Openings(audience=request.audience, sentences=tuple(offered)),
                {"sentences": Trust.UNTRUSTED},
            ),
            schema=schema,
            accept=accept,
            max_output_tokens=min(narrowing.longest_choice(schema), _ANSWER_TOKENS),
        )


class PostWriter(_Writer):
    """Writes the post that a plan's assignment asks for; one instance a channel."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="post_writer",
        version=1,
        kind=AgentKind.MODEL,
        summary="Writes one post within its channel's limits, citing the article's paragraphs.",
        receives={
            "request": "RepurposeRequest@1",
            "article": "SourceArticle@1",
            "wanted": "PostPlan@1.posts[]",
            "voice": "BrandVoice@1",
        },
        optional=("voice",),
        produces="ChannelPost@1",
        trust=Trust.MODEL,
        model="writer",
        rungs=("free", "verbatim"),
        limits=AgentLimits(
            questions=1, prompt_tokens=8_000, answer_tokens=_ANSWER_TOKENS, seconds=300
        ),
    )

    def _wanted(self, given: Given) -> PostAssignment:
        return given.one("wanted", PostAssignment)


class BlurbWriter(_Writer):
    """Writes the newsletter's blurb, which every plan asks for."""

    declaration: ClassVar[AgentDeclaration] = PostWriter.declaration.model_copy(
        update={
            "name": "blurb_writer",
            "summary": "Writes the paragraph that leads newsletter readers to the article.",
            "receives": {
                "request": "RepurposeRequest@1",
                "article": "SourceArticle@1",
                "plan": "PostPlan@1",
                "voice": "BrandVoice@1",
            },
        }
    )

    def _wanted(self, given: Given) -> PostAssignment:
        return given.one("plan", PostPlan).blurb


def _material(
    request: RepurposeRequest,
    article: SourceArticle,
    wanted: PostAssignment,
    voice: BrandVoice | None,
) -> Material:
    return Material(
        task=Task(title=article.title, audience=request.audience),
        voice=_voice(voice),
        wanted=wanted,
        paragraphs={each.id: tidy(each.text) for each in article.paragraphs()},
        must_include=request.must_include,
        must_avoid=(*request.must_avoid, *(voice.never_says if voice else ())),
        hashtags=request.hashtags if wanted.most_hashtags else (),
    )


def _voice(voice: BrandVoice | None) -> Voice:
    if voice is None:
        return Voice()
    return Voice(summary=voice.summary, tone=voice.tone, says=voice.says)


def _extract(shown: Material) -> Extract:
    return Extract(
        paragraphs=shown.paragraphs,
        wanted=shown.wanted,
        must_include=shown.must_include,
        must_avoid=shown.must_avoid,
    )


def _offers_hashtags(shown: Material) -> bool:
    return bool(shown.hashtags)


def _schema(shown: Material) -> narrowing.Schema:
    cited = narrowing.array(narrowing.one_of(shown.paragraphs), least=1, most=MOST_CITED)
    sentence = narrowing.closed_object({"text": narrowing.text(), "paragraph_ids": cited})
    properties = {"sentences": narrowing.array(sentence, least=1, most=MOST_SENTENCES)}
    if _offers_hashtags(shown):
        properties["hashtags"] = narrowing.array(
            narrowing.one_of(shown.hashtags), least=0, most=shown.wanted.most_hashtags
        )
    return narrowing.closed_object(properties)


def _in_order(written: WrittenPost) -> WrittenPost:
    """Put white space in order; a paragraph that one sentence cites twice counts once."""
    return WrittenPost(
        sentences=tuple(
            PostSentence(
                text=tidy(each.text), paragraph_ids=tuple(dict.fromkeys(each.paragraph_ids))
            )
            for each in written.sentences
        ),
        hashtags=tuple(dict.fromkeys(written.hashtags)),
    )


def _post(
    written: WrittenPost, wanted: PostAssignment, request: RepurposeRequest, model: str
) -> ChannelPost:
    """Add to what was written what the plan and the request have settled."""
    return ChannelPost(
        channel=wanted.id,
        sentences=written.sentences,
        link=wanted.link,
        hashtags=written.hashtags,
        alt_text=request.alt_text,
        made_by=model,
    )


def _room(shown: Material) -> int:
    """Say how long the text alone may be, beside the link and the longest hashtags."""
    longest = sorted(shown.hashtags, key=len, reverse=True)[: shown.wanted.most_hashtags]
    around = "\n\n".join(["", shown.wanted.link, " ".join(f"#{each}" for each in longest)])
    return max(1, shown.wanted.limit - CHANNELS[shown.wanted.id].count(around))
