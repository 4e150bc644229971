"""Flow files as text: YAML 1.2, strict, bounded, and complaints that name place and remedy."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.flow import Gate, Step
from services.errors import FlowInvalidError
from services.flows.document import FlowFile, read_file, read_text
from services.flows.file_text import FLOW_FILE_BYTES
from tests.toys import HEAD

FLOW: Final = (
    HEAD
    + """
slots: {first: Note@1, parts: [Note@1]}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""
)


def _read(old: str = "", new: str = "") -> FlowFile:
    assert old in FLOW
    return read_text("toy.yaml", FLOW.replace(old, new) if old else FLOW)


def _refused(text: str) -> str:
    with pytest.raises(FlowInvalidError) as refused:
        read_text("toy.yaml", text)
    return str(refused.value)


@pytest.mark.parametrize("word", ["no", "on", "off", "yes", "y", "12:30", "2026-01-02", "1e"])
def test_words_stay_words(word: str) -> None:
    """YAML 1.2: what older YAML took for truth values, times and dates is text."""
    assert _read("summary: A toy.", f"summary: {word}").document.summary == word


def test_an_old_yaml_directive_changes_nothing() -> None:
    """Even a file that asks for YAML 1.1 keeps `no` and `on` as text."""
    text = "%YAML 1.1\n---\n" + FLOW.replace("summary: A toy.", "summary: no")

    assert read_text("toy.yaml", text).document.summary == "no"


@pytest.mark.parametrize(
    ("number", "expected"),
    [("12", 12), ("0x1F", 31), ("0o17", 15), ("010", 10), ("1_000", 1000), ("+7", 7)],
)
def test_numbers_are_those_of_yaml_1_2(number: str, expected: int) -> None:
    """Whole numbers are decimal unless they say otherwise; a leading nought says nothing."""
    read = _read("model_calls: 50", f"model_calls: {number}")

    assert read.document.budget.model_calls == expected


@pytest.mark.parametrize("number", ["0x", "-_", "!!int many", "1.5", ".inf", "9" * 5000, "~", "''"])
def test_what_only_looks_like_a_number_is_refused(number: str) -> None:
    """What is no whole number is refused at its line, and never a crash."""
    complaint = _refused(FLOW.replace("model_calls: 50", f"model_calls: {number}"))

    assert complaint.startswith("toy.yaml:6: FO104 budget.model_calls: ")
    assert " is not a whole number\n" in complaint


@pytest.mark.parametrize(
    ("amount", "microusd"), [("2.00", 2_000_000), ("0", 0), ("1", 1_000_000), ("0.000001", 1)]
)
def test_money_is_read_in_dollars(amount: str, microusd: int) -> None:
    """A budget is written in dollars and kept in whole micro-dollars."""
    assert _read("usd: 1.00", f"usd: {amount}").document.budget.usd == microusd


@pytest.mark.parametrize("amount", [".inf", ".nan", "1e400", "1e308", "true", "'2'", "-1"])
def test_what_is_no_amount_of_money_is_refused(amount: str) -> None:
    """Infinite, negative and quoted amounts are refused at their line."""
    complaint = _refused(FLOW.replace("usd: 1.00", f"usd: {amount}"))

    assert complaint.startswith("toy.yaml:6: FO104 budget.usd: ")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("72h", 259_200), ("7d", 604_800)]
)
def test_durations_carry_their_unit(text: str, seconds: int) -> None:
    """A duration is a number and a unit, kept in seconds."""
    assert _read("10m", text).document.budget.working_time == seconds


