"""The oracle: what counts as garbage that passed, and what does not."""

from dataclasses import replace

from services.rehearsal.judge import Garbage, judge
from tests.unit.rehearsal.scenes import GOOD, NAME, OLD, REFUSED, scene


def test_a_clean_output_is_no_garbage() -> None:
    """A run that gives what the undisturbed one gives has lost nothing."""
    assert judge(scene(NAME, "Ada Lindqvist"), GOOD, GOOD).garbage is Garbage.NONE


def test_what_was_injected_is_found_in_the_output() -> None:
    """Markup, case and line breaks hide no trace."""
    run = replace(GOOD, output="b" * 64, carried="says **ada**\nLindqvist")

    verdict = judge(scene(NAME, "Ada Lindqvist"), run, GOOD)

    assert verdict.garbage is Garbage.PASSED
    assert "Ada Lindqvist" in verdict.why


def test_a_run_that_stopped_passes_nothing() -> None:
    """What is not reported as a success misleads nobody."""
    run = replace(GOOD, outcome="failed", output="b" * 64, carried="Ada Lindqvist")

    assert judge(scene(NAME, "Ada Lindqvist"), run, GOOD).garbage is Garbage.NONE


def test_a_failure_may_not_change_the_output() -> None:
    """What only disturbs, and says nothing, leads to the same output or to none."""
    run = replace(GOOD, output="b" * 64)

    assert judge(scene(REFUSED), run, GOOD).garbage is Garbage.PASSED


def test_a_further_question_to_an_editor_is_told_apart() -> None:
    """A person who was asked because of the fault, and approved, was not deceived silently."""
    run = replace(GOOD, asked=("approve",), output="b" * 64, carried="Ada Lindqvist")

    assert judge(scene(NAME, "Ada Lindqvist"), run, GOOD).garbage is Garbage.APPROVED


def test_a_decision_about_something_else_has_to_be_refused() -> None:
    """Where nobody refused it, it counted, whatever the output is."""
    taken, refused = scene(OLD), scene(OLD)
    refused.refusals.append("the decision is about another digest")

    assert judge(taken, GOOD, GOOD).garbage is Garbage.PASSED
    assert judge(refused, GOOD, GOOD).garbage is Garbage.NONE


def test_a_stand_in_signs_with_its_own_name() -> None:
    """The same text by another model, as the flow has it, is the same; another text is not."""
    undisturbed = replace(GOOD, carried="A sentence, by writer-9.", signed=("writer-9", "judge-9"))
    same = replace(undisturbed, output="b" * 64, carried="A sentence, by judge-9.", fell_back=1)
    other = replace(same, carried="Another sentence, by judge-9.")

    assert judge(scene(REFUSED), same, undisturbed).garbage is Garbage.NONE
    assert judge(scene(REFUSED), other, undisturbed).garbage is Garbage.PASSED
    assert judge(scene(REFUSED), replace(same, fell_back=0), undisturbed).garbage is Garbage.PASSED


def test_less_than_everything_has_to_be_noticed() -> None:
    """A fan-out that may end without some items gives less, and the run goes another way for it."""
    less = replace(GOOD, output="b" * 64, carried="# Title", missing=("write/fr",))
    noticed = replace(less, route=("write", "approve", "done"))

    assert judge(scene(REFUSED), noticed, GOOD).garbage is Garbage.NONE
    assert judge(scene(REFUSED), less, GOOD).garbage is Garbage.PASSED
