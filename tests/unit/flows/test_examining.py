"""Findings with their place: line, caret, and no slip that hides another."""

from dataclasses import replace

import pytest

from services.catalogue import catalogue
from services.flows.compile import Catalogue
from services.flows.examining import examine_text, one_of_each_name
from services.flows.telling import tell
from services.settings import Settings
from workflows.checking.examples import LETTER, PLAN
from workflows.checking.located import LocatedFinding


@pytest.fixture(scope="module")
def agents() -> Catalogue:
    """The shipped agents, as the default settings have them."""
    return catalogue(Settings.from_environ({}))


def _found(agents: Catalogue, old: str, new: str, flow: str = LETTER) -> list[LocatedFinding]:
    assert flow.count(old) == 1
    return list(examine_text("a.yaml", flow.replace(old, new), agents).findings)


def _pointed_at(finding: LocatedFinding) -> str | None:
    if finding.column is None or finding.end_column is None:
        return None
    return finding.shown[finding.column - 1 : finding.end_column - 1]


CARETS = [
    ("agent: planner", "agent: planer", "planer"),
    ("  assemble: {agent: assembler,", "  assemble: {agent: reviser,", "reads"),
    ("parallel: 4", "paralel: 4", "paralel"),
    ("parallel: 4", "parallel: four", "four"),
    ("parallel: 4", "parallel: 4\n    parallel: 5", "parallel"),
    ("parallel: 4", "parallel: ", "parallel"),
    ("parallel: 4", 'parallel: "4"', '"4"'),
    ("parallel: 4", "parallel:\n      999", "parallel"),
    ("      - {else: rejected}", "      - {else: rejectd}", "rejectd"),
    ("      - {else: rejected}", "      - else: rejectd", "rejectd"),
    ("'edited'\", to: fact_check", "'edited'\", to: edited", "edited"),
    (
        "{agent: fact_checker, reads: [draft,",
        "{agent: fact_checker, reads: [{draft: drft},",
        "drft",
    ),
    ("decision.verdict == 'approve'", "decision.mood == 'approve'", "mood"),
    ("version: 1\n", "version: 1 # one\nsummery: an é\n", "summery"),
    ("steps:\n", "steps: &all\n  7: {}\n", "7"),
]


@pytest.mark.parametrize(("old", "new", "word"), CARETS)
def test_a_caret_points_at_the_very_word(agents: Catalogue, old: str, new: str, word: str) -> None:
    """The column is that of the word meant: an unknown name, a value, else the key."""
    finding = _found(agents, old, new)[0]

    assert _pointed_at(finding) == word


def test_the_caret_stands_under_what_it_points_at(agents: Catalogue) -> None:
    """Tabs and characters of two columns before it are passed over as a terminal shows them."""
    [finding] = _found(agents, "  draft: Draft@1", "  # \t漢字\n  draft: Draft@1, x", LETTER)[:1]
    wide = finding.model_copy(
        update={"shown": "\t漢: {agent: planer}", "column": 13, "end_column": 19}
    )

    _, shown, caret, *_ = tell(wide).splitlines()

    assert shown.endswith("| \t漢: {agent: planer}")
    assert caret == "         | \t" + " " * 12 + "^^^^^^"


def test_one_slip_does_not_hide_another(agents: Catalogue) -> None:
    """A slip of form and one of names are told together, by line."""
    text = LETTER.replace("parallel: 4", "paralel: 4").replace("agent: planner", "agent: planer")

    found = examine_text("a.yaml", text, agents).findings

    assert [(each.code, each.place) for each in found] == [
        ("FO201", "steps.outline.agent"),
        ("FO102", "steps.write.paralel"),
    ]


MENDED = [
    ("    agent: section_writer", "    agnt: section_writer", {"FO102"}),
    ("slots:\n", "slot:\n", {"FO102"}),
    ("    deadline: 72h\n", "", {"FO103"}),
    ("deadline: 72h", "deadline: 3 days", {"FO104"}),
    ("version: 1", "version: one", {"FO104"}),
    ("  otherwise: {", "  otherwize: {", {"FO104"}),
    ("  malformed: {", "  melted: {", {"FO104"}),
    ("{model_calls: 100, tokens: 2000000, ", "{model_calls: many, ", {"FO103", "FO104"}),
    ("parallel: 4", "paralel: 4\n    colour: red", {"FO102"}),
]


@pytest.mark.parametrize(("old", "new", "codes"), MENDED)
def test_a_slip_of_form_is_told_once(
    agents: Catalogue, old: str, new: str, codes: set[str]
) -> None:
    """What is left out or misspelt brings no further findings about what it was meant for."""
    assert {each.code for each in _found(agents, old, new)} == codes


def test_what_cannot_be_guessed_is_not(agents: Catalogue) -> None:
    """A step without an agent leaves too much open: its file has findings of form alone."""
    text = LETTER.replace("    agent: section_writer\n", "").replace(
        "agent: planner", "agent: planer"
    )

    examined = examine_text("a.yaml", text, agents)

    assert examined.document is None
    assert {each.code for each in examined.findings} == {"FO103"}


def test_a_long_line_is_cut(agents: Catalogue) -> None:
    """What is beyond two hundred characters is not shown, and no caret points there."""
    blanks = " " * 300
    [finding] = _found(agents, "outline: {agent: planner", f"outline: {{{blanks}agent: planer")

    assert finding.column is not None
    assert finding.column > 300
    assert [line.strip() for line in tell(finding).splitlines()[1:]] == [
        "21 |   outline: {",
        "remedy: Did you mean 'planner'?",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_yaml_counts_them(agents: Catalogue, end: str) -> None:
    """Whatever an editor ends lines with, the line shown is the line meant."""
    text = PLAN.replace("agent: planner", "agent: planer").replace("\n", end)

    [finding] = examine_text("a.yaml", text, agents).findings

    assert (finding.line, _pointed_at(finding)) == (24, "planer")


def test_only_sound_flows_take_a_name(agents: Catalogue) -> None:
    """A file with errors is not offered, so the next with its name is."""
    broken = PLAN.replace("agent: planner", "agent: planer")
    examined = [examine_text(f"{n}.yaml", t, agents) for n, t in enumerate((broken, PLAN, PLAN))]

    codes = [[found.code for found in each.findings] for each in one_of_each_name(examined)]

    assert codes == [["FO201"], [], ["FO108"]]


def test_a_model_that_no_setting_names_is_told_once(agents: Catalogue) -> None:
    """However many steps ask for it, one setting is missing."""
    found = examine_text("a.yaml", LETTER, replace(agents, models={})).findings

    assert [(each.code, each.place) for each in found] == [
        ("FO219", "steps.outline.agent"),
        ("FO219", "steps.fact_check.agent"),
    ]
