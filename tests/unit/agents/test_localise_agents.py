"""The agents of localising, one after the other."""

import json

import pytest

from contracts.agent import Capability
from contracts.content.decision import Decision, DecisionVerdict
from contracts.content.glossary import Glossary, GlossaryTerm, TermTranslation
from contracts.content.localise import DocumentName, LocalisePlan, LocaliseRequest
from contracts.content.localised import LocalisedSet, Translation
from contracts.content.publication import Publication
from contracts.content.source_article import ArticleSource
from contracts.content.translation_report import LocalisedReport, TranslationReport
from contracts.failure import FailureKind
from services.agents.base import Given
from services.agents.checks.translations import report_of
from services.agents.glossary_reader import GlossaryReader
from services.agents.locale_planner import LocalePlanner
from services.agents.localisation_collector import LocalisationCollector
from services.agents.localised_publisher import LocalisedPublisher
from services.agents.translation_checker import LocalisedChecker, TranslationChecker
from services.agents.translator import Translator
from services.errors import StepError
from services.publishing.in_process import InProcessPublisher
from services.retrieval.base import Document
from services.retrieval.in_process import InProcessCorpora
from services.retrieval.markup import from_markdown
from tests.desks import ScriptedDesk, SilentDesk, written
from tests.unit.agents.bins import GERMAN, PARAGRAPHS, a_job, a_translation, an_article

TABLE = (
    "| term | de | fr |\n| --- | --- | --- |\n| bin | Behälter | bac |\n| Harborough | = | = |\n"
)
TERMS = Glossary(
    terms=(
        GlossaryTerm(
            id="t1",
            term="bin",
            translations=(
                TermTranslation(locale="de", text="Behälter"),
                TermTranslation(locale="fr", text="bac"),
            ),
        ),
        GlossaryTerm(id="t2", term="Harborough", keep=True),
    )
)
PLAN = LocalisePlan(jobs=(a_job(), a_job(id="fr", language="French", terms=())))


def _request(**changes: object) -> LocaliseRequest:
    given = {
        "article": ArticleSource(corpus="articles", document="bins.md"),
        "locales": ("de", "fr"),
        "audience": "people who work for towns",
    }
    return LocaliseRequest.model_validate({**given, **changes})


async def _glossary(table: str, name: str = "terms.md") -> Glossary:
    corpora = InProcessCorpora()
    text = from_markdown(table).text
    await corpora.add("articles", [Document(id="terms", title="Terms", uri="t.md", text=text)])
    named = DocumentName(corpus="articles", document=name)
    given = Given({"request": _request(glossary=named)})
    glossary = await GlossaryReader(corpora).run(given, SilentDesk())
    assert isinstance(glossary, Glossary)
    return glossary


async def test_a_glossary_is_a_table_in_a_corpus() -> None:
    """A row is a term, a column a language; `=` keeps a term as it is."""
    assert await _glossary(TABLE, "terms") == TERMS


async def test_a_request_without_a_glossary_gets_an_empty_one() -> None:
    """No terms is an answer, not a failure."""
    given = Given({"request": _request()})

    assert await GlossaryReader(InProcessCorpora()).run(given, SilentDesk()) == Glossary()


@pytest.mark.parametrize(
    ("table", "name", "reason"),
    [
        (TABLE, "elsewhere", "no document 'elsewhere'"),
        ("# No table here", "terms", "no table"),
        (TABLE.replace("| de |", "| German |"), "terms", "'German' is no locale"),
    ],
)
async def test_a_document_that_is_no_glossary_is_named(table: str, name: str, reason: str) -> None:
    """The error tells how a glossary is written."""
    with pytest.raises(StepError, match=reason) as raised:
        await _glossary(table, name)

    assert raised.value.kind is FailureKind.RULE_BROKEN


async def _plan(request: LocaliseRequest, house: Glossary | None = None) -> LocalisePlan:
    given = {"request": request, "article": an_article(), "glossary": TERMS, "house": house}
    plan = await LocalePlanner().run(Given(given), SilentDesk())
    assert isinstance(plan, LocalisePlan)
    return plan


