"""Compiled flows: everything a run needs, resolved and pinned, the same on every machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.agent import AgentKind
from contracts.base import digest
from contracts.compiled import CompiledAgent, CompiledFlow, CompiledRead, Each
from contracts.registry import CONTRACTS
from contracts.schema_lock import schema_digest
from services import composition
from services.agents.catalogue import declarations
from services.agents.prompts import prompt
from services.errors import FlowInvalidError
from services.flows.compile import Catalogue, compile_flow
from services.flows.document import read_text
from services.settings import Settings
from tests.toys import HEAD, REGISTRY, Note, ToyWriter, toy, toy_flow
from tests.unit.workflows.driven import a_flow, an_agent
from tests.unit.workflows.mutations import ARTICLE
from workflows.rules import parse

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """What the shipped flows are resolved against, as the default settings have it."""
    return composition.catalogue(Settings.from_environ({}))


@pytest.fixture(scope="module")
def article(catalogue: Catalogue) -> CompiledFlow:
    """The shipped article flow."""
    return compile_flow(read_text("article.yaml", ARTICLE), catalogue)


def test_a_compiled_flow_survives_storage(article: CompiledFlow) -> None:
    """What a run carries reads back as the flow that was compiled, byte for byte."""
    stored = article.encode()

    assert CompiledFlow.decode(stored) == article
    assert CompiledFlow.decode(stored).encode() == stored


def test_a_compiled_flow_is_small(article: CompiledFlow) -> None:
    """The flow that every run carries inline stays around 30 kB."""
    assert len(article.encode()) < 40_000


def test_the_same_file_compiles_to_the_same_bytes(
    article: CompiledFlow, catalogue: Catalogue
) -> None:
    """Compiling twice gives one address."""
    again = compile_flow(read_text("article.yaml", ARTICLE), catalogue)

    assert digest(again.encode()) == digest(article.encode())


@pytest.mark.parametrize("seed", ["0", "42"])
def test_every_process_compiles_to_the_same_bytes(article: CompiledFlow, seed: str) -> None:
    """Another process, with another order of everything unordered, gives the same address."""
    program = (
        "from contracts.base import digest\n"
        "from services import composition\n"
        "from services.settings import Settings\n"
        "shelf = composition.shelf(Settings.from_environ({}))\n"
        "print(digest(shelf.get('article').encode()))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == digest(article.encode())


def test_facts_are_what_somebody_looks_at(article: CompiledFlow) -> None:
    """The facts of a slot are what rules compare and fan-outs walk, and nothing else."""
    assert article.facts == {
        "evidence": ("len(items)",),
        "outline": ("keys(sections.id)",),
        "review": ("verdict",),
        "topic": ("risk",),
        "claims": ("unsupported",),
        "decision": ("verdict",),
    }


def test_a_fan_out_is_resolved(article: CompiledFlow) -> None:
    """The step knows which list it walks, by which key, and the item is no read of its own."""
    write = article.steps["write"]

    assert write.each == Each(variable="part", slot="outline", path="sections", key="id")
    assert (write.parallel, [read.input for read in write.reads]) == (4, ["brief", "evidence"])
    assert article.list_slot("sections")
    assert not article.list_slot("draft")


def test_reads_are_resolved(article: CompiledFlow) -> None:
    """An input that may be missing is marked as such."""
    assert article.steps["publish"].reads[-1] == CompiledRead(
        input="decision", slot="decision", optional=True
    )


def test_rules_are_kept_as_trees_and_as_words(article: CompiledFlow) -> None:
    """A rule is decided by its tree and shown by its words; the default shows as else."""
    first, *_, last = article.steps["review"].next

    assert (first.when, first.text) == (
        parse("review.verdict == 'revise'"),
        "review.verdict == 'revise'",
    )
    assert (first.to, first.at_most) == ("revise", 2)
    assert (last.when, last.text, last.to) == (None, "else", "approve")


def test_gates_are_resolved(article: CompiledFlow) -> None:
    """Both kinds of gates come with deadline in seconds and the way out of it."""
    approve, ask = article.gates["approve"], article.gates["help"]

    assert (approve.role, approve.deadline, approve.on_deadline.to) == (
        "editor",
        259_200,
        "expired",
    )
    assert (approve.shows, approve.edits) == (("brief", "draft", "claims", "review"), "draft")
    assert ask.answers_failure
    assert (ask.allow, ask.stop) == (("retry", "supply", "raise_budget", "stop"), "failed")


def test_every_border_of_a_flow_compiled_today_is_guarded(article: CompiledFlow) -> None:
    """The level stands in the flow that a run carries; one stored without it is of the first."""
    stored = json.loads(article.encode())
    del stored["borders"]

    assert article.borders == 2
    assert CompiledFlow.decode(json.dumps(stored)).borders == 1


def test_verifiers_come_with_when_they_vouch(article: CompiledFlow) -> None:
    """What makes a report good is pinned with its agent; nobody else has such a condition."""
    conditions = {name: each.vouches_when for name, each in article.agents.items()}

    assert {name: each for name, each in conditions.items() if each} == {
        "fact_checker": parse("product.unsupported == 0"),
        "reviewer": parse("product.verdict == 'accept'"),
    }


GATED = """
slots: {first: Note@1, second: Note@1, decision: Decision@1}
start: one
steps:
  one: {agent: one, reads: [start], writes: first, next: ask}
  ask:
    gate: editor
    shows: [first, "second?", {slot: start, stale: allowed}]
    writes: decision
    deadline: 1h
    on_deadline: {to: failed}
    next: done
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


