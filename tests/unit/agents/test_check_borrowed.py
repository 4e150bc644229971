"""Names, quotations, opposites and altered quotes: what a sentence may not borrow or turn."""

import pytest

from services.agents.checks.citations import is_altered, stands_in
from services.agents.checks.names import name_faults
from services.agents.checks.opposites import opposite_faults
from services.agents.checks.phrases import contains
from services.agents.checks.quotations import quotation_faults
from tests.builders import BUCKET, TWO_WEEKS, WORMS

_DRAUGHTS = "Draughts around windows and doors carry warm air out and cold air in."


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Worm bins use worms, says Ada.", True),
        ("Worm bins use worms. Gardeners like that.", False),
        ("WORM BINS USE WORMS.", False),
    ],
)
def test_name_that_no_source_has_is_noticed(text: str, named: bool) -> None:
    """A capital inside a sentence is a name; at its beginning or everywhere it is none."""
    assert bool(name_faults(text, [WORMS])) is named


def test_names_are_not_looked_for_where_every_noun_is_written_large() -> None:
    """In German a capital letter says nothing."""
    source = "Der Haufen wird warm, wenn Gras und Laub im Korb liegen."

    assert name_faults("Im Korb liegt Stroh.", [source]) == ()


@pytest.mark.parametrize("marks", ['""', "\u201c\u201d", "\u00ab\u00bb"])
def test_quotation_has_to_stand_in_the_source(marks: str) -> None:
    """Between marks stands what the source says, whatever the marks look like."""
    assert quotation_faults(f"It {marks[0]}never fails anybody{marks[1]}.", [WORMS])
    assert not quotation_faults(f"They {marks[0]}use red wiggler worms{marks[1]}.", [WORMS])


@pytest.mark.parametrize(
    "text",
    [
        _DRAUGHTS.replace("warm", "cold"),
        _DRAUGHTS.replace("cold", "warm"),
    ],
)
def test_opposite_in_the_place_of_a_word_is_noticed(text: str) -> None:
    """Also where the quote has both words, one of them now stands too often."""
    assert opposite_faults(text, [_DRAUGHTS])
    assert not opposite_faults(_DRAUGHTS, [_DRAUGHTS])


def test_condition_cannot_be_cut_off_a_quote() -> None:
    """What holds only after something does not stand there without it."""
    assert not stands_in("Fermenting ends.", "Fermenting ends. Only if the bucket is full.")
    assert stands_in("Fermenting takes two weeks", TWO_WEEKS)


def test_quote_with_another_beginning_is_altered() -> None:
    """One word exchanged at the beginning makes another statement."""
    assert is_altered(BUCKET.replace("A bokashi", "Every bokashi"), BUCKET)
    assert not is_altered(BUCKET, BUCKET)


@pytest.mark.parametrize("hidden", ["mira\u00adcle", "mira\u200bcle", "\uff4diracle"])
def test_forbidden_phrase_cannot_hide(hidden: str) -> None:
    """A reader sees the word, so the check sees it."""
    assert contains(f"It is a {hidden} indeed.", "miracle")