async def test_each_locale_gets_a_job_with_its_terms() -> None:
    """A term goes into a job when the article uses it; a region takes its language's terms."""
    plan = await _plan(_request(locales=("de-AT", "fr", "pl")))

    assert [(job.id, job.language) for job in plan.jobs] == [
        ("de-AT", "German (AT)"),
        ("fr", "French"),
        ("pl", "Polish"),
    ]
    assert [[term.text for term in job.terms] for job in plan.jobs] == [["Behälter"], ["bac"], []]
    assert plan.jobs[0].keep == ("Harborough",)


async def test_the_request_s_glossary_comes_before_the_house_s() -> None:
    """Terms of both are used; where both have one, the request's stands."""
    house = Glossary(
        terms=(
            GlossaryTerm(
                id="h1", term="bin", translations=(TermTranslation(locale="de", text="Tonne"),)
            ),
            GlossaryTerm(
                id="h2", term="heap", translations=(TermTranslation(locale="de", text="Haufen"),)
            ),
        )
    )

    plan = await _plan(_request(locales=("de",)), house)

    assert {term.term: term.text for term in plan.jobs[0].terms} == {
        "heap": "Haufen",
        "bin": "Behälter",
    }


@pytest.mark.parametrize(
    ("locales", "reason"),
    [(("de", "zh"), "nobody here can check a text in zh"), (("en-GB",), "in English already")],
)
async def test_a_locale_that_makes_no_sense_is_refused(
    locales: tuple[str, ...], reason: str
) -> None:
    """A language that no check knows is refused before any model is paid."""
    with pytest.raises(StepError, match=reason):
        await _plan(_request(locales=locales))


async def _translated(
    *texts: str,
    capability: Capability = Capability.WRITES,
    earlier: Translation | None = None,
    report: TranslationReport | None = None,
) -> tuple[Translation, ScriptedDesk]:
    translator = Translator()
    desk = ScriptedDesk(translator, *texts, capability=capability)
    given = {"article": an_article(), "job": a_job(), "earlier": earlier, "report": report}
    translation = await translator.run(Given(given), desk)
    assert isinstance(translation, Translation)
    return translation, desk


def _reply(*notes: str, **pieces: str) -> str:
    return written({"pieces": {**GERMAN, **pieces}, "notes": list(notes)})


async def test_a_faithful_translation_is_taken_as_written() -> None:
    """Every piece stands under its original's id; the translator's notes reach the reviewer."""
    translation, desk = await _translated(_reply("Is `Wohnhäuser` right for flats?"))

    assert desk.rejected == []
    assert translation.model_copy(update={"notes": ()}) == a_translation()
    assert translation.notes == ("Is `Wohnhäuser` right for flats?",)


async def test_the_schema_fixes_what_is_translated() -> None:
    """A piece can neither be left out nor put in, nor stand elsewhere."""
    _, desk = await _translated(written({"pieces": {"p1": "Nur dies."}, "notes": []}))

    assert desk.rejected[0].kind is FailureKind.MALFORMED
    schema = json.dumps(desk.asked[0].schema)
    assert all(f'"{name}"' in schema for name in GERMAN)


async def test_what_is_right_of_a_rejected_answer_is_kept() -> None:
    """After three answers with a wrong number the right pieces stand, the wrong one is marked."""
    wrong = _reply(p1=GERMAN["p1"].replace("28 %", "29 %"))

    translation, desk = await _translated(wrong, wrong, wrong)

    assert [each.translated for each in translation.paragraphs()] == [False, True, True]
    assert translation.paragraphs()[0].text == PARAGRAPHS["p1"]
    assert translation.title == GERMAN["title"]
    assert desk.asked[-1].name == "verbatim"
    assert report_of(an_article(), a_job(), translation).untranslated == 1


async def test_a_weak_model_is_not_asked_to_translate() -> None:
    """All is left to the native reviewer, and says so."""
    translation, desk = await _translated(capability=Capability.CHOOSES)

    assert desk.asked == []
    assert not any(each.translated for each in translation.paragraphs())
    assert "not translated" in translation.notes[0]


