"""The check of a flow: every finding, at its line, with what would mend it."""

import re

import pytest
from pydantic import Field

from contracts.base import Contract, Part
from contracts.registry import Registry
from services.catalogue import catalogue
from services.errors import FlowInvalidError
from services.flows.document import read_text
from services.settings import Settings
from tests.toys import HEAD, Note, NoteItem, errors_of, toy, toy_errors
from tests.unit.workflows.driven import an_agent
from tests.unit.workflows.mutations import ARTICLE, MUTATIONS, Mutation
from workflows.checking.check import check


def _complaint(text: str) -> str:
    """Everything that loading and checking the article flow has to say; empty when it is sound."""
    try:
        file = read_text("article.yaml", text)
    except FlowInvalidError as error:
        return str(error)
    return errors_of(file, catalogue(Settings.from_environ({})))


def _codes(complaint: str) -> set[str]:
    return set(re.findall(r"^\S+:\d+: (FO\d{3}) ", complaint, re.MULTILINE))


def test_the_shipped_article_flow_is_sound() -> None:
    """The flow that comes with the product has no finding."""
    assert _complaint(ARTICLE) == ""


@pytest.mark.parametrize(
    "mutation", MUTATIONS, ids=[f"{each.code} {each.new.strip()[:40]}" for each in MUTATIONS]
)
def test_a_slip_is_found_where_it_is(mutation: Mutation) -> None:
    """One slip gives one kind of finding: file, line, key, what is wrong, the line, the remedy."""
    complaint = _complaint(mutation.text())

    first, shown, _, remedy = complaint.splitlines()[:4]
    assert _codes(complaint) == {mutation.code}
    assert first.startswith(
        f"article.yaml:{mutation.line_number()}: {mutation.code} {mutation.place}: "
    )
    assert mutation.message in first
    assert mutation.line.strip() in shown
    assert remedy.startswith("    remedy: ")
    assert mutation.remedy in remedy


TRAP = """
flow: toy
version: 1
summary: Whoever is sent to `wait` never comes out.
input: {start: Note@1}
slots: {first: Note@1, decision: Decision@1}
budget: {model_calls: 1, tokens: 1, usd: 0, working_time: 1m}
on_failure: {otherwise: {then: failed}}
start: one
steps:
  one:
    agent: one
    reads: [start]
    writes: first
    next:
      - {when: "first.score > 50", to: wait}
      - {else: done}
  wait:
    gate: editor
    shows: [first]
    writes: decision
    deadline: 1h
    on_deadline: {to: wait}
    next: wait
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


def _toy_complaint(text: str) -> str:
    return toy_errors(text, toy("one", lambda given: Note()).declaration)


def test_a_place_from_which_nothing_ends_is_found() -> None:
    """A gate that only leads to itself is a dead end, told once and not as a loop as well."""
    complaint = _toy_complaint(TRAP)

    assert _codes(complaint) == {"FO304"}
    assert "toy.yaml:18: FO304 steps.wait: no path from here leads to an end" in complaint


def test_findings_are_listed_by_line() -> None:
    """An author reads findings from the top of the file to its bottom, all at once."""
    text = ARTICLE.replace("agent: planner", "agent: planer").replace(
        "review.verdict == 'revise'", "review.verdict == 'revised'"
    )

    lines = [int(line) for line in re.findall(r"^article.yaml:(\d+):", _complaint(text), re.M)]

    assert len(lines) == 2
    assert lines == sorted(lines)


def test_paths_are_walked_only_when_names_are_known() -> None:
    """A misspelt step is one finding, not also a dozen about what can no longer be reached."""
    text = ARTICLE.replace("next: research}", "next: resaerch}")

    assert _complaint(text).count("FO") == 1


FAN_OUTS = [
    ("part of start.items", "'part of start.items' is no fan-out"),
    ("part in start", "'part in start' is no fan-out"),
    ("part in nothing.items", "there is no slot 'nothing'"),
    ("part in start.score", "score is no list"),
    ("part in start.items.id", "goes through something that has no fields"),
]


@pytest.mark.parametrize(("each", "message"), FAN_OUTS)
def test_a_fan_out_walks_a_bounded_list(each: str, message: str) -> None:
    """`each` names a variable and a list field; anything else is told what it is instead."""
    complaint = _toy_complaint(
        HEAD
        + f"""