@pytest.mark.parametrize(
    "text", ["10", "10 m", "m", "1w", "0m", "-1m", "1.5h", "1h30m", "PT1H", "3651d", "9" * 30 + "d"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    """A number without a unit, nought, unknown units and waits over ten years are refused."""
    complaint = _refused(FLOW.replace("10m", text))

    assert complaint.startswith("toy.yaml:6: FO104 budget.working_time: ")
    assert "remedy: Change it as the message says." in complaint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("99999999999d", "99999999999d is longer than 3650d, the longest there is"),
        ("9" * 5000 + "s", "9" * 60 + " is longer than 3650d, the longest there is"),
        ("0h", "0h is no time at all; the shortest there is is 1s"),
        ("07d", "'07d' is no duration; write a number and s, m, h or d, as in 30m"),
    ],
)
def test_a_duration_that_cannot_be_says_what_is_wrong_with_it(text: str, told: str) -> None:
    """Too long and none at all are durations; they are not said to be something else."""
    assert f"FO104 budget.working_time: {told}\n" in _refused(FLOW.replace("10m", text))


def test_slots_hold_one_value_or_a_list() -> None:
    """`Note@1` is one value, `[Note@1]` the items of a fan-out."""
    slots = _read().document.slots

    assert slots == {"first": "Note@1", "parts": "[Note@1]"}


@pytest.mark.parametrize("kind", ["[]", "[Note@1, Note@1]", "[[Note@1]]", "{a: Note@1}", "1", "~"])
def test_a_slot_type_is_a_contract_or_a_list_of_one(kind: str) -> None:
    """A list of two, an empty list, a mapping or a number is no type of a slot."""
    complaint = _refused(FLOW.replace("parts: [Note@1]", f"parts: {kind}"))

    assert "toy.yaml:16: FO104 slots.parts: " in complaint


READS = [
    ("start", ("start", "start", False, False)),
    ('"start?"', ("start", "start", True, False)),
    ("{note: start}", ("note", "start", False, False)),
    ('{note: "start?"}', ("note", "start", True, False)),
    ("{slot: start, stale: allowed}", ("start", "start", False, True)),
    ('{slot: "start?", stale: allowed, input: note}', ("note", "start", True, True)),
    ("{slot: start, input: note}", ("note", "start", False, False)),
]


@pytest.mark.parametrize(("text", "expected"), READS, ids=[text for text, _ in READS])
def test_a_read_names_input_and_slot(text: str, expected: tuple[str, str, bool, bool]) -> None:
    """A read says which slot it takes, under which name, and whether it may be missing or old."""
    step = _read("reads: [start]", f"reads: [{text}]").document.steps["one"]

    assert isinstance(step, Step)
    [read] = step.reads
    assert (read.input, read.slot, read.optional, read.stale_allowed) == expected


@pytest.mark.parametrize(
    "text",
    [
        "3",
        "[start]",
        "{}",
        "{a: start, b: start}",
        "{slot: start, stale: yes}",
        "{slot: start, old: allowed}",
        "{slot: 3}",
        "{note: [start]}",
        "Start",
        "'?'",
    ],
)
def test_what_is_no_read_is_refused(text: str) -> None:
    """Anything else in `reads` is refused at its line."""
    complaint = _refused(FLOW.replace("reads: [start]", f"reads: [{text}]"))

    assert complaint.startswith("toy.yaml:19: FO104 steps.one.reads.0")


RULES = [
    "[]",
    "[{when: first.score == 1}]",
    "[{to: done}]",
    "[{else: done, at_most: 1}]",
    "[{else: done, to: done}]",
    "[{when: first.score == 1, to: done, at_most: 0}]",
    "[{otherwise: done}]",
    "[done]",
    "3",
]


@pytest.mark.parametrize("rules", RULES)
def test_a_rule_has_a_condition_and_a_target_or_is_the_default(rules: str) -> None:
    """Half a rule, an empty list and a default that could be used up are refused."""
    complaint = _refused(FLOW.replace("next: done", f"next: {rules}"))

    assert "steps.one.next" in complaint
    assert complaint.startswith("toy.yaml:19: FO10")


GATE = (
    "{gate: editor, shows: [first], writes: d, deadline: 1h, on_deadline: {to: failed}, next: done}"
)
HELP = (
    "{gate: op, answers: failure, allow: [stop], stop: failed, deadline: 1h,"
    " on_deadline: {to: failed}}"
)


