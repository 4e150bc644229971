"""The page that explains a flow: each hand-off, what breaks without it, and what happens then."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.compiled import CompiledFlow, CompiledPlanLine, CompiledStep
from contracts.content.decision import DecisionV1
from services import composition
from services.agents.base import Given
from services.cli.app import main
from services.flows.explaining.page import explain, page
from services.settings import Settings
from tests.toys import Note, ToyWriter, toy, toy_flow
from tests.unit.workflows.mutations import ARTICLE
from workflows.context_map.build import context_map

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "docs" / "flows" / "article.md"


def _make(given: Given) -> Note:
    return Note()


def _told(flow: CompiledFlow) -> str:
    keys = {"Note@1": tuple(Note.model_fields), "Decision@1": tuple(DecisionV1.model_fields)}
    return page(context_map(flow, keys), {"one": "does a thing"})


@pytest.fixture(scope="module")
def article() -> str:
    """The page of the shipped article flow, as the default settings have it."""
    settings = Settings.from_environ({})
    return explain(composition.shelf(settings).get("article"), composition.catalogue(settings))


def test_the_page_in_the_repository_is_todays(article: str) -> None:
    """The page beside the flow says what the flow does now."""
    remedy = "run `orchestra flows explain article -o docs/flows/article.md` and review the diff"

    assert GOLDEN.read_text("utf-8") == article, remedy


@pytest.mark.parametrize("seed", ["0", "42"])
def test_every_process_writes_the_same_page(article: str, seed: str) -> None:
    """The command prints the same bytes on every machine."""
    done = subprocess.run(
        [sys.executable, "-m", "services.cli.app", "flows", "explain", "article"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
    )

    assert done.stdout.decode() == article


def test_a_file_is_explained_without_a_stack(
    article: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A path to a flow file gives the page of that file, and -o writes it there."""
    flow, written = tmp_path / "mine.yaml", tmp_path / "mine.md"
    flow.write_text(ARTICLE, "utf-8")

    with pytest.raises(SystemExit) as ended:
        main(["flows", "explain", str(flow), "-o", str(written)])

    assert ended.value.code == 0
    assert written.read_text("utf-8") == article
    assert capsys.readouterr().out == ""


def test_an_unknown_flow_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that no flow has ends with 4 and lists those there are."""
    with pytest.raises(SystemExit) as ended:
        main(["flows", "explain", "nothing"])

    assert ended.value.code == 4
    assert "there is no flow 'nothing'; there are: article" in capsys.readouterr().err


def test_a_flow_with_findings_is_not_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that cannot be run ends with 1 and tells the findings."""
    flow = tmp_path / "mine.yaml"
    flow.write_text(ARTICLE.replace("agent: planner", "agent: planer"), "utf-8")

    with pytest.raises(SystemExit) as ended:
        main(["flows", "explain", str(flow)])

    assert ended.value.code == 1
    assert "FO201" in capsys.readouterr().err


