"""What the page of a flow says about a gate whose rules look at more than the verdict."""

import pytest

from contracts.compiled import CompiledFlow, CompiledRule
from services import composition
from services.flows.explaining.page import page
from services.settings import Settings
from workflows.context_map.build import context_map
from workflows.rules import parse


@pytest.fixture(scope="module")
def compiled() -> CompiledFlow:
    """The shipped article flow."""
    return composition.shelf(Settings.from_environ({})).get("article")


def _deciding(flow: CompiledFlow, *rules: CompiledRule) -> str:
    """The page of the article flow with other rules after its gate."""
    gate = flow.gates["approve"].model_copy(update={"next": rules})
    gates = {**flow.gates, "approve": gate}
    return page(context_map(flow.model_copy(update={"gates": gates}), {}), {})


def _rule(text: str, to: str, at_most: int | None = None) -> CompiledRule:
    return CompiledRule(when=parse(text), text=text, to=to, at_most=at_most)


LAST = CompiledRule(when=None, text="else", to="rejected")
PUBLISH = _rule("decision.verdict == 'approve'", "publish")


def test_a_counted_rule_on_a_comment_is_told_as_it_stands(compiled: CompiledFlow) -> None:
    """A reject without the comment is not said to have been allowed once."""
    told = _deciding(
        compiled,
        PUBLISH,
        _rule("decision.verdict == 'edited'", "fact_check", 2),
        _rule("decision.comment == 'more'", "research", 1),
        LAST,
    )

    assert "2. If `decision.verdict` is `edited`, the run goes back to `fact_check` (twice" in told
    assert "`evidence`. After that, the rules below decide. After **edited**, reports on" in told
    assert "3. If `decision.comment` is `more`, the run goes back to `research` (once in a" in told
    assert "with `brief`. After that, the run ends as `rejected`. After **edited**, reports" in told
    assert "\n4. Otherwise, the run ends as `rejected`.\n" in told
    assert "beyond" not in told


def test_the_end_of_a_rule_names_its_condition(compiled: CompiledFlow) -> None:
    """An end that a rule on more than the verdict leads to says which rule, and on what."""
    told = _deciding(
        compiled,
        _rule("decision.comment == 'go' and decision.verdict == 'approve'", "publish"),
        _rule("decision.verdict in ['edited', 'reject'] and len(evidence.items) > 3", "revise", 1),
        _rule("decision.who == 'boss'", "expired"),
        LAST,
    )

    assert "at `approve` answers so that rule 3 there (if `decision.who` is `boss`) decides" in told
    assert "at `approve` answers so that rule 4 there (otherwise) decides" in told
    assert "**approve**" not in told
    assert "beyond" not in told


def test_verdicts_that_share_a_count_are_told_by_rule(compiled: CompiledFlow) -> None:
    """Where either verdict uses up the other's turns, no verdict is said to have any of its own."""
    told = _deciding(
        compiled, PUBLISH, _rule("decision.verdict in ['edited', 'reject']", "revise", 1), LAST
    )

    assert "2. If `decision.verdict` is `edited` or `reject`, the run goes back to `revise`" in told
    assert "beyond" not in told


def test_a_rule_that_no_verdict_takes_ends_nothing(compiled: CompiledFlow) -> None:
    """A rule behind one that takes the same verdict is no cause of an end."""
    told = _deciding(compiled, PUBLISH, _rule("decision.verdict == 'approve'", "expired"), LAST)

    assert "**expired**: when the editor at `approve` does not answer within 3 days." in told


def test_a_counted_rule_below_may_be_used_up_too(compiled: CompiledFlow) -> None:
    """What follows a used-up rule is left to the rules below where the next one is counted."""
    told = _deciding(
        compiled,
        PUBLISH,
        _rule("decision.comment == 'more'", "research", 1),
        _rule("decision.comment == 'more'", "revise", 1),
        LAST,
    )

    assert told.count("After that, the rules below decide.") == 1