def _gate(text: str) -> str:
    return FLOW.replace("ends:", f"  ask: {text}\nends:")


@pytest.mark.parametrize("text", [GATE, HELP])
def test_there_are_two_kinds_of_gates(text: str) -> None:
    """A gate shows values and writes a decision, or it answers failures."""
    assert isinstance(read_text("toy.yaml", _gate(text)).document.steps["ask"], Gate)


def test_a_gate_shows_as_a_step_reads() -> None:
    """What is shown may be optional, and may be meant to be old."""
    shows = 'shows: [first, "parts?", {slot: d, stale: allowed}]'
    gate = read_text("toy.yaml", _gate(GATE.replace("shows: [first]", shows))).document.steps["ask"]

    assert isinstance(gate, Gate)
    assert [(read.slot, read.optional, read.stale_allowed) for read in gate.shows] == [
        ("first", False, False),
        ("parts", True, False),
        ("d", False, True),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GATE.replace("writes: d, ", ""), "a gate needs shows, writes and next"),
        (GATE.replace("shows: [first], ", ""), "a gate needs shows, writes and next"),
        (GATE.replace(", next: done", ""), "a gate needs shows, writes and next"),
        (GATE.replace("deadline: 1h, ", ""), "'deadline' is missing"),
        (GATE.replace(", on_deadline: {to: failed}", ""), "'on_deadline' is missing"),
        (GATE.replace("next: done", "next: []"), "a gate needs shows, writes and next"),
        (HELP.replace("allow: [stop]", "allow: []"), "allow lists what a person may do"),
        (HELP.replace("stop: failed, ", ""), "`stop` names the end it leads to"),
        (HELP.replace("allow: [stop]", "allow: [retry]"), "`stop` names the end it leads to"),
        (
            HELP.replace("allow: [stop]", "allow: [stop, guess]"),
            '"guess" is none of retry, supply, raise_budget, go, stop',
        ),
        (
            HELP.replace("gate: op,", "gate: op, shows: [first],"),
            "takes allow, stop, a deadline, remind and escalate only",
        ),
    ],
)
def test_a_gate_is_wholly_of_one_kind(text: str, message: str) -> None:
    """A gate without a deadline, or with half of what its kind needs, is refused at its line."""
    complaint = _refused(_gate(text))

    assert complaint.startswith("toy.yaml:20: FO10")
    assert message in complaint


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("output: first", "reason: Why not.", "an end that succeeded names its output"),
        ("outcome: failed}", "outcome: failed, output: first}", "and no other does"),
        (
            "outcome: failed}",
            "outcome: lost}",
            '"lost" is none of succeeded, rejected, failed, expired',
        ),
    ],
)
def test_only_success_has_an_output(old: str, new: str, message: str) -> None:
    """A run that succeeded names what came of it; no other end does."""
    assert message in _refused(FLOW.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "  failed: {out",
            "  one: {outcome: failed}\n  failed: {out",
            "'one' is a step and an end",
        ),
        ("first: Note@1, p", "start: Note@1, first: Note@1, p", "'start' is an input and a slot"),
    ],
)
def test_names_are_used_once(old: str, new: str, message: str) -> None:
    """Steps, gates and ends share one set of names, inputs and slots another."""
    assert message in _refused(FLOW.replace(old, new))


PLANS = [
    ("timed_out: {retry: 1, then: failed}", "cancelled: {then: failed}", "no kind of failure"),
    ("timed_out: {retry: 1, then: failed}", "bug: {then: failed}", "no kind of failure"),
    ("malformed: {repair: 1", "malformed: {retry: 1", "malformed cannot be retried"),
    ("malformed: {repair: 1", "malformed: {retry_for: 1m", "malformed cannot be retried"),
    ("malformed: {repair: 1", "malformed: {repair: 6", "6 is too much"),
    ("retry: 3", "retry: 51", "51 is too much"),
    ("otherwise: {", "otherwise: {at_most: 1, ", "otherwise takes `then` alone"),
    ("otherwise: {", "otherwise: {retry: 1, ", "otherwise cannot be retried"),
    ("otherwise: {then: failed}", "otherwise: {}", "otherwise takes `then` alone"),
]


