"""The agents of repurposing, one after the other."""

import pytest

from contracts.agent import Capability
from contracts.content.brand_voice import BrandVoice
from contracts.content.decision import Decision, DecisionVerdict, PersonComment
from contracts.content.post import ChannelPost, PostSet
from contracts.content.post_report import PostFaultKind, PostReport
from contracts.content.publication import Publication
from contracts.content.repurpose import Channel, PostPlan
from contracts.failure import FailureKind
from services.agents.base import Given
from services.agents.post_checker import PostChecker
from services.agents.post_planner import PostPlanner
from services.agents.post_publisher import PostPublisher
from services.agents.post_set import PostSetAssembler
from services.agents.post_writer import BlurbWriter, PostWriter
from services.errors import StepError
from services.publishing.in_process import InProcessPublisher
from tests.desks import ScriptedDesk, SilentDesk, written
from tests.unit.agents.bins import (
    LESS,
    OPENING,
    a_plan,
    a_post,
    a_request,
    an_article,
    an_assignment,
)

POSTS = PostSet(
    title="Shared compost bins pay for themselves",
    posts=(
        a_post(),
        a_post(channel=Channel.LINKEDIN),
        a_post(channel=Channel.NEWSLETTER_BLURB),
    ),
)


async def _written(
    *texts: str, capability: Capability = Capability.WRITES, **changes: object
) -> tuple[ChannelPost, ScriptedDesk]:
    writer = PostWriter()
    desk = ScriptedDesk(writer, *texts, capability=capability)
    given = {"request": a_request(**changes), "article": an_article(), "wanted": an_assignment()}
    post = await writer.run(Given(given), desk)
    assert isinstance(post, ChannelPost)
    return post, desk


def _reply(text: str, *hashtags: str) -> str:
    sentences = [{"text": text, "paragraph_ids": ["p1"]}]
    return written({"sentences": sentences, "hashtags": list(hashtags)})  # type: ignore[dict-item]


async def test_a_plan_has_a_post_a_channel_and_the_blurb() -> None:
    """Each gets its limit and its own link; a newsletter has no hashtags."""
    given = Given({"request": a_request(), "article": an_article()})

    plan = await PostPlanner().run(given, SilentDesk())

    assert isinstance(plan, PostPlan)
    assert [each.id for each in plan.assignments()] == ["x", "linkedin", "newsletter_blurb"]
    assert [each.limit for each in plan.assignments()] == [280, 3000, 700]
    assert [each.most_hashtags for each in plan.assignments()] == [2, 2, 0]
    assert "utm_source=linkedin&utm_medium=social&utm_campaign=bins" in plan.posts[1].link


async def test_what_the_article_does_not_say_cannot_be_demanded() -> None:
    """A phrase that no post could contain truthfully stops the plan, before any model is paid."""
    given = Given({"request": a_request(must_include=("rockets",)), "article": an_article()})

    with pytest.raises(StepError, match="rockets") as raised:
        await PostPlanner().run(given, SilentDesk())

    assert raised.value.kind is FailureKind.RULE_BROKEN


async def test_a_good_post_is_taken_as_written() -> None:
    """The model gives sentences and hashtags; link, picture and signature are not its to choose."""
    text = "Harborough put 1,250 compost bins beside its flats."

    post, desk = await _written(_reply(text, "Compost"))

    assert (post.text(), post.hashtags, post.made_by) == (text, ("Compost",), "a-model")
    assert (post.link, post.alt_text) == (an_assignment().link, "A row of closed bins.")
    assert desk.rejected == []


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (_reply("Harborough put 1,350 compost bins beside its flats."), FailureKind.RULE_BROKEN),
        (_reply(f"{OPENING} {LESS} " * 4), FailureKind.RULE_BROKEN),
        (_reply(OPENING, "Rockets"), FailureKind.MALFORMED),
        (_reply(OPENING).replace("p1", "p7"), FailureKind.MALFORMED),
    ],
)
async def test_a_bad_post_is_rejected_at_the_desk(reply: str, kind: FailureKind) -> None:
    """What the checker would find, the model is told, and may mend."""
    _, desk = await _written(reply)

    assert [each.kind for each in desk.rejected] == [kind]


VOICE = BrandVoice(
    name="Harborough",
    summary="We say what we have measured.",
    tone=("plain",),
    audience="residents",
    says=("neighbours",),
    never_says=("flats",),
)


async def test_the_brand_s_voice_is_shown_and_its_taboos_are_measured() -> None:
    """What the brand never says is rejected at the desk, and found again in what a person wrote."""
    writer = PostWriter()
    desk = ScriptedDesk(writer, _reply(OPENING))
    given = {"request": a_request(), "article": an_article(), "voice": VOICE}

    await writer.run(Given({**given, "wanted": an_assignment()}), desk)
    report = await PostChecker().run(
        Given({**given, "plan": a_plan(), "posts": POSTS}), SilentDesk()
    )

    assert isinstance(report, PostReport)
    assert desk.rejected[0].reasons == ('the brand never says "flats"',)
    assert desk.asked[0].blocks["voice"].data == {
        "summary": "We say what we have measured.",
        "tone": ["plain"],
        "says": ["neighbours"],
    }
    assert [each.text for each in report.faults] == ['the brand never says "flats"'] * 3