slots: {{parts: [Note@1]}}
start: one
steps:
  one: {{agent: one, each: {each}, reads: [start], writes: parts, next: done}}
ends:
  done: {{outcome: succeeded, output: parts}}
  failed: {{outcome: failed}}
"""
    )

    assert message in complaint


class Row(Part):
    """An element without an id."""

    name: str


class Table(Contract, version=1):
    """A list without bounds, of elements that cannot be told apart."""

    rows: tuple[Row, ...] = ()


def test_a_list_without_bounds_or_keys_is_not_walked() -> None:
    """A fan-out needs to know how many instances there can be, and by what to call them."""
    text = HEAD.replace("Note@1", "Table@1") + (
        """
slots: {parts: [Note@1]}
start: one
steps:
  one: {agent: one, each: part in start.rows, reads: [start], writes: parts, next: done}
ends:
  done: {outcome: succeeded, output: parts}
  failed: {outcome: failed}
"""
    )
    file = read_text("toy.yaml", text)
    one = toy("one", lambda given: Note(), start="Table@1", part="Table@1.rows[]").declaration

    findings = check(file.document, {"one": one}, Registry.of([Table, Note]))

    assert [(each.code, each.message) for each in findings] == [
        ("FO209", "start.rows has no bounds, so the fan-out has none"),
        ("FO209", "what start.rows lists has no `id` to tell items by"),
    ]


def _one_step(each: str, receives: dict[str, str]) -> list[tuple[str, str, str]]:
    """What is wrong with the form of a flow of one step that walks the table it is given."""
    text = HEAD.replace("Note@1", "Table@1") + (
        f"""
slots: {{parts: [Note@1]}}
start: one
steps:
  one: {{agent: one, each: {each}, reads: [], writes: parts, next: done}}
ends:
  done: {{outcome: succeeded, output: parts}}
  failed: {{outcome: failed}}
"""
    )
    one = an_agent("one").model_copy(update={"receives": receives})
    findings = check(read_text("toy.yaml", text).document, {"one": one}, Registry.of([Keyed, Note]))
    return [(each.code, each.message, each.remedy) for each in findings]


class Keyed(Contract, name="Table", version=1):
    """A bounded list of elements that can be told apart."""

    rows: tuple[NoteItem, ...] = Field(min_length=1, max_length=3)


@pytest.mark.parametrize(
    ("receives", "message", "remedy"),
    [
        ({"item": "Table@1.rows[]"}, "has no input 'row'", "Write: item in start.rows"),
        (
            {"row": "Note@1.items[]"},
            "receives 'row' as Note@1.items[]",
            "Walk Note@1.items[], which one takes item by item.",
        ),
    ],
)
def test_an_item_that_the_agent_does_not_take_is_told_with_what_it_takes(
    receives: dict[str, str], message: str, remedy: str
) -> None:
    """Nobody receives anything "as nothing": the agent has no such input, or of another kind."""
    told = [each for each in _one_step("row in start.rows", receives) if each[0] == "FO207"]

    assert told == [("FO207", f"one {message}, and this hands it Table@1.rows[]", remedy)]


RULED = """
slots: {first: Note@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: RULES}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""
OVER = '{when: "first.score > 1", to: failed}'


@pytest.mark.parametrize(
    ("rules", "place", "remedy"),
    [
        (f"[{{else: done}}, {OVER}]", 1, "Move `else` to the end."),
        ("[{else: done}, {else: failed}]", 1, "Keep one `else`, at the end."),
        (f"[{OVER}]", 0, "End the list with {else: name}."),
    ],
)
def test_one_slip_in_the_order_of_rules_is_one_finding(rules: str, place: int, remedy: str) -> None:
    """A default in the wrong place is not also said to be missing."""
    file = read_text("toy.yaml", HEAD + RULED.replace("RULES", rules))
    one = toy("one", lambda given: Note()).declaration

    (found,) = check(file.document, {"one": one}, Registry.of([Note]))

    assert (found.code, found.place, found.remedy) == (
        "FO212",
        ("steps", "one", "next", place),
        remedy,
    )


