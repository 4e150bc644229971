"""Ways through a flow: which inputs are tried, and how answers lead along them."""

import pytest

from services.agents import narrowing
from services.catalogue import catalogue
from services.errors import NotFoundError
from services.flows.shelf import load
from services.rehearsal.exchange import Exchange
from services.rehearsal.material import inputs_of
from services.rehearsal.steering import steered
from services.rehearsal.ways import Steer, Way, detours, ways
from services.settings import Settings

ARTICLE = load(catalogue(Settings.from_environ({}))).get("article")
SENTENCE = "The temperature of a heap lies between 55 and 65 degrees."


def test_choices_that_rules_look_at_are_made_each_way() -> None:
    """What a model decides for the route is tried with every value that a rule names."""
    steers = {way.steer for way in ways(ARTICLE, inputs_of(ARTICLE)) if way.steer}

    assert steers == {Steer("review", "verdict", "revise"), Steer("review", "verdict", "accept")}


def test_plain_inputs_come_first() -> None:
    """A place that can be reached without any steering is reached without it."""
    first = ways(ARTICLE, inputs_of(ARTICLE))[0]

    assert (first.name, first.steer, first.reworded, dict(first.verdicts)) == (
        "harmless",
        None,
        False,
        {},
    )


def test_a_contract_without_a_sample_asks_for_an_input() -> None:
    """The message names the contract and the option."""
    slots = {**ARTICLE.slots, "brief": "Letter@1"}
    other = ARTICLE.model_copy(update={"slots": slots})

    with pytest.raises(NotFoundError, match=r"Letter@1.*--input"):
        inputs_of(other)


def test_a_choice_comes_with_a_reason() -> None:
    """Lists that were empty get one item that fits their schema and says what was shown."""
    comment = narrowing.closed_object({"text": narrowing.text()})
    schema = narrowing.closed_object(
        {
            "comments": narrowing.array(comment, least=0, most=3),
            "verdict": narrowing.one_of(["accept", "revise"]),
        }
    )
    good = Exchange("free", {"text": SENTENCE}, schema, {"comments": [], "verdict": "accept"})
    way = Way("w", {}, steer=Steer("review", "verdict", "revise"))

    assert steered(way, "review", 1, good) == {
        "comments": [{"text": SENTENCE}],
        "verdict": "revise",
    }
    assert steered(way, "review", 2, good) == good.answer


def test_quotes_are_said_in_other_words() -> None:
    """So that they have to be judged; what is no quote stays as it is."""
    schema = narrowing.closed_object({"text": narrowing.text(), "own": narrowing.text()})
    own = "This stands in nothing that was shown at all."
    good = Exchange("free", {"quote": SENTENCE}, schema, {"text": SENTENCE, "own": own})

    assert steered(Way("w", {}, reworded=True), "write", 1, good) == {
        "text": f"Note that t{SENTENCE[1:]}",
        "own": own,
    }


def test_detours_lead_through_a_first_mistake() -> None:
    """Each model is wrong at first, and each person who may edit does, once an input."""
    found = detours(ARTICLE, inputs_of(ARTICLE))

    assert {way.spoils for way in found if way.spoils} == {
        name for name, step in ARTICLE.steps.items() if ARTICLE.agents[step.agent].model
    }
    assert {tuple(way.verdicts.items()) for way in found if not way.spoils} == {
        (("approve", "edited"),)
    }
