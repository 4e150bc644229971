"""Which agents there are. Declarations need no construction; building takes the outside world."""

from typing import Final

from contracts.agent import AgentDeclaration
from services.agents.article_reader import ArticleReader, OriginalReader
from services.agents.assembler import Assembler
from services.agents.base import Agent
from services.agents.coverage_recorder import CoverageRecorder
from services.agents.fact_checker import FactChecker
from services.agents.glossary_reader import GlossaryReader
from services.agents.issue_framer import IssueFramer, LeadFramer
from services.agents.issue_outliner import IssueOutliner
from services.agents.locale_planner import LocalePlanner
from services.agents.localisation_collector import LocalisationCollector
from services.agents.localised_publisher import LocalisedPublisher
from services.agents.planner import Planner
from services.agents.post_checker import PostChecker
from services.agents.post_planner import PostPlanner
from services.agents.post_publisher import PostPublisher
from services.agents.post_set import PostSetAssembler
from services.agents.post_writer import BlurbWriter, PostWriter
from services.agents.publisher import ArticlePublisher, IssuePublisher
from services.agents.researcher import Researcher
from services.agents.reviewer import Reviewer
from services.agents.reviser import Reviser
from services.agents.section_writer import SectionWriter
from services.agents.story_picker import StoryPicker
from services.agents.story_researcher import StoryResearcher
from services.agents.topic_classifier import TopicClassifier
from services.agents.translation_checker import LocalisedChecker, TranslationChecker
from services.agents.translator import Translator
from services.publishing.base import Publisher
from services.retrieval.base import Retriever

_CLASSES: Final[tuple[type[Agent], ...]] = (
    TopicClassifier,
    Researcher,
    Planner,
    SectionWriter,
    Assembler,
    FactChecker,
    Reviewer,
    Reviser,
    ArticlePublisher,
    StoryPicker,
    IssueFramer,
    LeadFramer,
    StoryResearcher,
    IssueOutliner,
    IssuePublisher,
    CoverageRecorder,
    ArticleReader,
    PostPlanner,
    PostWriter,
    BlurbWriter,
    PostSetAssembler,
    PostChecker,
    PostPublisher,
    OriginalReader,
    GlossaryReader,
    LocalePlanner,
    Translator,
    TranslationChecker,
    LocalisationCollector,
    LocalisedChecker,
    LocalisedPublisher,
)


def declarations() -> dict[str, AgentDeclaration]:
    """List what every agent declares about itself, by name."""
    return {each.declaration.name: each.declaration for each in _CLASSES}


def build(*, retriever: Retriever, publisher: Publisher, writer_model: str) -> dict[str, Agent]:
    """Build every agent, by name; `writer_model` is the model's name as texts will state it."""
    agents: tuple[Agent, ...] = (
        TopicClassifier(),
        Researcher(retriever),
        Planner(),
        SectionWriter(),
        Assembler(writer_model),
        FactChecker(),
        Reviewer(),
        Reviser(),
        ArticlePublisher(publisher),
        StoryPicker(retriever),
        IssueFramer(),
        LeadFramer(),
        StoryResearcher(retriever),
        IssueOutliner(),
        IssuePublisher(publisher),
        CoverageRecorder(),
        ArticleReader(retriever),
        PostPlanner(),
        PostWriter(),
        BlurbWriter(),
        PostSetAssembler(),
        PostChecker(),
        PostPublisher(publisher),
        OriginalReader(retriever),
        GlossaryReader(retriever),
        LocalePlanner(),
        Translator(),
        TranslationChecker(),
        LocalisationCollector(),
        LocalisedChecker(),
        LocalisedPublisher(publisher),
    )
    return {each.declaration.name: each for each in agents}
