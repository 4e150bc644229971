"""Which agents there are. Declarations need no construction; building takes the outside world."""

from typing import Final

from contracts.agent import AgentDeclaration
from services.agents.assembler import Assembler
from services.agents.base import Agent
from services.agents.coverage_recorder import CoverageRecorder
from services.agents.fact_checker import FactChecker
from services.agents.issue_framer import IssueFramer, LeadFramer
from services.agents.issue_outliner import IssueOutliner
from services.agents.planner import Planner
from services.agents.publisher import ArticlePublisher, IssuePublisher
from services.agents.researcher import Researcher
from services.agents.reviewer import Reviewer
from services.agents.reviser import Reviser
from services.agents.section_writer import SectionWriter
from services.agents.story_picker import StoryPicker
from services.agents.story_researcher import StoryResearcher
from services.agents.topic_classifier import TopicClassifier
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
    )
    return {each.declaration.name: each for each in agents}
