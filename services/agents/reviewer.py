"""Reviews a draft against its brief and its fact check. It never rewrites."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, NamedTuple

from pydantic import Field, JsonValue

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits, Capability
from contracts.base import Contract, Part
from contracts.content.brief import Brief
from contracts.content.claims import ClaimReport
from contracts.content.draft import Draft
from contracts.content.review import Comment, CommentKind, Review, ReviewVerdict
from contracts.content.text import Prose
from contracts.reference import Trust
from services.agents import answer, narrowing, prompts
from services.agents.base import Desk, Given, ModelAgent, Question, Rung
from services.agents.checks.drafts import measured_comments, sentences_text
from services.agents.checks.leaks import echo_faults
from services.agents.checks.sentences import is_same
from services.agents.checks.words import count, share_content
from services.agents.shown import Task, blocks_of, task_of

MOST_COMMENTS: Final = 5
"""Further comments of one review: with at most 45 measured ones they fit `Review@1`."""

_WHOLE: Final = "article"
_OPEN_KINDS: Final = (CommentKind.CLARITY, CommentKind.MISSING)
"""What a model may comment on; claims, phrases and length are measured by code."""

_LONGEST_COMMENT: Final = 60
"""Words; a longer one is a rewriting, which is not the reviewer's work."""

_UNCLEAR: Final = "This section is hard to follow; say it more plainly."


class ShownSection(Part):
    """A section as it reads."""

    heading: str
    text: str


class Material(Part):
    """What the free rung shows."""

    task: Task
    key_points: tuple[str, ...]
    sections: dict[str, ShownSection]
    known_faults: tuple[str, ...]
    """What code has already found; it need not be said again."""


class Readable(Part):
    """What the last rung shows."""

    audience: str
    sections: dict[str, ShownSection]


class ModelComment(Part):
    """A comment as a model gives it."""

    section: str
    kind: CommentKind
    text: Prose
    blocking: bool


_UNSAID: Final = ModelComment(
    section=_WHOLE,
    kind=CommentKind.CLARITY,
    text="The reviewer wants a revision and does not say of what; somebody has to look.",
    blocking=True,
)


class Opinion(Part):
    """The free answer."""

    verdict: ReviewVerdict
    comments: tuple[ModelComment, ...] = Field(max_length=MOST_COMMENTS)


class _Further(NamedTuple):
    """What a model adds to the measured comments."""

    verdict: ReviewVerdict
    comments: tuple[ModelComment, ...]


class Reviewer(ModelAgent):
    """Measures by code; a model that writes may add comments, and cannot overrule the measured."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="reviewer",
        version=2,
        kind=AgentKind.MODEL,
        summary="Says whether a draft may go on, and what has to change if not.",
        receives={"brief": "Brief@1", "draft": "Draft@1", "claims": "ClaimReport@1"},
        produces="Review@1",
        about=("draft",),
        verifies=True,
        vouches_when="verdict == 'accept'",
        trust=Trust.MODEL,
        model="judge",
        rungs=("free", "verbatim"),
        limits=AgentLimits(questions=1, prompt_tokens=8_000, answer_tokens=900, seconds=300),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Review the draft.

        Raises:
            StepError: what the desk says.
        """
        brief, draft = given.one("brief", Brief), given.one("draft", Draft)
        measured = measured_comments(brief, draft, given.one("claims", ClaimReport))
        if desk.capability is Capability.CHOOSES:
            return _review(measured, _Further(ReviewVerdict.ACCEPT, ()))
        shown = _material(brief, draft, measured)
        objections: list[ReviewVerdict] = []
        question = Question((_free(brief, shown, objections), _verbatim(shown, objections)))
        return _review(measured, await desk.ask(question))

    def sample_answer(
        self, rung: str, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]
    ) -> JsonValue:
        """Have nothing to add: what code can measure it has measured."""
        if rung == "verbatim":
            return narrowing.first_choices(schema)
        return {"verdict": str(ReviewVerdict.ACCEPT), "comments": []}


def _review(measured: Sequence[Comment], further: _Further) -> Review:
    """Combine code and model: one blocking comment, or a model that wants a revision, is enough.

    A model that accepts and blocks in one breath blocks: asked again it might drop its objection.
    """
    comments = (
        *measured,
        *(
            Comment(
                id=f"r{ordinal}",
                section_id=None if each.section == _WHOLE else each.section,
                kind=each.kind,
                text=each.text,
                blocking=each.blocking,
            )
            for ordinal, each in enumerate(further.comments, start=len(measured) + 1)
        ),
    )
    revise = further.verdict is ReviewVerdict.REVISE or any(each.blocking for each in comments)
    verdict = ReviewVerdict.REVISE if revise else ReviewVerdict.ACCEPT
    return Review(verdict=verdict, comments=comments)


