"""Figures of an original and its translation: good pairs pass, bad ones are named."""

import pytest

from contracts.content.translation_report import TranslationFaultKind as Kind
from services.agents.checks.figures import figure_faults


def _kinds(original: str, translated: str, target: str = "de") -> list[Kind]:
    return [kind for kind, _ in figure_faults(original, translated, "en", target)]


@pytest.mark.parametrize(
    ("original", "translated", "target"),
    [
        ("It cost 1,234.50 euros.", "Es kostete 1.234,50 Euro.", "de"),
        ("It cost €5.", "Es kostete 5 €.", "de"),
        ("about 80 % or 12 percent", "etwa 80 % oder 12 %", "de"),
        ("on 12 March 2024", "am 12. März 2024", "de"),
        ("on March 12, 2024", "le 12 mars 2024", "fr"),
        ("on 1 May 2024", "dnia 1 maja 2024", "pl"),
        ("on 3/12/2026", "am 12.03.2026", "de"),
        ("on 2026-03-12", "am 12.3.2026", "de"),
        ("at 14:30 or 2:30 pm", "um 14.30 Uhr oder 14:30", "de"),
        ("at 6 pm", "à 18 h", "fr"),
        ("at 18:30", "à 18 h 30", "fr"),
        ("two weeks and 5 kg", "2 Wochen und 5 kg", "de"),
        ("5 miles", "5 Meilen", "de"),
        ("you may go", "du darfst gehen", "de"),
    ],
)
def test_the_same_figures_pass(original: str, translated: str, target: str) -> None:
    """Numbers, dates, times and units under another locale's format are the same."""
    assert _kinds(original, translated, target) == []


@pytest.mark.parametrize(
    ("original", "translated", "kinds"),
    [
        ("It cost 1,234 euros.", "Es kostete 1.235 Euro.", [Kind.NUMBER, Kind.NUMBER]),
        ("It weighs 1.5 tonnes.", "Es wiegt 1.5 Tonnen.", [Kind.NUMBER, Kind.NUMBER]),
        ("5 bins and 5 keys", "5 Behälter und Schlüssel", [Kind.NUMBER]),
        ("a bin", "7 Behälter", [Kind.NUMBER]),
        ("on 12 March 2024", "am 12. Mai 2024", [Kind.DATE, Kind.DATE]),
        ("on 3/12/2026", "am 12.04.2026", [Kind.DATE, Kind.DATE]),
        ("at 2:30 pm", "um 2:30", [Kind.DATE, Kind.DATE]),
        ("5 kg of scraps", "5 g Abfälle", [Kind.UNIT]),
        ("stays at 55 °C", "bleibt bei 55.", [Kind.UNIT]),
        ("costs $5", "kostet 5 €", [Kind.UNIT]),
        ("weighs 5.", "wiegt 5 kg.", [Kind.UNIT]),
    ],
)
def test_another_figure_is_named(original: str, translated: str, kinds: list[Kind]) -> None:
    """A changed, lost or added figure, month or unit is found, whichever side it is on."""
    assert _kinds(original, translated) == kinds
