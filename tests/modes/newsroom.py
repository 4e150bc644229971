"""The work of each agent, asked for by hand: what both plain systems have in common.

It passes dictionaries and contracts along as a script would. It has no checks of its own beyond
those of `asking`.
"""

from collections.abc import Sequence

from pydantic import JsonValue

from contracts.base import digest
from contracts.content.brief import Brief
from contracts.content.claims import ClaimVerdict
from contracts.content.draft import Draft
from contracts.content.evidence import EvidenceSet
from contracts.content.outline import Outline, OutlineSection
from contracts.content.review import CommentKind
from contracts.content.section import Section, Sentence
from services.agents import fact_checker, planner, reviewer, reviser, revision, section_writer
from services.agents.checks.citations import quotes_by_id
from services.agents.checks.drafts import sentences_text
from services.agents.checks.phrases import found_in
from services.agents.key_points import group
from services.agents.shown import quote_of, task_of
from services.agents.written import Written
from services.llm.base import Work
from services.publishing.base import Article, Publisher
from tests.modes.asking import Asking, acceptance

Verdicts = dict[str, fact_checker.ModelJudgement]
Conversation = Sequence[JsonValue]


class Newsroom:
    """A brief, its evidence, and the agents to ask about them."""

    def __init__(self, brief: Brief, evidence: EvidenceSet, asking: Asking) -> None:
        self.brief = brief
        self.asking = asking
        self._evidence = evidence
        self._quotes = quotes_by_id(evidence)

    async def plan(self, visit: int = 1, said: Conversation = ()) -> Outline:
        """Ask the planner."""
        shown = planner.Material(
            task=task_of(self.brief),
            words=self.brief.words,
            must_avoid=self.brief.must_avoid,
            evidence=group(self.brief, self._evidence),
        )
        proposal = await self.asking.ask(
            _work("planner", visit),
            shown,
            planner.Proposal,
            places={
                "language": self.brief.locale,
                "least_words": str(self.brief.words.min),
                "most_words": str(self.brief.words.max),
            },
            known=self._quotes,
            conversation=said,
        )
        sections = [
            OutlineSection(id=f"s{at}", **each.model_dump())
            for at, each in enumerate(proposal.sections, start=1)
        ]
        return Outline(sections=tuple(sections))

    async def write(self, part: OutlineSection, visit: int = 1, said: Conversation = ()) -> Section:
        """Ask the writer for one section."""
        items = [item for item in self._evidence.items if item.id in part.evidence_ids]
        shown = section_writer.Material(
            task=task_of(self.brief),
            section=section_writer.Assignment(
                heading=part.heading,
                goal=part.goal,
                words=part.words,
                must_include=found_in(" ".join(i.quote for i in items), self.brief.must_include),
                must_avoid=self.brief.must_avoid,
            ),
            evidence=tuple(quote_of(item) for item in items),
        )
        written = await self.asking.ask(
            _work("section_writer", visit, part.id),
            shown,
            Written,
            places={"language": self.brief.locale, "words": str(part.words)},
            known=part.evidence_ids,
            conversation=said,
        )
        return Section(id=part.id, heading=part.heading, sentences=written.sentences)

    async def check(self, draft: Draft, visit: int, said: Conversation = ()) -> Verdicts:
        """Ask the fact checker about every sentence."""
        shown = fact_checker.Material(claims=_claims(draft), quotes=self._quotes)
        judged = await self.asking.ask(
            _work("fact_checker", visit), shown, fact_checker.ModelJudgements, conversation=said
        )
        return judged.root

    async def review(
        self, draft: Draft, verdicts: Verdicts, visit: int, said: Conversation = ()
    ) -> reviewer.Opinion:
        """Ask the reviewer, who is told what the fact checker found."""
        shown = reviewer.Material(
            task=task_of(self.brief),
            key_points=self.brief.key_points,
            sections={
                each.id: reviewer.ShownSection(heading=each.heading, text=sentences_text([each]))
                for each in draft.sections
            },
            known_faults=tuple(each.reason for each in _flagged(draft, verdicts)),
        )
        return await self.asking.ask(
            _work("reviewer", visit),
            shown,
            reviewer.Opinion,
            places={"language": self.brief.locale, "most_comments": "5"},
            conversation=said,
        )

    async def revise(
        self,
        draft: Draft,
        verdicts: Verdicts,
        opinion: reviewer.Opinion | None,
        visit: int,
        said: Conversation = (),
    ) -> reviser.Revised:
        """Ask the reviser about the comments and the flagged sentences."""
        flagged = _flagged(draft, verdicts)
        shown = revision.Material(
            sections=draft.sections,
            comments=_comments(flagged, opinion),
            flagged=flagged,
            evidence=tuple(
                revision.Evidence(id=i.id, quote=self._quotes[i.id], key_point=i.key_point)
                for i in self._evidence.items
            ),
            must_include=self.brief.must_include,
            must_avoid=self.brief.must_avoid,
            words=self.brief.words,
        )
        return await self.asking.ask(
            _work("reviser", visit),
            shown,
            reviser.Revised,
            places={"language": self.brief.locale},
            known=self._quotes,
            conversation=said,
        )

    async def publish(self, draft: Draft, publisher: Publisher) -> None:
        """Publish a text that is acceptable, once a draft.

        Raises:
            StoppedError: it is not.
        """
        acceptance(self.brief, draft)
        cited = {e for section in draft.sections for s in section.sentences for e in s.evidence_ids}
        await publisher.publish(
            Article(
                draft=draft,
                digest=digest(draft.encode()),
                cited=tuple(item for item in self._evidence.items if item.id in cited),
                vouched_by="the reviewer",
            )
        )


