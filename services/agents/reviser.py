"""Revises a draft: answers every comment, of its review and of a person, and changes no more."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, NamedTuple

from pydantic import Field, JsonValue

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits
from contracts.base import Contract, Part
from contracts.content.brief import Brief
from contracts.content.claims import ClaimReport
from contracts.content.decision import Decision
from contracts.content.draft import Answer, Draft, Resolution
from contracts.content.evidence import EvidenceSet
from contracts.content.review import Comment, Review
from contracts.content.section import Section, Sentence
from contracts.content.text import Line
from contracts.failure import FailureKind
from contracts.reference import Trust
from services.agents import answer, narrowing, prompts
from services.agents.base import Desk, Given, ModelAgent, Question, Rung
from services.agents.checks.words import words
from services.agents.checks.writing import Grounds, numbered_faults
from services.agents.mending import Mended, mend, mendable
from services.agents.revision import Material, is_mended, material, open_sections
from services.agents.shown import blocks_of, read_back
from services.agents.written import MOST_SENTENCES, in_order, sentences_schema, vocabulary
from services.errors import StepError

_LONGEST_LINE: Final = 300
"""Characters of a contract's `Line`."""

_REVISED_BY: Final = ", revised by "
_MENDED: Final = "Mended with what the sources say, word for word."
_NOT_MENDED: Final = "Nothing in the evidence mends this."


class Comments(Part):
    """What the last rung shows: comments by id."""

    comments: dict[str, str]


class RevisedSection(Part):
    """A section as the model wants it; sections it does not name stay as they are."""

    section: str
    sentences: tuple[Sentence, ...] = Field(min_length=1, max_length=MOST_SENTENCES)


class ModelAnswer(Part):
    """What the model says it did about one comment."""

    resolution: Resolution
    note: Line


class Revised(Part):
    """The free answer."""

    revised: tuple[RevisedSection, ...]
    answers: dict[str, ModelAnswer]
    """By comment id."""


class Revision(NamedTuple):
    """The sections and answers of the next draft."""

    sections: tuple[Section, ...]
    answers: tuple[Answer, ...]


class Reviser(ModelAgent):
    """Asks once for changed sections; on the last rung code mends and the model picks what."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="reviser",
        version=3,
        kind=AgentKind.MODEL,
        summary="Changes a draft as its review, or a person, asks and answers every comment.",
        receives={
            "brief": "Brief@1",
            "draft": "Draft@1",
            "claims": "ClaimReport@1",
            "review": "Review@1",
            "evidence": "EvidenceSet@1",
            "decision": "Decision@2",
        },
        optional=("decision",),
        produces="Draft@1",
        trust=Trust.MODEL,
        model="writer",
        rungs=("free", "verbatim"),
        # Four calls of up to two minutes each: sections are written anew as wholes.
        limits=AgentLimits(questions=1, prompt_tokens=8_000, answer_tokens=2_500, seconds=600),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Revise the draft. Without a comment it stays as it is.

        Raises:
            StepError: `no_progress` when nothing is changed though a comment blocks: a person has
                to decide; else what the desk says.
        """
        brief, draft = given.one("brief", Brief), given.one("draft", Draft)
        evidence = given.one("evidence", EvidenceSet)
        claims, review = given.one("claims", ClaimReport), given.one("review", Review)
        decision = given.maybe("decision", Decision)
        shown = material(brief, draft, claims, review, evidence, decision)
        if not shown.comments:
            return draft
        words_allowed = vocabulary(brief, evidence.items)
        question = Question((_free(shown, words_allowed, brief.locale), _verbatim(shown)))
        revision = await desk.ask(question)
        _require_progress(draft, shown.comments, revision)
        return Draft(
            title=draft.title,
            sections=revision.sections,
            answers=revision.answers,
            made_by=_made_by(draft, revision.sections, desk.model),
        )

    def sample_answer(
        self, rung: str, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]
    ) -> JsonValue:
        """Mend by code whatever can be mended, and decline the rest."""
        if rung == "verbatim":
            return narrowing.first_choices(schema)
        shown = read_back(Material, blocks)
        mended = mend(shown, mendable(shown))
        changed: list[JsonValue] = [
            {"section": after.id, **after.model_dump(mode="json", include={"sentences"})}
            for before, after in zip(shown.sections, mended.sections, strict=True)
            if before != after
        ]
        answers: dict[str, JsonValue] = {
            each.comment_id: each.model_dump(mode="json", exclude={"comment_id"})
            for each in _answers(shown, mended)
        }
        return {"revised": changed, "answers": answers}


def _require_progress(draft: Draft, comments: Sequence[Comment], revision: Revision) -> None:
    """Refuse to pass a draft on as revised when a blocking comment was declined and it is the same.

    The next review would see the same text, and might not object again.
    """
    if revision.sections != draft.sections or not any(each.blocking for each in comments):
        return
    raise StepError(
        FailureKind.NO_PROGRESS,
        "the revision declines every change, and a comment blocks the draft; decide by hand",
        reasons=[f"{each.comment_id} is declined: {each.note}" for each in revision.answers],
    )


def _made_by(draft: Draft, sections: Sequence[Section], model: str) -> str:
    """Name the reviser beside the writer, once and only if it changed something."""
    named = f"{draft.made_by}{_REVISED_BY}{model}"
    known = model in draft.made_by.split(_REVISED_BY) or len(named) > _LONGEST_LINE
    return draft.made_by if known or tuple(sections) == draft.sections else named