@pytest.mark.parametrize(("old", "new", "message"), PLANS)
def test_a_failure_plan_does_what_can_be_done(old: str, new: str, message: str) -> None:
    """Only what may pass is retried, only so often, and the last resort has no conditions."""
    complaint = _refused(FLOW.replace(old, new))

    assert message in complaint
    assert " on_failure" in complaint


@pytest.mark.parametrize("name", ["step", "gate"])
def test_a_step_may_be_called_as_it_likes(name: str) -> None:
    """A problem in a step named like a word of ours is still found at its line."""
    text = FLOW.replace(
        "ends:", f"  {name}: {{agent: 3, reads: [], writes: first, next: done}}\nends:"
    )

    assert _refused(text).startswith(f"toy.yaml:20: FO104 steps.{name}.agent: ")


NO_FLOWS = [
    ("nothing", "", "1: FO107 file: a flow file is a mapping", "Begin with `flow: name`."),
    ("a comment", "# later\n", "1: FO107 file: a flow file is a mapping", "Begin with"),
    ("a list", "- flow: toy\n", "1: FO107 file: a flow file is a mapping", "Begin with"),
    ("a word", "flow", "1: FO107 file: a flow file is a mapping", "Begin with"),
    ("a tab", "flow: toy\n\tversion: 1\n", "2: FO105 file: this is not YAML: ", "with spaces"),
    ("a bell", "flow: \x07\n", "1: FO105 file: this is not YAML: the character U+0007", "Remove"),
    ("a nought byte", "a: b\nc: \x00\n", "2: FO105 file: this is not YAML: ", "Remove the"),
    ("an open bracket", "flow: [\n", "2: FO105 file: this is not YAML: ", "brackets"),
    ("an open list", "a: [b\nc: d]\n", "2: FO105 file: this is not YAML: ", "Close the bracket"),
    ("an open quote", "a: 'b\nc: d\n", "3: FO105 file: this is not YAML: ", "Close the quotation"),
    ("a colon", "summary: A: b\n", "1: FO105 file: this is not YAML: ", "Quote the text"),
    ("two documents", "flow: a\n---\nb: c\n", "2: FO105 file: this is not YAML: ", "one flow"),
    ("an unknown alias", "flow: *toy\n", "1: FO105 file: this is not YAML: found und", "anchor"),
    ("a future YAML", "%YAML 3.0\n---\nflow: a\n", "1: FO105 file: this is not YAML", "%YAML"),
    ("a list as a key", "? [a, b]\n: c\n", "1: FO107 file: a key is one word", "Quote it"),
    ("a map as a key", "a: b\n{a: b}: c\n", "2: FO107 file: a key is one word", "Quote it"),
]


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [each[1:] for each in NO_FLOWS],
    ids=[each[0] for each in NO_FLOWS],
)
def test_what_is_no_flow_file_says_so(text: str, message: str, remedy: str) -> None:
    """Text that is not YAML, or no mapping, is one finding with a code, the line, the remedy."""
    complaint = _refused(text)

    assert complaint.startswith(f"toy.yaml:{message}")
    assert remedy in complaint.splitlines()[-1]
    assert complaint.count("remedy: ") == 1


def _laughs(levels: int) -> str:
    """Ten aliases to ten aliases to ten aliases, and so on."""
    first = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n"
    repeated = (
        f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 10)}]\n"
        for level in range(1, levels)
    )
    return first + "".join(repeated)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_laughs(15), "says over 50000 things, aliases spelt out"),
        ("l: &l [*l]\n", "nests over 20 levels deep"),
        ("l: &l {l: *l}\n", "nests over 20 levels deep"),
        ("x: " + "[" * 400 + "]" * 400, "nests over 20 levels deep"),
        ("{a: " * 2000, "nests over 20 levels deep"),
    ],
    ids=["a billion laughs", "a list in itself", "a map in itself", "deep lists", "deep maps"],
)
@pytest.mark.timeout(20)
def test_a_file_that_would_never_end_is_bounded(text: str, message: str) -> None:
    """Aliases of aliases and endless nesting are refused in seconds, with a sentence."""
    assert message in _refused(text)