def test_a_fan_out_over_what_is_not_there_is_found() -> None:
    """The list that a fan-out walks has to be written on every path before."""
    text = f"""{HEAD}
slots: {{first: Note@1, parts: [Note@1]}}
start: one
steps:
  one: {{agent: one, each: part in first.items, reads: [start], writes: parts, next: done}}
ends:
  done: {{outcome: succeeded, output: parts}}
  failed: {{outcome: failed}}
"""
    one = toy("one", lambda given: Note(), start="Note@1", part="Note@1.items[]").declaration

    complaint = toy_errors(text, one)

    assert _codes(complaint) == {"FO302"}
    assert "FO302 steps.one.each: first holds no value on some path" in complaint


def test_a_long_flow_is_checked() -> None:
    """A chain of more steps than Python nests calls is checked like any other."""
    steps = "".join(
        f"  s{number}: {{agent: one, reads: [start], writes: first, next: s{number + 1}}}\n"
        for number in range(1100)
    )
    text = f"""{HEAD}
slots: {{first: Note@1}}
start: s0
steps:
{steps}  s1100: {{agent: one, reads: [start], writes: first, next: done}}
ends:
  done: {{outcome: succeeded, output: first}}
  failed: {{outcome: failed}}
"""

    assert _toy_complaint(text) == ""


LOOP = """
slots: {first: Note@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: two}
  two:
    agent: one
    reads: [start]
    writes: first
    next:
      - {when: "first.score > 1", to: done}
      - {else: one}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


def test_a_way_out_does_not_bound_a_loop() -> None:
    """A loop that a model could keep going for ever is found, though it has a way out."""
    assert "toy.yaml:26: FO303 steps.two.next.1: this closes a loop back to one" in _toy_complaint(
        HEAD + LOOP
    )


def test_a_failure_that_leads_back_is_a_loop_too() -> None:
    """A plan that sends a failed step back to an earlier one has to be counted."""
    text = (
        (HEAD + LOOP)
        .replace("else: one", "else: done")
        .replace(
            "  two:\n    agent: one\n",
            "  two:\n    agent: one\n    on_failure: {empty: {then: one}}\n",
        )
    )
    counted = text.replace("{then: one}", "{then: one, at_most: 2}")

    assert "FO303 steps.two.on_failure.empty" in _toy_complaint(text)
    assert _toy_complaint(counted) == ""


PEOPLE = """
slots: {first: Note@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: done}
  help:
    gate: operator
    answers: failure
    allow: [retry, stop]
    stop: failed
    deadline: 1h
    on_deadline: {to: failed}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


@pytest.mark.parametrize(("at_most", "codes"), [("", {"FO303"}), (", at_most: 2", set())])
def test_people_are_asked_a_bounded_number_of_times(at_most: str, codes: set[str]) -> None:
    """A step that a person may retry whenever it fails is a loop, and has to be counted."""
    head = HEAD.replace("otherwise:", f"empty: {{then: help{at_most}}}\n  otherwise:")

    assert _codes(_toy_complaint(head + PEOPLE)) == codes


def test_what_a_person_supplies_counts_as_written() -> None:
    """After a supplied value the steps behind it find their input, so nothing is unset."""
    head = HEAD.replace("otherwise:", "empty: {then: help, at_most: 1}\n  otherwise:")
    text = head + PEOPLE.replace("[retry, stop]", "[retry, supply, stop]")

    assert _toy_complaint(text) == ""


ONE = """
slots: {first: Note@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


def test_a_step_that_is_skipped_after_a_failure_leaves_its_slot_unset() -> None:
    """When a plan leads past the failed step, what the step would have written is unset there."""
    head = HEAD.replace("otherwise:", "empty: {then: done}\n  otherwise:")

    complaint = _toy_complaint(head + ONE)

    assert _codes(complaint) == {"FO302"}
    assert "ends.done.output: first holds no value on some path" in complaint
