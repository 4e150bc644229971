"""Translates an article into one language, or only what a report found wrong in a translation."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from pydantic import Field, JsonValue

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits, Capability
from contracts.base import Contract, Part
from contracts.content.localise import JobTerm, LocaliseJob
from contracts.content.localised import TranslatedParagraph, TranslatedSection, Translation
from contracts.content.source_article import SourceArticle
from contracts.content.text import Line
from contracts.content.translation_report import TranslationReport
from contracts.failure import FailureKind
from contracts.reference import Trust
from services.agents import answer, narrowing, prompts
from services.agents.base import Desk, Given, ModelAgent, Question, Rung
from services.agents.checks.leaks import echo_faults
from services.agents.checks.translations import Piece, piece_faults
from services.agents.checks.words import tidy
from services.agents.pseudo import pseudo_translated
from services.agents.shown import blocks_of, read_back
from services.errors import StepError

TITLE: Final = "title"
MOST_NOTES: Final = 5
_LONGEST_HEADING: Final = 300
_LONGEST_TEXT: Final = 8_000
_SHOWN: Final = 60
"""Characters of a piece that the last rung shows, so that it fits a small model's window."""

_KEEP: Final = "keep"
_LEAVE: Final = "leave"
_FROM_A_READER: Final = "These parts are not translated; they stand as in the original."

Pieces = dict[str, str]
"""Texts by what they are: `title`, a section's id for its heading, a paragraph's id."""


class Terms(Part):
    """What is settled before anybody translates."""

    say: dict[str, str]
    """How each term has to be said."""

    keep: tuple[str, ...]
    """What stays as it is."""


class Material(Part):
    """What the free rung shows."""

    audience: str
    source: str
    target: str
    """Locales."""

    terms: Terms
    pieces: dict[str, str]


class Beginnings(Part):
    """What the last rung shows."""

    pieces: dict[str, str]


class Translated(Part):
    """The free answer."""

    pieces: dict[str, str]
    notes: tuple[Line, ...] = Field(default=(), max_length=MOST_NOTES)


