"""Translations measured against their original: a faithful one passes, every fault is named."""

import pytest

from contracts.content.localised import TranslatedParagraph, TranslatedSection, Translation
from contracts.content.source_article import SourceArticle, SourceParagraph
from contracts.content.translation_report import TranslationFaultKind as Kind
from contracts.content.translation_report import TranslationReport
from services.agents.checks.translations import MOST_FAULTS, report_of
from services.agents.locales import LANGUAGES, telling_words
from services.agents.pseudo import pseudo_translated
from tests.unit.agents.bins import GERMAN, PARAGRAPHS, a_job, a_translation, an_article


def _report(**pieces: str) -> TranslationReport:
    return report_of(an_article(), a_job(), a_translation(**pieces))


def test_a_faithful_translation_has_no_fault() -> None:
    """Real German passes: another number format, another date, other quotation marks."""
    report = _report()

    assert (report.faults, report.fault_count, report.untranslated) == ((), 0, 0)
    assert (report.locale, report.paragraphs) == ("de", 3)


@pytest.mark.parametrize(
    ("piece", "old", "new", "kind"),
    [
        ("p1", "1.250", "1,250", Kind.NUMBER),
        ("p1", "28 %", "29 %", Kind.NUMBER),
        ("p1", "28 %", "28", Kind.UNIT),
        ("p1", "März", "Mai", Kind.DATE),
        ("p1", "Kompostbehälter", "Kisten", Kind.TERM),
        ("p1", "Harborough", "Hafenburg", Kind.KEPT),
        ("p2", "55 °C", "55 °F", Kind.UNIT),
        ("p3", "/figures", "/zahlen", Kind.ADDRESS),
        ("p3", "„", "", Kind.QUOTATION),
        ("p3", "sagt", "says", Kind.LANGUAGE),
        ("p3", "Ruth", "[p3] Ruth", Kind.LEAK),
        ("p2", " und wird im Winter nie allein gelassen", " und" + " sehr lange" * 30, Kind.LENGTH),
    ],
)
def test_a_changed_piece_is_found_where_it_stands(
    piece: str, old: str, new: str, kind: Kind
) -> None:
    """Each fault names its paragraph and what kind it is of."""
    assert old in GERMAN[piece]

    report = _report(**{piece: GERMAN[piece].replace(old, new)})

    assert {fault.paragraph_id for fault in report.faults} == {piece}
    assert kind in {fault.kind for fault in report.faults}


def test_an_untranslated_paragraph_is_counted() -> None:
    """The original's text is no translation, whether it says so or not."""
    copied = _report(p2=PARAGRAPHS["p2"])
    first, second = a_translation().sections
    paragraphs = (second.paragraphs[0].model_copy(update={"translated": False}),)
    marked = report_of(
        an_article(),
        a_job(),
        a_translation().model_copy(
            update={
                "sections": (
                    first,
                    second.model_copy(update={"paragraphs": paragraphs + second.paragraphs[1:]}),
                )
            }
        ),
    )

    assert (copied.untranslated, marked.untranslated) == (1, 1)
    assert marked.faults[0].text == "nobody has translated it"


def test_an_untranslated_title_or_heading_is_found() -> None:
    """A title left as it was is a fault of the whole text."""
    report = _report(title=an_article().title)

    assert [(each.paragraph_id, each.kind) for each in report.faults] == [(None, Kind.UNTRANSLATED)]


def test_another_language_is_noticed() -> None:
    """A text in French is none in German, however well its figures agree."""
    french = {
        "p2": "Un tas chaud reste au-dessus de 55 °C pendant au moins 14 jours et dans les mois"
        " froids il est toujours avec ses voisins qui sont là pour lui et pour les autres.",
    }

    report = _report(**french)

    assert Kind.LANGUAGE in {fault.kind for fault in report.faults}


