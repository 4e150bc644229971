"""Publishes a draft that something vouches for, together with the sources that it cites."""

from typing import ClassVar

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract, digest
from contracts.content.claims import ClaimReport
from contracts.content.decision import Decision, DecisionVerdict
from contracts.content.draft import Draft
from contracts.content.evidence import EvidenceItem, EvidenceSet
from contracts.content.publication import Publication
from contracts.failure import FailureKind
from services.agents.base import Agent, Desk, Given
from services.agents.checks.claims import unproved
from services.errors import StepError
from services.publishing.base import Article, Link, Publisher


class ArticlePublisher(Agent):
    """Refuses what neither a person nor the fact check vouches for, then publishes."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="publisher",
        version=2,
        kind=AgentKind.CODE,
        summary="Publishes the draft with its sources, once.",
        receives={
            "draft": "Draft@1",
            "claims": "ClaimReport@1",
            "evidence": "EvidenceSet@1",
            "decision": "Decision@2",
        },
        optional=("decision",),
        produces="Publication@1",
        about=("draft",),
        publishes=True,
        limits=AgentLimits(seconds=60),
    )

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Publish the draft. Publishing the same draft again changes nothing.

        Raises:
            StepError: `rule_broken` when nothing vouches for the draft, or it cites what is not
                in the evidence.
            StorageError: the publisher cannot write.
            UnavailableError: the publisher does not answer.
        """
        draft, links = given.one("draft", Draft), self.links(given)
        claims, decision = given.one("claims", ClaimReport), given.maybe("decision", Decision)
        article = Article(
            draft=draft,
            digest=digest(draft.encode()),
            cited=_cited(draft, given.one("evidence", EvidenceSet)),
            vouched_by=_vouched_by(draft, claims, decision),
            links=links,
        )
        published = await self._publisher.publish(article)
        return Publication(
            where=published.where,
            digest=published.digest,
            title=draft.title,
            sources=tuple(dict.fromkeys(item.source for item in article.cited)),
            made_by=draft.made_by,
        )

    def links(self, given: Given) -> tuple[Link, ...]:
        """Say what else readers are pointed to."""
        return ()


class IssuePublisher(ArticlePublisher):
    """Publishes an issue of a newsletter, which points to the article on its first story."""

    declaration: ClassVar[AgentDeclaration] = ArticlePublisher.declaration.model_copy(
        update={
            "name": "issue_publisher",
            "version": 2,
            "summary": "Publishes an issue with its sources and its lead article, once.",
            "receives": {**ArticlePublisher.declaration.receives, "lead": "Publication@1"},
        }
    )

    def links(self, given: Given) -> tuple[Link, ...]:
        """See `ArticlePublisher.links`."""
        lead = given.one("lead", Publication)
        return (Link(title=lead.title, where=lead.where),)


def _vouched_by(draft: Draft, claims: ClaimReport, decision: Decision | None) -> str:
    """Say what vouches for the draft; a person's no outweighs every report."""
    if decision is not None and decision.verdict is DecisionVerdict.APPROVE:
        return "approved by a person"
    if decision is not None and decision.verdict is DecisionVerdict.REJECT:
        raise StepError(FailureKind.RULE_BROKEN, "a person rejected this draft; do not publish it")
    if decision is not None and decision.verdict is DecisionVerdict.REVISE:
        raise StepError(
            FailureKind.RULE_BROKEN, "a person wants this draft changed; do not publish it"
        )
    open_claims = unproved(draft, claims)
    if open_claims:
        raise StepError(
            FailureKind.RULE_BROKEN,
            f"nothing vouches for this draft: no person approved it and {len(open_claims)} of its"
            " sentences are not supported",
            reasons=[each.reason for each in open_claims],
        )
    return f"all {len(claims.claims)} claims supported by their sources"


def _cited(draft: Draft, evidence: EvidenceSet) -> tuple[EvidenceItem, ...]:
    """List what the draft cites, in the order of first citation."""
    known = {item.id: item for item in evidence.items}
    cited = dict.fromkeys(
        each
        for section in draft.sections
        for sentence in section.sentences
        for each in sentence.evidence_ids
    )
    missing = [each for each in cited if each not in known]
    if missing:
        raise StepError(
            FailureKind.RULE_BROKEN,
            f"the draft cites {', '.join(missing)}, which the evidence does not hold;"
            " a text without its sources is not published",
        )
    return tuple(known[each] for each in cited)