def _free(shown: Material, words_allowed: Sequence[str], language: str) -> Rung[Revision]:
    ids = [comment.id for comment in shown.comments]
    sections = open_sections(shown)

    def accept(text: str) -> Revision:
        reply = answer.read(text, Revised)
        answer.require_known([each.section for each in reply.revised], sections, "section")
        answer.require_keys(reply.answers, ids, "answers")
        cited = [i for each in reply.revised for s in each.sentences for i in s.evidence_ids]
        answer.require_known(cited, _citable(shown), "evidence_ids")
        answer.require_rules(_faults(reply, shown, words_allowed), "revision")
        return Revision(_applied(reply, shown), _told(reply, shown))

    return Rung(
        name="free",
        blocks=blocks_of(
            shown,
            {
                "sections": Trust.MODEL,
                "comments": Trust.MODEL,
                "flagged": Trust.MODEL,
                "evidence": Trust.UNTRUSTED,
            },
        ),
        schema=_schema(shown, sections),
        accept=accept,
        places={"language": language},
        max_output_tokens=Reviser.declaration.limits.answer_tokens,
    )


def _schema(shown: Material, sections: Sequence[str]) -> narrowing.Schema:
    revised = narrowing.closed_object(
        {"section": narrowing.one_of(sections), "sentences": sentences_schema(_citable(shown))}
    )
    one_answer = narrowing.closed_object(
        {"resolution": narrowing.one_of(Resolution), "note": narrowing.text()}
    )
    return narrowing.closed_object(
        {
            "revised": narrowing.array(revised, least=0, most=len(sections)),
            "answers": narrowing.closed_object(
                {comment.id: one_answer for comment in shown.comments}
            ),
        }
    )


def _citable(shown: Material) -> list[str]:
    """List the evidence, and what the draft cites: a sentence that is kept keeps its citations."""
    evidence = [each.id for each in shown.evidence]
    sentences = [sentence for section in shown.sections for sentence in section.sentences]
    cited = [each for sentence in sentences for each in sentence.evidence_ids]
    return list(dict.fromkeys([*evidence, *cited]))


def _applied(reply: Revised, shown: Material) -> tuple[Section, ...]:
    changed = {each.section: in_order(each.sentences) for each in reply.revised}
    return tuple(
        section.model_copy(update={"sentences": changed[section.id]})
        if section.id in changed
        else section
        for section in shown.sections
    )


def _told(reply: Revised, shown: Material) -> tuple[Answer, ...]:
    return tuple(
        Answer(
            comment_id=comment.id,
            resolution=reply.answers[comment.id].resolution,
            note=reply.answers[comment.id].note,
        )
        for comment in shown.comments
    )


def _faults(reply: Revised, shown: Material, words_allowed: Sequence[str]) -> list[str]:
    """Say where a revision breaks the rules of writing, or claims what it did not do."""
    named = [each.section for each in reply.revised]
    faults = [f"{each} is revised twice" for each in dict.fromkeys(named) if named.count(each) > 1]
    faults += _sentence_faults(reply, shown, words_allowed)
    revised = _applied(reply, shown)
    faults += [
        f"{comment.id} is answered fixed, but what it asks for is not done; do it, or decline it"
        for comment in shown.comments
        if reply.answers[comment.id].resolution is Resolution.FIXED
        and not is_mended(shown, revised, comment)
    ]
    return faults


def _sentence_faults(reply: Revised, shown: Material, words_allowed: Sequence[str]) -> list[str]:
    kept = [sentence for section in shown.sections for sentence in section.sentences]
    grounds = Grounds(
        quotes={each.id: each.quote for each in shown.evidence},
        vocabulary=words_allowed,
        must_avoid=shown.must_avoid,
        instructions=prompts.prompt("reviser", "free"),
        kept=kept,
    )
    faults = [
        f"{each.section}, {fault}"
        for each in reply.revised
        for fault in numbered_faults(each.sentences, grounds)
    ]
    before = Counter(words(sentence.text) for sentence in kept)
    after = [each.text for section in _applied(reply, shown) for each in section.sentences]
    often = Counter(words(text) for text in after)
    faults += [
        f'"{text}" stands in the article more than once'
        for text in dict.fromkeys(after)
        if often[words(text)] > max(1, before[words(text)])
    ]
    return faults


def _verbatim(shown: Material) -> Rung[Revision]:
    able = mendable(shown)
    options = {
        comment.id: _options(blocking=comment.blocking, able=comment.id in able)
        for comment in shown.comments
    }
    schema = narrowing.choices(options)

    def accept(text: str) -> Revision:
        chosen = answer.read_choices(text, options)
        mended = mend(shown, [each for each in chosen if chosen[each] == Resolution.FIXED])
        return Revision(mended.sections, _answers(shown, mended))

    return Rung(
        name="verbatim",
        blocks=blocks_of(
            Comments(comments={comment.id: comment.text for comment in shown.comments}),
            {"comments": Trust.MODEL},
        ),
        schema=schema,
        accept=accept,
        max_output_tokens=min(
            narrowing.longest_choice(schema), Reviser.declaration.limits.answer_tokens
        ),
    )


def _options(*, blocking: bool, able: bool) -> list[str]:
    """List what may be answered: a blocking comment that code can mend is not up for choice."""
    if not able:
        return [str(Resolution.DECLINED)]
    fixed = [str(Resolution.FIXED)]
    return fixed if blocking else [*fixed, str(Resolution.DECLINED)]


def _answers(shown: Material, mended: Mended) -> tuple[Answer, ...]:
    return tuple(
        Answer(comment_id=comment.id, resolution=Resolution.FIXED, note=_MENDED)
        if comment.id in mended.fixed
        else Answer(comment_id=comment.id, resolution=Resolution.DECLINED, note=_NOT_MENDED)
        for comment in shown.comments
    )
