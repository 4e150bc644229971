"""The agents of a newsletter: nothing told twice, nothing told that its source does not say."""

import pytest

from contracts.base import Contract
from contracts.content.brief import Brief
from contracts.content.covered_topics import CoveredTopic, CoveredTopics
from contracts.content.evidence import EvidenceSet
from contracts.content.newsletter import NewsletterRequest, StoryPlan
from contracts.content.outline import Outline
from contracts.content.publication import Publication
from contracts.failure import FailureKind
from services.agents.base import Agent, Given, Input
from services.agents.coverage_recorder import CoverageRecorder
from services.agents.issue_framer import IssueFramer, LeadFramer
from services.agents.issue_outliner import IssueOutliner
from services.agents.story_picker import StoryPicker, is_alike
from services.agents.story_researcher import StoryResearcher
from services.errors import StepError
from services.retrieval.base import Document
from services.retrieval.in_process import InProcessCorpora
from tests.desks import SilentDesk

REQUEST = NewsletterRequest(
    title="Warm heaps",
    goal="Know what to do this week.",
    audience="gardeners",
    corpora=("compost", "energy"),
    issue_date="2026-11-23",
    stories=2,
)
DOCUMENTS = {
    "compost": [
        Document(
            id="heat",
            title="Heat in the heap",
            uri="heat.md",
            text="Heat in the heap\n\nWhy it warms\n\nA hot heap kills the seeds of weeds.",
        ),
        Document(
            id="worms",
            title="Worm bins",
            uri="worms.md",
            text="Worm bins\n\nWhere they live\n\nA worm bin fits on a balcony. Worms eat kitchen"
            " scraps every day. Worms do not like the frost of winter.",
        ),
    ],
    "energy": [
        Document(
            id="draughts",
            title="Draughts",
            uri="draughts.md",
            text="A gap under a door lets the warmth out.",
        ),
        Document(id="blank", title="Blank", uri="blank.md", text="Nothing"),
        Document(
            id="warm-heap",
            title="The heap and its heat",
            uri="again.md",
            text="The heap gives off its heat for weeks.",
        ),
    ],
}
DIGEST = "a" * 64


@pytest.fixture
async def corpora() -> InProcessCorpora:
    """Two small corpora."""
    made = InProcessCorpora()
    for name, documents in DOCUMENTS.items():
        await made.add(name, documents)
    return made


async def _product(agent: Agent, **given: Input) -> Contract:
    return await agent.run(Given({"covered": None, **given}), SilentDesk())


async def _plan(library: InProcessCorpora, *covered: CoveredTopic, **change: object) -> StoryPlan:
    request = REQUEST.model_copy(update=change)
    known = CoveredTopics(topics=covered) if covered else None
    plan = await _product(StoryPicker(library), request=request, covered=known)
    assert isinstance(plan, StoryPlan)
    return plan


def _covered(topic: str, title: str) -> CoveredTopic:
    return CoveredTopic(id=topic, title=title, when="2026-11-16", published=DIGEST)


async def test_the_story_with_most_to_say_leads(corpora: InProcessCorpora) -> None:
    """Stories come in the order of the corpora, the longest document before all others."""
    plan = await _plan(corpora)

    assert [story.topic for story in plan.stories] == ["compost/worms", "compost/heat"]
    assert [story.id for story in plan.stories] == ["s1", "s2"]
    assert plan.lead.points == ("Worm bins: Where they live",)


async def test_what_was_told_is_never_picked_again(corpora: InProcessCorpora) -> None:
    """A topic that long-term memory knows is passed over, and so is one that is about the same."""
    plan = await _plan(
        corpora, _covered("compost/heat", "Heat in the heap"), _covered("x/y", "Bins for worms")
    )

    assert [story.topic for story in plan.stories] == ["energy/draughts"]
    assert plan.known == 3


async def test_when_all_is_told_the_plan_is_empty(corpora: InProcessCorpora) -> None:
    """Nothing new is an answer that a rule can look at, not a failure."""
    plan = await _plan(
        corpora,
        _covered("compost/heat", "Heat in the heap"),
        _covered("compost/worms", "Worm bins"),
        _covered("energy/draughts", "Draughts"),
    )

    assert plan.stories == ()


