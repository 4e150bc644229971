"""A fork may go on by other prompts, other models or a newer flow, where they fit."""

import pytest

from contracts.compiled import CompiledFlow
from contracts.reference import Reference, Trust
from contracts.run import ForkRequest
from contracts.usage import Price
from contracts.work import RunProgress, SlotVersion
from services.errors import InputInvalidError
from services.runs.changing import changed_agents, fitted, with_changes
from services.runs.fork_refusals import refuse_misfit
from tests.toys import ToyWriter, toy_flow

BODY = """
slots: {first: Note@1}
start: write
steps:
  write:
    agent: toy_writer
    reads: [start]
    writes: first
    next:
      - {when: "first.score < 5", to: write, at_most: 2}
      - {else: done}
ends:
  done: {outcome: succeeded, output: first}
  failed: {outcome: failed}
"""
FLOW = toy_flow(BODY, ToyWriter()).flow
FIRST = Reference(
    slot="first",
    ordinal=1,
    contract="Note@1",
    digest="a" * 64,
    size=1,
    trust=Trust.MODEL,
    produced_by="write",
)
DEAR = Price(input_microusd_per_million=9, output_microusd_per_million=9)


def test_prompts_and_models_are_pinned_anew() -> None:
    """The fork's flow is another one, with the price of the model that is asked."""
    request = ForkRequest(prompts={"toy_writer.free": "Be brief."}, models={"writer": "big"})

    agent = with_changes(FLOW, request, lambda name: DEAR).agents["toy_writer"]

    assert agent.prompts == {"free": "Be brief.", "verbatim": "You are toy_writer on verbatim."}
    assert agent.model is not None
    assert (agent.model.name, agent.model.price) == ("big", DEAR)
    assert changed_agents(FLOW, request) == {"toy_writer"}


@pytest.mark.parametrize(
    ("request_of", "told"),
    [
        (ForkRequest(prompts={"toy_writer.loud": "x"}), "there are toy_writer.free"),
        (ForkRequest(prompts={"toy_writer.free": "Say $this."}), "fills the places none"),
        (ForkRequest(prompts={"toy_writer.free": "5 $"}), r"write \$\$ for the sign"),
        (ForkRequest(prompts={"toy_writer.free": " "}), "a prompt says something"),
        (ForkRequest(models={"judge": "big"}), "no agent asks it; there are writer"),
    ],
)
def test_what_no_agent_has_cannot_be_changed(request_of: ForkRequest, told: str) -> None:
    """Whoever misspells a prompt or a model is told which there are."""
    with pytest.raises(InputInvalidError, match=told):
        changed_agents(FLOW, request_of)


def test_a_newer_flow_has_to_hold_what_the_run_holds() -> None:
    """Everything that stands in the way is told at once."""
    held = SlotVersion(references=(FIRST,))
    progress = RunProgress(place="write", budget=FLOW.budget, slots={"first": held})
    newer = FLOW.model_copy(
        update={
            "version": 2,
            "slots": {"first": "Decision@1", "more": "Note@1"},
            "input": ("more",),
            "steps": {},
        }
    )

    with pytest.raises(InputInvalidError) as refused:
        refuse_misfit(progress, FLOW, newer, "write")

    told = [each.message for each in refused.value.problems]
    assert told == [
        "slot first holds a Note@1, and there Decision@1",
        "there is no write in it",
        "it begins with slot more, which the run does not have",
    ]


def test_counters_are_kept_of_rules_that_are_the_same() -> None:
    """A rule that reads otherwise in the newer flow is counted anew."""
    progress = RunProgress(place="write", budget=FLOW.budget, used={"write.next.0": 1})

    assert fitted(progress, FLOW, FLOW).used == {"write.next.0": 1}
    assert fitted(progress, FLOW, _with_other_rule()).used == {}


def _with_other_rule() -> CompiledFlow:
    text = BODY.replace("score < 5", "score < 6")
    return toy_flow(text, ToyWriter()).flow