def test_an_alias_repeats_what_its_anchor_says() -> None:
    """Within the bounds an alias means what stands at its anchor."""
    text = FLOW.replace("input: {start: Note@1}", "input: {start: &note Note@1}")

    read = read_text("toy.yaml", text.replace("first: Note@1", "first: *note"))

    assert read.document.slots["first"] == "Note@1"


def test_tags_run_nothing() -> None:
    """A tag that would make another loader call a function is so much text here."""
    text = FLOW.replace("summary: A toy.", "summary: !!python/object/apply:os.getcwd []")

    assert "FO104 summary: a list is not a name or text" in _refused(text)


def test_all_problems_are_told_at_once() -> None:
    """An author sees every problem of the file, from top to bottom."""
    text = FLOW.replace("version: 1", "version: 0").replace("start: one", "start: one\nstart: two")
    text = text.replace("outcome: failed}", "outcome: lost}")

    codes = [line.split()[1] for line in _refused(text).splitlines() if line.startswith("toy.yaml")]

    assert codes == ["FO104", "FO101", "FO104"]


def test_a_complaint_shows_only_so_much_of_a_line() -> None:
    """A line of a megabyte does not make a message of a megabyte."""
    complaint = _refused(FLOW + "more: " + "x" * 10_000)

    assert len(complaint) < 1000


def test_the_digest_is_over_the_file_as_written() -> None:
    """A comment changes the file and so its digest, and nothing else."""
    plain, commented = _read(), read_text("toy.yaml", FLOW + "# checked\n")

    assert plain.document == commented.document
    assert plain.digest != commented.digest


def test_a_byte_order_mark_is_no_part_of_the_flow(tmp_path: Path) -> None:
    """A file that an editor saved with a byte order mark reads like any other."""
    path = tmp_path / "toy.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + FLOW.encode())

    assert read_file(path).document == _read().document


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (b"\xff\xfe\x00flow", "it cannot be read: it is not UTF-8 text"),
        (bytes(range(256)), "it cannot be read: it is not UTF-8 text"),
        (b"#" * (FLOW_FILE_BYTES + 1), "it is over 1 MiB; that is no flow file"),
    ],
    ids=["UTF-16", "binary", "over 1 MiB"],
)
def test_a_file_that_cannot_be_a_flow_says_why(tmp_path: Path, stored: bytes, reason: str) -> None:
    """Binary files and large ones are refused by name before anybody parses them."""
    path = tmp_path / "toy.yaml"
    path.write_bytes(stored)

    with pytest.raises(FlowInvalidError, match=r"toy\.yaml") as refused:
        read_file(path)

    assert f"toy.yaml: FO106 file: {reason}" in str(refused.value)


@pytest.mark.parametrize(("name", "reason"), [("gone.yaml", "No such file"), (".", "Is a dir")])
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, name: str, reason: str) -> None:
    """A missing file or a folder is refused with the system's own words."""
    with pytest.raises(FlowInvalidError, match=f"cannot be read: {reason}"):
        read_file(tmp_path / name)


_BREAKERS: Final = (
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "'",
    '"',
    "- ",
    "? ",
    "!!int ",
    "!!map ",
    "!x ",
)
_FRAGMENTS: Final = (
    *_BREAKERS,
    *("flow: a\n", "steps:\n", "  one: ", "|\n", ">\n", "  ", ": ", "<<: ", "---\n", "\t", "\n"),
)


@given(st.lists(st.sampled_from(_FRAGMENTS), max_size=12).map("".join))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_no_text_makes_the_loader_fail_in_another_way(text: str) -> None:
    """Whatever stands in a file, reading it ends in a flow or in a complaint about it."""
    with pytest.raises(FlowInvalidError):
        read_text("toy.yaml", text)