async def test_only_what_a_report_names_is_translated_again() -> None:
    """The paragraphs that were right keep every letter, and are not paid for again."""
    earlier = a_translation(p2=GERMAN["p2"].replace("55 °C", "66 °C"))
    report = report_of(an_article(), a_job(), earlier)

    translation, desk = await _translated(
        written({"pieces": {"p2": GERMAN["p2"]}, "notes": []}), earlier=earlier, report=report
    )

    assert translation == a_translation()
    assert desk.asked[0].blocks["pieces"].data == {"p2": PARAGRAPHS["p2"]}


async def test_a_report_without_faults_leaves_nothing_to_do() -> None:
    """Asked to mend what is right, the translator says that it cannot go on."""
    earlier = a_translation()

    with pytest.raises(StepError) as raised:
        await _translated(earlier=earlier, report=report_of(an_article(), a_job(), earlier))

    assert raised.value.kind is FailureKind.NO_PROGRESS


async def test_the_checker_reports_on_the_translation() -> None:
    """Its report is what the flow routes by."""
    given = {"article": an_article(), "job": a_job(), "translation": a_translation()}

    report = await TranslationChecker().run(Given(given), SilentDesk())

    assert isinstance(report, TranslationReport)
    assert report.fault_count == 0


async def _collected(*translations: Translation) -> LocalisedSet:
    given = Given({"article": an_article(), "plan": PLAN, "translations": translations})
    localised = await LocalisationCollector().run(given, SilentDesk())
    assert isinstance(localised, LocalisedSet)
    return localised


async def test_missing_languages_are_named() -> None:
    """What is done is kept in the plan's order, what is not done is said."""
    localised = await _collected(a_translation())

    assert [each.locale for each in localised.translations] == ["de"]
    assert localised.missing == ("fr",)


async def test_nothing_collected_is_no_set() -> None:
    """No translation at all, a strange one and a double one are errors."""
    polish = a_translation().model_copy(update={"locale": "pl"})

    for translations in ((), (polish,), (a_translation(), a_translation())):
        with pytest.raises(StepError, match="planned are de, fr"):
            await _collected(*translations)


async def _checked(localised: LocalisedSet) -> LocalisedReport:
    given = {"article": an_article(), "plan": PLAN, "localised": localised}
    report = await LocalisedChecker().run(Given(given), SilentDesk())
    assert isinstance(report, LocalisedReport)
    return report


async def test_a_set_is_measured_whole() -> None:
    """The faults of all translations add up; a language nobody planned is an error."""
    wrong = a_translation(p1=GERMAN["p1"].replace("28 %", "29 %"))

    good, bad = (
        await _checked(await _collected(a_translation())),
        await _checked(await _collected(wrong)),
    )

    assert (good.fault_count, bad.fault_count) == (0, 2)
    strange = LocalisedSet(title="A", translations=(wrong.model_copy(update={"locale": "pl"}),))
    with pytest.raises(StepError, match="pl is not among"):
        await _checked(strange)


async def _published(report: LocalisedReport, decision: Decision | None) -> dict[str, bytes]:
    publisher = InProcessPublisher()
    localised = await _collected(a_translation())
    given = Given({"localised": localised, "report": report, "decision": decision})
    published = await LocalisedPublisher(publisher).run(given, SilentDesk())
    assert isinstance(published, Publication)
    assert published.where == list(publisher.published)[-1]
    return publisher.published


async def test_translations_are_published_before_their_list() -> None:
    """Each has a page of its own; the list comes last, and says what is missing."""
    published = await _published(await _checked(await _collected(a_translation())), None)

    page, listed = published
    assert page.startswith("de-gemeinsame-kompostbehalter-")
    assert listed.startswith("languages-shared-compost-bins-")
    assert "## Was man dafür braucht" in published[page].decode()
    assert f"({page})" in published[listed].decode()
    assert "- fr: not translated" in published[listed].decode()


async def test_a_faulty_set_needs_a_person() -> None:
    """Faults stop the set unless somebody approved exactly it."""
    report = await _checked(await _collected(a_translation(p3=PARAGRAPHS["p3"])))
    approved = Decision(verdict=DecisionVerdict.APPROVE, who="eva", shown="0" * 64)

    with pytest.raises(StepError, match="nothing vouches"):
        await _published(report, None)
    published = await _published(report, approved)

    assert b"approved by a person" in published[next(iter(published))]
