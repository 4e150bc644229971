"""Form, phrases, negation, grounding, leaks and citations of single sentences."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.agents.checks.citations import is_verbatim, stands_in, unresolved
from services.agents.checks.grounding import grounded_percent, grounding_faults, restates
from services.agents.checks.leaks import echo_faults, leak_faults
from services.agents.checks.negation import is_turned_around, negation_faults
from services.agents.checks.phrases import contains, found_in, missing_from
from services.agents.checks.sentences import form_faults, is_closed, loop
from tests.builders import BUCKET, RATS, SPONGE, WORMS


@pytest.mark.parametrize(
    "text",
    [
        "Too short.",
        "The bran in a bokashi bucket carries lactic acid bacteria and it",
        "The size of the bin is the size of the bin is the size of the heap.",
        "Compost " * 46 + "ends.",
    ],
    ids=["fragment", "cut by a length limit", "loop", "ramble"],
)
def test_malformed_sentence_is_a_fault(text: str) -> None:
    """A fragment, a cut sentence, a loop and a ramble are each noticed."""
    assert form_faults(text)


@pytest.mark.parametrize(
    "text", [WORMS, RATS, 'They call it "black gold."', "Does it smell of rot?"]
)
def test_plain_sentence_has_good_form(text: str) -> None:
    """Ordinary sentences, quoted ends and questions pass."""
    assert form_faults(text) == ()


def test_loop_names_the_words_that_come_twice() -> None:
    """The reason tells the writer what to cut."""
    assert loop("Turn the heap and turn the heap.") == "turn the heap"
    assert is_closed("He said (so).")


@pytest.mark.parametrize(
    ("text", "phrase", "expected"),
    [
        ("Worm bins work.", "worm bins", True),
        ("Worm\n bins work.", "worm bins", True),
        ("A class of worms.", "ass", False),
        ("Worms eat.", "worm", False),
        ("Written in C++ today.", "c++", True),
        ("It costs £5.", "£5", True),
        ("It costs £50.", "£5", False),
    ],
)
def test_phrase_stands_as_whole_words(text: str, phrase: str, expected: bool) -> None:
    """Phrases are found without regard to case and line breaks, never inside another word."""
    assert contains(text, phrase) is expected


def test_phrases_divide_into_found_and_missing() -> None:
    """Every phrase is either found or missing, in the order given."""
    assert found_in(WORMS, ["heat", "soil", "worm bins"]) == ("heat", "worm bins")
    assert missing_from(WORMS, ["heat", "soil", "worm bins"]) == ("soil",)


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("Meat, fish and dairy attract rats and should go into an open heap.", RATS),
        ("Compost should not be as damp as a wrung-out sponge.", SPONGE),
        ("Bins never use worms.", WORMS),
    ],
    ids=["lost", "invented", "invented in other words"],
)
def test_lost_or_invented_negation_is_a_fault(text: str, quote: str) -> None:
    """A rewording may neither drop nor add a negation."""
    assert negation_faults(text, [quote])


@pytest.mark.parametrize(
    "text", ["Never put meat, fish or dairy into an open heap.", "Rats like dairy."]
)
def test_kept_or_unneeded_negation_passes(text: str) -> None:
    """Another word of negation is as good, and a sentence on something else needs none."""
    assert negation_faults(text, [RATS]) == ()


def test_opposite_in_the_same_words_is_recognised() -> None:
    """What differs from its quote by negation alone says the opposite of it."""
    assert is_turned_around("Compost should not be as damp as a wrung-out sponge.", SPONGE)
    assert not is_turned_around("Clay soil should not be wet in winter.", SPONGE)


def test_sentence_is_grounded_by_half_of_its_content() -> None:
    """At least half of what a sentence says has to be in what it rests on."""
    assert grounding_faults("A balcony holds a sealed bucket of scraps.", [BUCKET]) == ()
    assert grounding_faults("Roses love sunshine on every balcony.", [BUCKET])
    assert grounded_percent("It is so.", []) == 100
    assert restates("A bucket ferments scraps in a container.", BUCKET)


@pytest.mark.parametrize(
    "text",
    [
        "Worm bins [e1] use worms.",
        "As e1 says, bins use worms.",
        'The JSON object is {"text": "worms"}.',
        "As an AI language model I like worms.",
        "Worm bins are **great** for all.",
    ],
)
def test_leaked_ids_and_markup_are_faults(text: str) -> None:
    """Ids, brackets and talk about the task do not reach readers."""
    assert leak_faults(text, [WORMS])


def test_what_the_quote_has_is_no_leak() -> None:
    """A bracket or a code that the source itself uses may be used."""
    assert leak_faults("Vitamin e1 is rare.", ["Vitamin e1 is seldom found."]) == ()


def test_echo_of_instructions_is_a_fault() -> None:
    """Six words in a row from the prompt are noticed, fewer are chance."""
    instructions = "Keep every number, unit and negation exactly as the quotes have them."

    assert echo_faults("Keep every number, unit and negation exactly.", instructions)
    assert echo_faults("Keep every number of worms exactly.", instructions) == ()


def test_quote_stands_in_itself_and_its_parts() -> None:
    """A sentence that the quote has word for word needs no judge."""
    quote = f"{WORMS} {SPONGE}"

    assert stands_in(WORMS, quote)
    assert stands_in(WORMS.replace(" ", "\n"), quote)
    assert is_verbatim(f" {WORMS}\n", [WORMS])


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("add meat to the heap.", "Never add meat to the heap."),
        ("at is good.", "Meat is good."),
        ("Worms eat.", WORMS),
        ("", WORMS),
    ],
    ids=["without its negation", "inside a word", "other words", "nothing"],
)
def test_cut_quote_does_not_stand_in_it(text: str, quote: str) -> None:
    """A cut that changes what is said is not the quote any more."""
    assert not stands_in(text, quote)


def test_unknown_evidence_is_listed() -> None:
    """Citations that lead nowhere are named."""
    assert unresolved(["e1", "e9"], {"e1": WORMS}) == ("e9",)


@settings(deadline=None)
@given(st.text(min_size=1))
def test_any_text_is_verbatim_of_itself(text: str) -> None:
    """A quote is a quote whatever its characters."""
    assert is_verbatim(text, [text])