def _material(brief: Brief, draft: Draft, measured: Sequence[Comment]) -> Material:
    return Material(
        task=task_of(brief),
        key_points=brief.key_points,
        sections={
            section.id: ShownSection(heading=section.heading, text=sentences_text([section]))
            for section in draft.sections
        },
        known_faults=tuple(comment.text for comment in measured),
    )


def _free(brief: Brief, shown: Material, objections: list[ReviewVerdict]) -> Rung[_Further]:
    """Ask for an opinion; one that objects to nothing in particular is noted for the last rung."""
    places = [_WHOLE, *shown.sections]

    def accept(text: str) -> _Further:
        opinion = answer.read(text, Opinion)
        if opinion.verdict is ReviewVerdict.REVISE and not opinion.comments:
            objections.append(opinion.verdict)
        answer.require_known([each.section for each in opinion.comments], places, "section")
        answer.require_known([each.kind for each in opinion.comments], _OPEN_KINDS, "kind")
        answer.require_rules(_faults(opinion, shown), "review")
        return _Further(opinion.verdict, opinion.comments)

    comment = narrowing.closed_object(
        {
            "section": narrowing.one_of(places),
            "kind": narrowing.one_of(_OPEN_KINDS),
            "text": narrowing.text(),
            "blocking": narrowing.boolean(),
        }
    )
    return Rung(
        name="free",
        blocks=blocks_of(shown, {"sections": Trust.MODEL, "known_faults": Trust.MODEL}),
        schema=narrowing.closed_object(
            {
                "comments": narrowing.array(comment, least=0, most=MOST_COMMENTS),
                "verdict": narrowing.one_of(ReviewVerdict),
            }
        ),
        accept=accept,
        places={"language": brief.locale, "most_comments": str(MOST_COMMENTS)},
        max_output_tokens=Reviewer.declaration.limits.answer_tokens,
    )


def _verbatim(shown: Material, objections: Sequence[ReviewVerdict]) -> Rung[_Further]:
    """Ask section by section; a model that objected before and now to nothing has not accepted."""
    options = {section: ["clear", "unclear"] for section in shown.sections}
    schema = narrowing.choices(options)

    def accept(text: str) -> _Further:
        chosen = answer.read_choices(text, options)
        comments = tuple(
            ModelComment(section=section, kind=CommentKind.CLARITY, text=_UNCLEAR, blocking=False)
            for section, choice in chosen.items()
            if choice == "unclear"
        )
        if objections and not comments:
            return _Further(ReviewVerdict.REVISE, (_UNSAID,))
        verdict = ReviewVerdict.REVISE if comments else ReviewVerdict.ACCEPT
        return _Further(verdict, comments[:MOST_COMMENTS])

    return Rung(
        name="verbatim",
        blocks=blocks_of(
            Readable(audience=shown.task.audience, sections=shown.sections),
            {"sections": Trust.MODEL},
        ),
        schema=schema,
        accept=accept,
        max_output_tokens=narrowing.longest_choice(schema),
    )


def _faults(opinion: Opinion, shown: Material) -> list[str]:
    """Say where an opinion contradicts itself or does another's work."""
    faults = []
    if opinion.verdict is ReviewVerdict.REVISE and not opinion.comments:
        faults.append("the verdict is revise without a comment; say what has to change, or accept")
    for ordinal, comment in enumerate(opinion.comments, start=1):
        found = _comment_faults(comment, opinion.comments[: ordinal - 1], shown)
        faults += [f"comment {ordinal}: {fault}" for fault in found]
    return faults


def _comment_faults(
    comment: ModelComment, earlier: Sequence[ModelComment], shown: Material
) -> list[str]:
    faults = list(echo_faults(comment.text, prompts.prompt("reviewer", "free")))
    if any(is_same(comment.text, other.text) for other in earlier):
        faults.append("it repeats an earlier comment")
    if count(comment.text) > _LONGEST_COMMENT:
        faults.append(f"it is longer than {_LONGEST_COMMENT} words; say what to change, no more")
    section = shown.sections.get(comment.section)
    if section and not share_content(comment.text, f"{section.heading}\n{section.text}"):
        faults.append("it names nothing of the section; say which of its words or facts you mean")
    return faults