def test_what_a_gate_shows_is_resolved_as_a_step_s_reads_are() -> None:
    """Slots by name, and which of them may be missing or old."""
    ask = toy_flow(GATED, toy("one", lambda given: Note())).flow.gates["ask"]

    assert ask.shows == ("first", "second", "start")
    assert (ask.optional, ask.stale_allowed) == (("second",), ("start",))


def test_facts_hold_what_vouching_looks_at() -> None:
    """A verdict of a person, and what a verifier's condition compares, are facts without a rule."""
    one = an_agent("one", "start", about=("start",), verifies=True, vouches_when="score > 1")

    assert a_flow(GATED, one).facts == {"first": ("score",), "decision": ("verdict",)}


def test_plans_are_merged(article: CompiledFlow) -> None:
    """A step's own line replaces the flow's; all other lines are the flow's."""
    research, revise = article.steps["research"], article.steps["revise"]

    assert research.on_failure["rule_broken"].then == "failed"
    assert revise.on_failure["no_progress"].then == "approve"
    assert revise.on_failure["rule_broken"].then == "help"
    assert all(step.on_failure["otherwise"].then == "failed" for step in article.steps.values())


def test_only_models_are_asked_to_repair(article: CompiledFlow) -> None:
    """Repairs of the flow's plan fall away for agents that ask no model."""
    assert article.steps["outline"].on_failure["malformed"].repair == 2
    assert article.steps["assemble"].on_failure["malformed"].repair == 0


def test_budget_and_retention_are_plain_numbers(article: CompiledFlow) -> None:
    """Calls, tokens, micro-dollars and seconds."""
    assert article.budget.model_dump() == {
        "model_calls": 120,
        "tokens": 300_000,
        "microusd": 2_000_000,
        "working_seconds": 1800,
    }
    assert article.retention == 30 * 86_400


def test_agents_are_pinned(article: CompiledFlow) -> None:
    """Every agent of the flow comes with version, limits and trust as declared today."""
    declared = declarations()
    used = {step.agent for step in article.steps.values()}

    assert set(article.agents) == used
    assert {name: agent.version for name, agent in article.agents.items()} == {
        name: declared[name].version for name in used
    }


def _models(flow: CompiledFlow) -> dict[str, CompiledAgent]:
    return {name: each for name, each in flow.agents.items() if each.kind is AgentKind.MODEL}


def test_prompts_are_pinned(article: CompiledFlow) -> None:
    """The text of every rung travels with the run; changing the file changes no run under way."""
    pinned = {
        (name, rung): text
        for name, agent in _models(article).items()
        for rung, text in agent.prompts.items()
    }

    assert pinned
    assert pinned == {(name, rung): prompt(name, rung) for name, rung in pinned}


def test_models_and_prices_are_pinned(article: CompiledFlow, catalogue: Catalogue) -> None:
    """Which model answers and what it costs is settled when the flow is compiled."""
    models = [agent.model for agent in _models(article).values()]

    assert models
    assert all(model == catalogue.models[model.alias] for model in models if model)
    assert all(model and model.price for model in models)
    assert not any(agent.model for agent in article.agents.values() if agent.kind is AgentKind.CODE)


def test_schemas_are_pinned(article: CompiledFlow) -> None:
    """The digest of every contract the flow uses is in it."""
    assert article.contracts == {
        key: schema_digest(CONTRACTS, key)
        for key in dict.fromkeys(kind.strip("[]") for kind in article.slots.values())
    }


def test_another_model_is_another_flow(article: CompiledFlow) -> None:
    """A run says which model it uses by the digest of its flow."""
    other = composition.catalogue(Settings.from_environ({"ORCHESTRA_MODEL": "another-model"}))

    compiled = compile_flow(read_text("article.yaml", ARTICLE), other)

    assert digest(compiled.encode()) != digest(article.encode())


def test_a_flow_with_findings_does_not_compile(catalogue: Catalogue) -> None:
    """A flow that cannot be proved safe is refused with every finding."""
    file = read_text("article.yaml", ARTICLE.replace("agent: planner", "agent: planer"))

    with pytest.raises(FlowInvalidError, match=r"article\.yaml:42: FO201"):
        compile_flow(file, catalogue)


ONE = """
slots: {first: Note@1}
start: one
steps:
  one: {agent: toy_writer, reads: [start], writes: first, next: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""


def test_an_agent_without_a_model_says_which_setting_is_missing() -> None:
    """An alias that no setting names is refused with the variable to set."""
    writer = ToyWriter()
    catalogue = Catalogue(
        agents={"toy_writer": writer.declaration},
        registry=REGISTRY,
        models={},
        prompt=lambda agent, rung: "",
    )

    with pytest.raises(FlowInvalidError, match="set ORCHESTRA_MODEL_WRITER"):
        compile_flow(read_text("toy.yaml", HEAD + ONE), catalogue)


def test_a_fact_is_collected_once() -> None:
    """Two rules that look at one field need one fact; their order is the file's."""
    body = ONE.replace(
        "next: done",
        "next: [{when: first.score > 1 and first.text == 'a', to: done},"
        " {when: first.score < 1, to: failed}, {else: done}]",
    ).replace("toy_writer", "one")

    compiled = toy_flow(body, toy("one", lambda given: Note())).flow

    assert compiled.facts == {"first": ("score", "text")}