async def test_one_issue_never_tells_one_thing_twice(corpora: InProcessCorpora) -> None:
    """Two documents about the same are one story; one without a quotable sentence is none."""
    plan = await _plan(corpora, stories=6)

    assert [story.topic for story in plan.stories] == [
        "compost/worms",
        "compost/heat",
        "energy/draughts",
    ]


async def test_a_missing_corpus_is_named(corpora: InProcessCorpora) -> None:
    """Whoever wrote the request reads which corpus there is not."""
    with pytest.raises(StepError, match="there is no corpus 'nosuch'") as failed:
        await _plan(corpora, corpora=("nosuch",))

    assert failed.value.kind is FailureKind.RULE_BROKEN


@pytest.mark.parametrize(
    ("title", "other", "alike"),
    [
        ("Turning the heap", "How to turn a heap", True),
        ("Turning the heap", "Worm bins", False),
        ("The of", "The of", False),
    ],
)
def test_titles_are_alike_by_what_they_are_about(title: str, other: str, alike: bool) -> None:
    """Inflections and grammar make no difference; a title without content is like no other."""
    assert is_alike(title, [other]) is alike


async def test_every_story_is_quoted_from_its_own_document(corpora: InProcessCorpora) -> None:
    """Quotes are word for word at their place, and each section may use its own alone."""
    plan = await _plan(corpora)
    evidence = await _product(StoryResearcher(corpora), request=REQUEST, plan=plan)
    assert isinstance(evidence, EvidenceSet)
    outline = await _product(IssueOutliner(), request=REQUEST, plan=plan, evidence=evidence)
    assert isinstance(outline, Outline)

    texts = {f"compost/{each.id}": each.text for each in DOCUMENTS["compost"]}
    assert [texts[each.source.id][each.span.start : each.span.end] for each in evidence.items] == [
        each.quote for each in evidence.items
    ]
    assert {each.id: each.evidence_ids for each in outline.sections} == {
        "s1": ("e1", "e2", "e3"),
        "s2": ("e4",),
    }


async def test_a_document_that_has_gone_is_named(corpora: InProcessCorpora) -> None:
    """A story whose document was taken away between two steps is not told from nothing."""
    plan = await _plan(corpora)
    gone = plan.model_copy(
        update={"stories": (plan.lead.model_copy(update={"document": "gone", "topic": "c/gone"}),)}
    )

    with pytest.raises(StepError, match="c/gone was picked for this issue and is gone"):
        await _product(StoryResearcher(corpora), request=REQUEST, plan=gone)


async def test_a_story_without_quotes_is_not_written(corpora: InProcessCorpora) -> None:
    """The outline refuses a story that nothing can be cited for."""
    plan = await _plan(corpora)

    with pytest.raises(StepError, match="there are no quotes for compost/worms, compost/heat"):
        await _product(IssueOutliner(), request=REQUEST, plan=plan, evidence=EvidenceSet())


async def test_the_briefs_name_the_stories(corpora: InProcessCorpora) -> None:
    """The digest's key points are its stories, the lead's are the headings of its document."""
    plan = await _plan(corpora)
    digest = await _product(IssueFramer(), request=REQUEST, plan=plan)
    lead = await _product(LeadFramer(), request=REQUEST, plan=plan)
    assert isinstance(digest, Brief)
    assert isinstance(lead, Brief)

    assert (digest.title, digest.key_points) == (
        "Warm heaps, 2026-11-23",
        ("Worm bins", "Heat in the heap"),
    )
    assert (lead.title, lead.corpus, lead.key_points) == (
        "Worm bins",
        "compost",
        ("Worm bins: Where they live",),
    )


async def test_what_is_published_is_noted_with_its_day(corpora: InProcessCorpora) -> None:
    """Every story of a published issue becomes a topic that is covered."""
    plan = await _plan(corpora)
    publication = Publication(where="x.md", digest=DIGEST, title="Warm heaps", made_by="a model")
    noted = await _product(CoverageRecorder(), plan=plan, publication=publication)
    assert isinstance(noted, CoveredTopics)

    assert [(topic.id, topic.when, topic.published) for topic in noted.topics] == [
        ("compost/worms", "2026-11-23", DIGEST),
        ("compost/heat", "2026-11-23", DIGEST),
    ]