def test_a_page_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that is not there ends with 3 and is named."""
    with pytest.raises(SystemExit) as ended:
        main(["flows", "explain", "article", "-o", str(tmp_path / "no" / "page.md")])

    assert ended.value.code == 3
    assert "page.md cannot be written" in capsys.readouterr().err


def test_every_step_and_every_end_is_told(article: str) -> None:
    """Eleven hand-offs in the order of the flow, and five ends."""
    titles = [line[4:] for line in article.splitlines() if line.startswith("### ")]
    ends = [line for line in article.splitlines() if line.startswith("- **") and "when" in line]

    assert titles[2] == "3. `research` hands over to `outline`"
    assert titles[7] == "8. `review` hands over to `revise`, `publish` or `approve`"
    assert titles[9:] == ["10. At `approve`, the editor decides", "11. `publish` ends the run"]
    assert len(ends) == 3


def test_what_a_step_does_differently_is_told_with_it(article: str) -> None:
    """The shared plan stands once; a step names only where it goes another way."""
    assert article.count("It fails by the plan above, but for this") == 2
    assert (
        "when a rule on meaning is broken (`rule_broken`), the run ends as `failed` at once."
        in article
    )
    assert article.count("| nothing |") == 2


def test_what_the_next_one_does_not_get_is_told(article: str) -> None:
    """A product that passes its next step by is worth a sentence."""
    told = "It does not get `topic`: only the rules after `review` look at it (`topic.risk`)."

    assert told in article


def test_stale_reports_are_told_where_they_become_so(article: str) -> None:
    """A revision says which reports speak of the draft before it."""
    assert "`claims`, `review` and `decision` now speak of an older `draft`:" in article
    assert "Reports on the older `draft` are stale then, as after `revise`." in article


def test_what_goes_out_names_who_speaks_for_it(article: str) -> None:
    """A publishing step says which reports vouch for what it sends, and what they have to say."""
    assert (
        "No `draft` goes out unless a person made it, or a report on that very version that is not"
        " stale vouches for it: `claims` if `claims.unsupported` is 0, `review` if"
        " `review.verdict` is `accept` or `decision` if `decision.verdict` is `approve`."
    ) in article


def test_people_have_a_time_and_ways_out(article: str) -> None:
    """Both gates say how long a person has, what they may do and where each answer leads."""
    assert "- No answer within 3 days: the run ends as `expired`." in article
    assert (
        "- **reject**, **edited** beyond the two allowed or **revise** beyond the two allowed:"
        " the run ends as `rejected`."
    ) in article
    assert "They have 24 hours to choose one of these:" in article
    assert "Not for `fact_check` and `review`, which verify, nor for `publish`" in article


def test_a_used_up_rule_leads_on(article: str) -> None:
    """A counted rule says what happens to the run that has used it up."""
    assert (
        "`evidence` and `decision` if there is one that is not stale. After that, the editor"
        " decides at `approve`."
    ) in article


def test_loops_have_a_bound_in_words(article: str) -> None:
    """The largest number of rounds is worked out."""
    assert "So none of them is begun more than seven times in a run" in article


PLAIN = """
slots: {first: Note@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


@pytest.fixture(scope="module")
def plain() -> CompiledFlow:
    """One step, nobody to ask, nothing to come back to."""
    return toy_flow(PLAIN, toy("one", _make)).flow


def test_a_small_flow_has_a_small_page(plain: CompiledFlow) -> None:
    """Without people, loops or repairs nothing is said of them."""
    told = _told(plain)

    assert "One step leads from one to the other:" in told
    assert "1. `one` (agent `one`, code): Does a thing." in told
    assert "No person is asked on the way." in told
    assert "## Loops" not in told
    assert "repair" not in told
    assert "If `one` fails, `done` is left without `first`." in told
    assert "- **failed**: when `one` fails and its plan leads here." in told


def test_an_agent_that_says_nothing_of_itself_is_still_named(plain: CompiledFlow) -> None:
    """An agent without a summary is listed by its name."""
    assert "1. `one` (agent `one`, code).\n" in page(context_map(plain, {}), {})


OWN = """
slots: {first: Note@1, second: Note@1, decision: Decision@1}
start: ask
steps:
  one:
    agent: one
    reads: [start]
    writes: first
    next:
      - {when: "first.score > 90", to: one, at_most: 3}
      - {when: "first.score > 50", to: two}
      - {else: two}
  two:
    agent: toy_writer
    reads: [start]
    writes: second
    on_failure:
      malformed: {repair: 3, then: mend, at_most: 2}
      empty: {repair: 3, then: mend, at_most: 2}
      refused: {then: other_mend, at_most: 1}
    next: done
  ask:
    gate: managing_editor
    shows: [start]
    writes: decision
    deadline: 90m
    on_deadline: {to: ask, at_most: 2}
    next:
      - {when: "decision.verdict == 'approve' and start.score > 3", to: one}
      - {else: failed}
  mend:
    gate: operator
    answers: failure
    allow: [retry, supply]
    deadline: 1h
    on_deadline: {to: failed}
  other_mend:
    gate: operator
    answers: failure
    allow: [raise_budget]
    deadline: 1h
    on_deadline: {to: failed}
ends:
  done: {outcome: succeeded, output: second}
  failed: {outcome: failed}
"""


@pytest.fixture(scope="module")
def own() -> str:
    """The page of a flow that begins at a gate, repeats a step and has two gates for failures."""
    return _told(toy_flow(OWN, toy("one", _make), ToyWriter()).flow)


def test_a_flow_may_begin_with_a_person(own: str) -> None:
    """A gate can be the first place, and is told as one."""
    assert "### 1. A run begins with `ask`" in own
    assert "The managing editor decides at `ask`, with `start` to look at." in own


def test_a_plan_of_its_own_is_told_to_its_end(own: str) -> None:
    """Remedies, where it leads, how often, and what comes after that."""
    assert (
        "when the answer says nothing (`empty`) or the answer does not fit its contract"
        " (`malformed`), there are three repairs, and then the operator is asked at `mend`, twice"
        " at most, and after that the run ends as `failed`"
    ) in own


def test_each_gate_for_failures_is_told(own: str) -> None:
    """Two gates that answer failures say whose failures and what may be done there."""
    assert "At `mend`, the operator sees the failure of `two`:" in own
    assert "At `other_mend`, the operator sees the failure of `two`:" in own
    assert "- **raise_budget**: the run gets a larger budget and the step is begun anew." in own
    assert "**stop**" not in own


def test_a_gate_that_looks_at_more_than_the_verdict_tells_its_rules(own: str) -> None:
    """Rules that look at more than the verdict are told in order, as they stand."""
    assert (
        "1. If `decision.verdict` is `approve` and `start.score` is over 3, `one` follows, with"
        " `start`.\n"
        "2. Otherwise, the run ends as `failed`.\n"
        "\n"
        "- No answer within 90 minutes: "
    ) in own
    assert "at `ask` answers so that rule 2 there (otherwise) decides" in own


def test_a_deadline_may_be_counted(own: str) -> None:
    """A deadline that leads back says how often, and what follows then."""
    assert (
        "- No answer within 90 minutes: the managing editor decides again at `ask` (twice in a run"
        " at most), with `start` to look at."
    ) in own
    assert "- No answer once more: the run ends as `failed`." in own


def test_a_rule_that_is_used_up_may_leave_it_open(own: str) -> None:
    """Where the rules below may or may not hold, the page says that they decide."""
    assert "After that, the rules below decide." in own


@pytest.mark.parametrize(
    ("rule", "second", "after"),
    [
        (
            "first.score > 90 and first.text == 'a'",
            "first.text == 'a'",
            "After that, `two` follows.",
        ),
        (
            "first.score > 90 or first.text == 'a'",
            "first.text == 'a'",
            "After that, the rules below decide.",
        ),
    ],
)
def test_what_a_rule_knows_decides_what_comes_after(rule: str, second: str, after: str) -> None:
    """Once used up, a rule's own condition tells which of the rules below holds, if it can."""
    body = OWN.replace("first.score > 90", rule).replace("first.score > 50", second)

    told = _told(toy_flow(body, toy("one", _make), ToyWriter()).flow)

    assert after in told


def test_a_step_may_follow_itself(own: str) -> None:
    """A loop of one step has its own words."""
    assert "`one` can be followed by itself." in own
    assert "So it is begun four times in a run at most" in own


@pytest.fixture(scope="module")
def compiled() -> CompiledFlow:
    """The shipped article flow."""
    return composition.shelf(Settings.from_environ({})).get("article")


def _with_step(flow: CompiledFlow, name: str, **changes: object) -> CompiledFlow:
    step = flow.steps[name].model_copy(update=changes)
    return flow.model_copy(update={"steps": {**flow.steps, name: step}})


def test_whoever_takes_old_context_is_named(compiled: CompiledFlow) -> None:
    """A step that is meant to see an outdated report is the exception that is told."""
    reads = tuple(
        read.model_copy(update={"stale_allowed": read.slot == "claims"})
        for read in compiled.steps["revise"].reads
    )

    told = _told(_with_step(compiled, "revise", reads=reads))

    assert "nobody but `revise`, which takes an old `claims` as well, is given them" in told
    assert "with `review`, `brief`, `draft`, `claims`, even an outdated one, `evidence` and" in told


def test_whoever_takes_old_context_is_named_once(compiled: CompiledFlow) -> None:
    """A step that takes several outdated reports is one exception; a person is another."""
    old = ("claims", "review")
    reads = tuple(
        read.model_copy(update={"stale_allowed": read.slot in old})
        for read in compiled.steps["revise"].reads
    )
    gate = compiled.gates["approve"].model_copy(update={"stale_allowed": ("claims",)})
    flow = compiled.model_copy(update={"gates": {**compiled.gates, "approve": gate}})

    told = _told(_with_step(flow, "revise", reads=reads))

    assert "nobody but `revise`, which takes an old `claims` and `review` as well," in told
    assert "the editor at `approve`, who takes an old `claims` as well, is given them" in told


def test_a_renamed_input_is_told_by_both_names(compiled: CompiledFlow) -> None:
    """Where an agent knows a slot by another name, both stand there."""
    [brief, *_] = compiled.steps["outline"].reads
    renamed = brief.model_copy(update={"input": "order"})

    told = _told(_with_step(compiled, "outline", reads=(renamed,)))

    assert "`outline` follows, with `brief` (as `order`)." in told


def test_a_gate_may_show_only_what_is_current(compiled: CompiledFlow) -> None:
    """What a gate shows only while it is fresh is told so."""
    gate = compiled.gates["approve"].model_copy(update={"optional": ("claims",)})
    gates = {**compiled.gates, "approve": gate}

    told = _told(compiled.model_copy(update={"gates": gates}))

    assert (
        "The editor is shown `brief`, `draft`, `claims` if there is one that is not stale and"
        " `review`, may change `draft`"
    ) in told


def test_the_plan_that_most_steps_have_is_the_plan(compiled: CompiledFlow) -> None:
    """A step that plans otherwise than most is the exception, not the rule."""
    plan = compiled.steps["classify"].on_failure
    stricter = plan["empty"].model_copy(update={"then": "expired", "at_most": None})

    told = _told(_with_step(compiled, "classify", on_failure={**plan, "empty": stricter}))

    assert "where `classify`, `research` and `revise` differ from it" in told
    assert "when the answer says nothing (`empty`), the run ends as `expired` at once." in told


def test_ways_that_are_used_up_may_lead_to_different_places(compiled: CompiledFlow) -> None:
    """Where steps agree on a way but not on what follows it, each way is told with its own."""
    steps = dict(compiled.steps)
    for ordinal, name in enumerate(("classify", "research", "outline", "write", "assemble"), 2):
        steps[name] = _planned(steps[name], "failed", "approve", ordinal)
    for name in ("fact_check", "review", "revise", "publish"):
        steps[name] = _planned(steps[name], "expired", "approve", 1)

    told = _told(compiled.model_copy(update={"steps": steps}))

    assert "by itself; after `help`, the run ends as `failed`; after `approve`, the run" in told


def _planned(step: CompiledStep, last: str, refused: str, at_most: int) -> CompiledStep:
    """A step whose failures end elsewhere, and that plans refusals in its own way."""
    plan = {
        **step.on_failure,
        "refused": CompiledPlanLine(then=refused, at_most=at_most),
        "otherwise": CompiledPlanLine(then=last),
    }
    return step.model_copy(update={"on_failure": plan})


INSTEAD = """
slots: {first: Note@1, second: Note@1}
start: one
steps:
  one:
    agent: one
    reads: [start]
    writes: first
    on_failure: {refused: {then: other}}
    next: two
  other: {agent: one, reads: [start], writes: first, next: two}
  two: {agent: one, reads: [{start: first}], writes: second, next: done}
ends:
  done: {outcome: succeeded, output: second}
  failed: {outcome: failed}
"""


def test_a_step_that_makes_the_same_instead_is_named() -> None:
    """What a failed step did not write is not missing where its plan leads to another writer."""
    told = _told(toy_flow(INSTEAD, toy("one", _make)).flow)

    assert "If `one` fails, `two` is left without `first` unless `other` makes it." in told
    assert "If `other` fails, `two` is left without `first`." in told


def test_a_failed_publication_may_have_gone_out(article: str) -> None:
    """A publishing step that failed is not said to have published nothing."""
    assert (
        "If `publish` fails, there is no `publication`, and nothing is known to be published: an"
        " attempt that timed out may have gone through all the same."
    ) in article


AGAIN = """
slots: {first: Note@1, decision: Decision@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: ask}
  ask:
    gate: editor
    shows: [first]
    writes: decision
    deadline: 1h
    on_deadline: {to: failed}
    next:
      - {when: "decision.verdict == 'reject'", to: one, at_most: 2}
      - {else: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


def test_a_step_in_a_loop_leaves_what_was_made_the_round_before() -> None:
    """When it fails at its second visit, its slot still holds the value of the first."""
    told = _told(toy_flow(AGAIN, toy("one", _make)).flow)

    assert "`ask` and `done` are left without `first`, or with an older one if there is." in told