def test_a_name_of_its_own_is_found_where_nouns_are_small() -> None:
    """In French a capital letter inside a sentence makes a name; the original has to have it."""
    article = an_article()
    job = a_job(id="fr", language="French", terms=())
    said = {
        name: pseudo_translated(text, "en", "fr", {}, job.keep)
        for name, text in {"title": article.title, "s2": "What it takes", **PARAGRAPHS}.items()
    }
    good = _french(said)
    bad = _french({**said, "p2": said["p2"].rstrip(".") + ", dit Ada Lindqvist."})

    assert report_of(article, job, good).faults == ()
    assert [each.kind for each in report_of(article, job, bad).faults] == [Kind.NAME]


def _french(said: dict[str, str]) -> Translation:
    return Translation.model_validate(a_translation(**said).model_dump() | {"locale": "fr"})


def test_a_name_may_be_translated() -> None:
    """`Germany` becomes `Allemagne`: as many names may come as go."""
    article = an_article()
    changed = _with_second(article, "The heap stood in Germany for 14 days.")
    job = a_job(id="fr", language="French", terms=(), keep=())
    said = {
        name: pseudo_translated(text, "en", "fr", {}, ())
        for name, text in {"title": article.title, "s2": "What it takes", **PARAGRAPHS}.items()
    }
    translation = _french({**said, "p2": "Le tas est resté en Allemagne pendant 14 jours."})

    assert report_of(changed, job, translation).faults == ()


def _with_second(article: SourceArticle, text: str) -> SourceArticle:
    first, second = article.sections
    paragraphs = (SourceParagraph(id="p2", text=text), *second.paragraphs[1:])
    changed = second.model_copy(update={"paragraphs": paragraphs})
    return article.model_copy(update={"sections": (first, changed)})


def test_sections_and_paragraphs_keep_their_order() -> None:
    """What is missing, strange or moved is named by its id."""
    first, second = a_translation().sections
    moved = second.model_copy(update={"paragraphs": tuple(reversed(second.paragraphs))})
    strange = second.model_copy(
        update={"paragraphs": (*second.paragraphs, TranslatedParagraph(id="p9", text="Mehr."))}
    )
    reports = [
        report_of(an_article(), a_job(), a_translation().model_copy(update={"sections": sections}))
        for sections in ((first,), (first, moved), (first, strange), (first, first, second))
    ]

    assert [_misaligned(report) for report in reports] == [
        [
            "paragraph p2 of section s2 is missing",
            "paragraph p3 of section s2 is missing",
            "section s2 has lost its heading",
        ],
        ["the paragraphs stand in another order"],
        ["paragraph p9 does not belong into section s2"],
        ["paragraph p1 stands 2 times"],
    ]


def _misaligned(report: TranslationReport) -> list[str]:
    return [each.text for each in report.faults if each.kind is Kind.ALIGNMENT]


def test_more_faults_than_are_listed_are_counted() -> None:
    """A text full of faults makes no endless report."""
    strange = tuple(TranslatedParagraph(id=f"p{n}", text="Mehr.") for n in range(10, 70))
    section = TranslatedSection(id="s9", paragraphs=strange)
    translation = a_translation().model_copy(update={"sections": (section, section)})

    report = report_of(an_article(), a_job(), translation)

    assert len(report.faults) == MOST_FAULTS
    assert report.fault_count > MOST_FAULTS


@pytest.mark.parametrize("target", [code for code in LANGUAGES if code != "en"])
def test_the_pseudo_translation_passes_in_every_language(target: str) -> None:
    """What a rehearsal takes for a good translation has no fault that code can see."""
    job = a_job(id=target, language=LANGUAGES[target].name, terms=())
    article = an_article()
    pieces = {"title": article.title, "s2": "What it takes", **PARAGRAPHS}
    said = {
        name: pseudo_translated(text, "en", target, {}, job.keep) for name, text in pieces.items()
    }
    translation = a_translation(**said).model_copy(update={"locale": target})

    assert report_of(article, job, translation).faults == ()


@pytest.mark.parametrize("code", list(LANGUAGES))
def test_every_language_has_words_that_tell_it_from_the_others(code: str) -> None:
    """There are enough of them to notice a text of that language."""
    assert len(telling_words(code)) >= 12