class Translator(ModelAgent):
    """Asks once, for all pieces at a time; what passes no check stays in the original, and says so.

    Given an earlier translation and its report, it asks only for the pieces that the report names.
    """

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="translator",
        version=1,
        kind=AgentKind.MODEL,
        summary="Translates an article paragraph by paragraph; mends what a report names.",
        receives={
            "article": "SourceArticle@1",
            "job": "LocaliseJob@1",
            "earlier": "Translation@1",
            "report": "TranslationReport@1",
        },
        optional=("earlier", "report"),
        produces="Translation@1",
        trust=Trust.MODEL,
        model="writer",
        rungs=("free", "verbatim"),
        limits=AgentLimits(questions=1, prompt_tokens=8_000, answer_tokens=6_000, seconds=600),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Translate the article.

        A model that only chooses is not asked: it leaves every piece to the native reviewer.

        Raises:
            StepError: `no_progress` when nothing is left to translate again; else what the desk
                says.
        """
        article, job = given.one("article", SourceArticle), given.one("job", LocaliseJob)
        earlier = given.maybe("earlier", Translation)
        report = given.maybe("report", TranslationReport)
        asked = _asked(article, report)
        if not asked:
            raise StepError(
                FailureKind.NO_PROGRESS, "the report names no part that could be translated again"
            )
        work = _Work(article, job, asked, prompts.prompt("translator", "free"))
        if desk.capability is Capability.WRITES:
            translated = await desk.ask(Question((_free(work), _verbatim(work))))
        else:
            translated = Translated(pieces={})
        return _translation(work, translated, earlier, desk.model)

    def sample_answer(
        self, rung: str, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]
    ) -> JsonValue:
        """Make the pieces look like the other language; see `pseudo_translated`."""
        if rung == "verbatim":
            return narrowing.first_choices(schema)
        shown = read_back(Material, blocks)
        pieces: dict[str, JsonValue] = {
            name: pseudo_translated(
                text, shown.source, shown.target, shown.terms.say, shown.terms.keep
            )
            for name, text in shown.pieces.items()
        }
        return {"pieces": pieces, "notes": []}


class _Work:
    """What is to be translated, and what of the answers so far can be used."""

    def __init__(
        self, article: SourceArticle, job: LocaliseJob, asked: Pieces, instructions: str
    ) -> None:
        self.article = article
        self.job = job
        self.asked = asked
        self.instructions = instructions
        self.usable: Pieces = {}
        """Pieces of rejected answers that have no fault of their own, the latest of each."""

    def faults(self, pieces: Pieces) -> list[str]:
        """Say what is wrong with each piece, and remember those that are right."""
        found = []
        for name, text in pieces.items():
            own = self._faults_of(name, text)
            if not own:
                self.usable[name] = text
            found += [f"{name}: {fault}" for fault in own]
        return found

    def _faults_of(self, name: str, text: str) -> list[str]:
        most = _LONGEST_TEXT if name.startswith("p") else _LONGEST_HEADING
        if not text or len(text) > most:
            return [f"it has {len(text)} characters; write 1 to {most}"]
        paragraph_id = name if name.startswith("p") else None
        piece = Piece(paragraph_id, self.asked[name], text)
        faults = [each.text for each in piece_faults(piece, self.article, self.job)]
        return [*faults, *echo_faults(text, self.instructions)]


def _asked(article: SourceArticle, report: TranslationReport | None) -> Pieces:
    """List the pieces to translate: all, or those that a report finds something wrong with."""
    pieces = {TITLE: article.title}
    for section in article.sections:
        pieces |= {section.id: section.heading} if section.heading else {}
        pieces |= {each.id: tidy(each.text) for each in section.paragraphs}
    if report is None:
        return pieces
    wrong = {fault.paragraph_id for fault in report.faults}
    return {
        name: text
        for name, text in pieces.items()
        if (name if name.startswith("p") else None) in wrong
    }


def _free(work: _Work) -> Rung[Translated]:
    shown = _material(work)

    def accept(text: str) -> Translated:
        given = answer.read(text, Translated)
        answer.require_keys(given.pieces, work.asked, "pieces")
        pieces = {name: tidy(given.pieces[name]) for name in work.asked}
        answer.require_rules(work.faults(pieces), "translation")
        return Translated(pieces=pieces, notes=given.notes)

    pieces = narrowing.closed_object(dict.fromkeys(work.asked, narrowing.text()))
    notes = narrowing.array(narrowing.text(), least=0, most=MOST_NOTES)
    return Rung(
        name="free",
        blocks=blocks_of(shown, {"pieces": Trust.UNTRUSTED, "terms": Trust.UNTRUSTED}),
        schema=narrowing.closed_object({"pieces": pieces, "notes": notes}),
        accept=accept,
        places={"language": work.job.language},
        max_output_tokens=Translator.declaration.limits.answer_tokens,
    )


def _verbatim(work: _Work) -> Rung[Translated]:
    """Ask which pieces of the rejected answers may stand; only those without a fault can."""
    options = {name: [_KEEP, _LEAVE] for name in work.asked}
    schema = narrowing.choices(options)

    def accept(text: str) -> Translated:
        chosen = answer.read_choices(text, options)
        kept = [name for name in work.asked if chosen[name] == _KEEP]
        return Translated(pieces={name: work.usable[name] for name in kept if name in work.usable})

    return Rung(
        name="verbatim",
        blocks=blocks_of(
            Beginnings(pieces={name: text[:_SHOWN] for name, text in work.asked.items()}),
            {"pieces": Trust.UNTRUSTED},
        ),
        schema=schema,
        accept=accept,
        max_output_tokens=min(
            narrowing.longest_choice(schema), Translator.declaration.limits.answer_tokens
        ),
    )


def _material(work: _Work) -> Material:
    return Material(
        audience=work.job.audience,
        source=work.article.language,
        target=work.job.id,
        terms=_terms(work.job.terms, work.job.keep),
        pieces=work.asked,
    )


def _terms(terms: Sequence[JobTerm], keep: tuple[str, ...]) -> Terms:
    return Terms(say={each.term: each.text for each in terms}, keep=keep)


def _translation(
    work: _Work, translated: Translated, earlier: Translation | None, model: str
) -> Translation:
    """Put every piece in its place: what is new, else what was there, else the original."""
    before = _pieces_of(earlier) if earlier else {}
    done = {**before, **translated.pieces}
    sections = tuple(
        TranslatedSection(
            id=section.id,
            heading=done.get(section.id, section.heading) if section.heading else "",
            paragraphs=tuple(
                TranslatedParagraph(
                    id=each.id, text=done.get(each.id, each.text), translated=each.id in done
                )
                for each in section.paragraphs
            ),
        )
        for section in work.article.sections
    )
    is_whole = all(each.translated for section in sections for each in section.paragraphs)
    notes = dict.fromkeys([*translated.notes, *([] if is_whole else [_FROM_A_READER])])
    return Translation(
        locale=work.job.id,
        title=done.get(TITLE, work.article.title),
        sections=sections,
        notes=tuple(notes),
        made_by=model,
    )


def _pieces_of(earlier: Translation) -> Pieces:
    """Take apart what an earlier translation has translated."""
    pieces = {TITLE: earlier.title}
    pieces |= {section.id: section.heading for section in earlier.sections if section.heading}
    pieces |= {each.id: each.text for each in earlier.paragraphs() if each.translated}
    return pieces