def assembled(brief: Brief, sections: Sequence[Section]) -> Draft:
    """Put sections together."""
    return Draft(title=brief.title, sections=tuple(sections), made_by="scripted")


def revised(draft: Draft, changes: reviser.Revised) -> Draft:
    """Put changed sections in the place of the old ones."""
    texts = {each.section: each.sentences for each in changes.revised}
    sections = tuple(
        each.model_copy(update={"sentences": texts.get(each.id, each.sentences)})
        for each in draft.sections
    )
    return draft.model_copy(update={"sections": sections})


def unsupported(verdicts: Verdicts) -> bool:
    """Whether the fact checker turned a sentence down."""
    return any(each.verdict is not ClaimVerdict.SUPPORTED for each in verdicts.values())


def _work(agent: str, visit: int, item: str = "") -> Work:
    return Work(agent=agent, rung="free", visit=visit, item=item, exchange=1)


def _claims(draft: Draft) -> dict[str, Sentence]:
    sentences = [each for section in draft.sections for each in section.sentences]
    return {f"c{at}": each for at, each in enumerate(sentences, start=1)}


def _flagged(draft: Draft, verdicts: Verdicts) -> tuple[revision.Flagged, ...]:
    places = [(section.id, each) for section in draft.sections for each in section.sentences]
    return tuple(
        revision.Flagged(section_id=section, text=sentence.text, reason=verdicts[f"c{at}"].reason)
        for at, (section, sentence) in enumerate(places, start=1)
        if f"c{at}" in verdicts and verdicts[f"c{at}"].verdict is not ClaimVerdict.SUPPORTED
    )


def _comments(
    flagged: Sequence[revision.Flagged], opinion: reviewer.Opinion | None
) -> tuple[revision.Remark, ...]:
    """Number a comment for each section with flagged sentences, then the reviewer's own."""
    found = [
        (section, CommentKind.UNSUPPORTED, "Not borne out by its sources.", True)
        for section in dict.fromkeys(each.section_id for each in flagged)
    ]
    ours = opinion.comments if opinion else ()
    places = [None if each.section == "article" else each.section for each in ours]
    rest = [
        (place, each.kind, each.text, each.blocking)
        for place, each in zip(places, ours, strict=True)
    ]
    return tuple(
        revision.Remark(id=f"r{at}", section_id=section, kind=kind, text=text, blocking=blocking)
        for at, (section, kind, text, blocking) in enumerate([*found, *rest], start=1)
    )
