"""Faults of the third group: ending too early, checking too little, judging wrongly."""

from typing import Final

from pydantic import JsonValue

from services.llm.scripted.script import Fault, Line
from tests.modes.case import Asked, Case, Guard, Seen
from tests.modes.faults_between_agents import FALSE
from tests.modes.spoils import (
    OBJECTED,
    adding,
    choosing,
    cites_nothing_of,
    fields,
    heading,
    listed,
    objecting,
    revising,
    saying,
    says,
    sentence,
    writing,
)

_CUT: Final = "From the second month on, a hot heap needs a turn every"
_TAKE_OUT: Final = f'Take the sentence "{OBJECTED}" out; it misleads beginners.'
_FIRST: Final = (
    "A simple rule for balancing a heap is two to three buckets of browns for every bucket of"
    " greens."
)


def _first_section_only(asked: Asked) -> JsonValue:
    first = fields(listed(fields(asked.good)["sections"])[0])
    return {"sections": [{**first, "words": 150}]}


def _first_half(asked: Asked) -> JsonValue:
    """Judge all but the claims that come last."""
    judged = list(fields(asked.good).items())
    return dict(judged[: len(judged) // 2])


def _ends_in_mid_sentence(seen: str) -> Seen:
    return lambda ending: any(line.endswith(seen) for line in ending.text.splitlines())


PREMATURE: Final = (
    Case(
        mode="3.1",
        name="cut in mid-sentence, closed properly",
        injected="The last sentence stops half-way; the JSON around it is whole.",
        spoils={"section_writer": adding("s3", _CUT, "e8")},
        lenient=True,
        seen=_ends_in_mid_sentence("turn every"),
        guard=Guard.PREVENTED,
    ),
    Case(
        mode="3.1",
        name="the rest is left to the reader",
        injected="A section says that it follows the same pattern as the others.",
        spoils={"section_writer": writing("s3", ("The rest follows the same pattern.", "e7"))},
        lenient=True,
        seen=says("same pattern"),
        guard=Guard.PREVENTED,
    ),
    Case(
        mode="3.1",
        name="one section and done",
        injected="The planner plans one section of three and gives it all the words.",
        spoils={"planner": _first_section_only},
        changes={"must_include": [], "words": {"min": 40, "max": 250}},
        seen=cites_nothing_of("e7", "e8", "e9"),
        guard=Guard.PREVENTED,
    ),
    Case(
        mode="3.1",
        name="a section of white space",
        injected="A section holds one sentence of blanks.",
        spoils={"section_writer": writing("s3", ("   ", "e7"))},
        seen=cites_nothing_of("e8", "e9"),
        guard=Guard.PREVENTED,
    ),
    Case(
        mode="3.1",
        name="accepted after two sections",
        injected="Whoever chooses speakers sends two sections of three to the reviewer.",
        spoils={"selector": choosing({"section_writer": "reviewer"}, turns=3)},
        seen=cites_nothing_of("e7", "e8", "e9"),
        guard=Guard.PREVENTED,
    ),
    Case(
        mode="3.1",
        name="plan cut off",
        injected="The planner's answer ends at its length limit, whenever it is asked.",
        lines=(Line(agent="planner", fault=Fault.TRUNCATED, times=None),),
        seen=cites_nothing_of("e7", "e8", "e9"),
        guard=Guard.PREVENTED,
    ),
)

_PLANTED: Final = adding("s1", FALSE, "e2")

UNCHECKED: Final = (
    Case(
        mode="3.2",
        name="empty fact check",
        injected="The judge answers with no verdict at all; one sentence is false.",
        spoils={"section_writer": _PLANTED, "fact_checker": saying({})},
        planted=(FALSE,),
        seen=says(FALSE),
        guard=Guard.PREVENTED,
    ),
    Case(
        mode="3.2",
        name="half a fact check",
        injected="The judge stops half-way, before the false sentence.",
        spoils={
            "section_writer": adding(
                "s3", "Turning the heap in dry summers is for open heaps.", "e9"
            ),
            "fact_checker": _first_half,
        },
        planted=("Turning the heap in dry summers is for open heaps.",),
        seen=says("is for open heaps"),
        guard=Guard.PREVENTED,
    ),
    Case(
        mode="3.2",
        name="fact check passed over",
        injected="Whoever chooses speakers goes from the writer to the reviewer.",
        spoils={
            "section_writer": _PLANTED,
            "selector": choosing({"fact_checker": "reviewer"}),
        },
        planted=(FALSE,),
        seen=says(FALSE),
        guard=Guard.PREVENTED,
    ),
    Case(
        mode="3.2",
        name="revision not checked again",
        injected="The reviser puts a false sentence in; the chooser goes on to the reviewer.",
        spoils={
            "reviewer": objecting(_TAKE_OUT),
            "reviser": revising(sentence(_FIRST, "e1"), sentence(FALSE, "e2")),
            "selector": choosing({"fact_checker": "reviewer"}, after="reviser"),
        },
        planted=(FALSE,),
        seen=says(FALSE),
        guard=Guard.PREVENTED,
    ),
    Case(
        mode="3.2",
        name="a number where nobody checks",
        injected="The planner puts a false temperature into a heading.",
        spoils={"planner": heading(1, "The temperature inside a hot heap: 95 degrees")},
        seen=says("95 degrees"),
        guard=Guard.PREVENTED,
    ),
    Case(
        mode="3.2",
        name="no judge to be had",
        injected="The fact checker's endpoint denies access; one sentence is false.",
        spoils={"section_writer": _PLANTED},
        lines=(Line(agent="fact_checker", fault=Fault.HTTP_401, times=None),),
        seen=says(FALSE),
        guard=Guard.PREVENTED,
    ),
)


def _wrongly_supported(
    name: str, injected: str, item: str, text: str, cited: str, *, declared: bool = True
) -> Case:
    """A false sentence that the judge supports."""
    return Case(
        mode="3.3",
        name=name,
        injected=f"{injected}; the judge supports it.",
        spoils={"section_writer": adding(item, text, cited)},
        lenient=True,
        seen=says(text),
        guard=Guard.DETECTED if declared else Guard.REDUCED,
        declared=declared,
    )


MISJUDGED: Final = (
    _wrongly_supported(
        "false number",
        "90 degrees instead of 40",
        "s2",
        "A hot heap passes 90 degrees Celsius within four days.",
        "e4",
    ),
    _wrongly_supported(
        "false number in words",
        "Fourteen days instead of four",
        "s2",
        "A hot heap passes 40 degrees Celsius within fourteen days.",
        "e4",
    ),
    _wrongly_supported(
        "another unit",
        "Fahrenheit instead of Celsius",
        "s2",
        "A hot heap passes 40 degrees Fahrenheit within four days.",
        "e4",
    ),
    _wrongly_supported(
        "the other side of a bound",
        "Below 55 degrees instead of above",
        "s2",
        "Three days below 55 degrees Celsius inside the heap kill most weed seeds.",
        "e6",
    ),
    _wrongly_supported(
        "invented authority",
        "A professor whom no source knows",
        "s3",
        "Turning the heap once a week is enough in the first month, says Ada Lindqvist.",
        "e7",
    ),
    _wrongly_supported(
        "invented quotation",
        "Words in quotation marks that no source has",
        "s3",
        'Turning the heap once a week is "the first rule of every month".',
        "e7",
    ),
    _wrongly_supported(
        "negation put in",
        "A `not` that the source does not have",
        "s3",
        "Turning the heap once a week is not enough in the first month.",
        "e7",
    ),
    _wrongly_supported(
        "roles swapped",
        "Greens and browns change places",
        "s1",
        "Two to three buckets of greens for every bucket of browns is a simple rule for a heap.",
        "e1",
    ),
    _wrongly_supported(
        "false in the sources' words",
        "Browns instead of greens are rich in nitrogen",
        "s1",
        FALSE,
        "e2",
        declared=False,
    ),
)

CASES: Final = (*PREMATURE, *UNCHECKED, *MISJUDGED)