async def test_a_weak_model_chooses_the_opening() -> None:
    """The post is an extract, and holds what the request demands, as far as there is room."""
    post, desk = await _written(
        written({"opening": LESS}), capability=Capability.CHOOSES, must_include=("Harborough",)
    )

    assert [each.text for each in post.sentences] == [LESS, OPENING]
    assert desk.asked[0].name == "verbatim"


async def test_an_article_of_forbidden_sentences_gives_no_post() -> None:
    """Where nothing may be said, the step fails and names the channel."""
    with pytest.raises(StepError, match="no sentence of the article may open a post for x"):
        await _written(must_include=(), must_avoid=("a", "town", "years", "figures", "we"))


async def test_the_blurb_is_the_newsletter_s() -> None:
    """Its writer needs no fan-out: the plan has exactly one blurb."""
    writer = BlurbWriter()
    given = Given({"request": a_request(), "article": an_article(), "plan": a_plan()})

    post = await writer.run(given, ScriptedDesk(writer))

    assert isinstance(post, ChannelPost)
    assert (post.channel, post.hashtags) == (Channel.NEWSLETTER_BLURB, ())
    assert "utm_medium=email" in post.link


async def test_a_set_follows_its_plan() -> None:
    """Posts are put in the plan's order; one that is missing or strange is an error."""
    x, linkedin, blurb = POSTS.posts
    given = {"article": an_article(), "plan": a_plan(), "blurb": blurb}

    posts = await PostSetAssembler().run(Given({**given, "posts": (linkedin, x)}), SilentDesk())

    assert posts == POSTS
    with pytest.raises(StepError, match="planned are x, linkedin, newsletter_blurb"):
        await PostSetAssembler().run(Given({**given, "posts": (x,)}), SilentDesk())


async def _report(posts: PostSet) -> PostReport:
    given = {
        "request": a_request(),
        "article": an_article(),
        "plan": a_plan(),
        "posts": posts,
    }
    report = await PostChecker().run(Given(given), SilentDesk())
    assert isinstance(report, PostReport)
    return report


async def test_good_posts_get_a_report_without_faults() -> None:
    """Every post is measured as its channel counts."""
    report = await _report(POSTS)

    assert (report.fault_count, report.sentences) == (0, 3)
    assert [(each.channel, each.limit) for each in report.measures] == [
        ("x", 280),
        ("linkedin", 3000),
        ("newsletter_blurb", 700),
    ]
    assert report.measures[0].counted == len(OPENING) + 2 + 23


async def test_a_person_s_edit_is_measured_like_a_model_s() -> None:
    """A changed number and a post taken out are found, each under its channel."""
    wrong = a_post(("Harborough put 1,350 compost bins beside its flats.", "p1"))

    report = await _report(PostSet(title=POSTS.title, posts=(wrong, POSTS.posts[1])))

    assert {(each.channel, each.kind) for each in report.faults} == {
        (Channel.X, PostFaultKind.UNSUPPORTED),
        (Channel.NEWSLETTER_BLURB, PostFaultKind.CHANNEL),
    }


def _decided(verdict: DecisionVerdict) -> Decision:
    comments = (PersonComment(id="c1", text="shorter"),)
    return Decision(verdict=verdict, who="eva", shown="0" * 64, comments=comments)


async def _published(report: PostReport, decision: Decision | None) -> dict[str, bytes]:
    publisher = InProcessPublisher()
    given = Given({"posts": POSTS, "report": report, "decision": decision})
    published = await PostPublisher(publisher).run(given, SilentDesk())
    assert isinstance(published, Publication)
    assert list(publisher.published) == [published.where]
    return publisher.published


async def test_approved_posts_are_published_on_one_page() -> None:
    """Each stands as it is posted, with its link; the page says who vouches for it."""
    published = await _published(await _report(POSTS), _decided(DecisionVerdict.APPROVE))

    [(name, content)] = published.items()
    assert name.startswith("posts-shared-compost-bins-pay-for-themselves-")
    assert "status: approved by a person" in content.decode()
    assert f"    {OPENING}\n\n    {an_assignment().link}" in content.decode()


async def test_nothing_is_published_that_nothing_vouches_for() -> None:
    """Faults without an approval, a rejection and a wish for changes stop the posts."""
    faulty = (await _report(POSTS)).model_copy(update={"fault_count": 2})

    with pytest.raises(StepError, match="nothing vouches"):
        await _published(faulty, None)
    with pytest.raises(StepError, match="rejected"):
        await _published(await _report(POSTS), _decided(DecisionVerdict.REJECT))
    with pytest.raises(StepError, match="wants this text changed"):
        await _published(await _report(POSTS), _decided(DecisionVerdict.REVISE))
