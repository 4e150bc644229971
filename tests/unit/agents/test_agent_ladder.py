"""Every model agent on every rung: sample answers are accepted, schemas and prompts are sound."""

import json
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
import pytest

from contracts.agent import Capability
from contracts.content.claims import ClaimVerdict
from contracts.content.review import CommentKind
from services.agents import prompts
from services.agents.base import Given, ModelAgent, Rung
from services.agents.catalogue import declarations
from services.agents.fact_checker import FactChecker
from services.agents.planner import Planner
from services.agents.post_writer import BlurbWriter, PostWriter
from services.agents.reviewer import Reviewer
from services.agents.reviser import Reviser
from services.agents.section_writer import SectionWriter
from services.agents.translator import Translator
from services.errors import AnswerRejectedError
from tests.builders import (
    a_brief,
    a_claim_report,
    a_comment,
    a_draft,
    a_review,
    a_sentence,
    an_evidence_set,
    an_outline_section,
)
from tests.desks import ScriptedDesk, sample
from tests.unit.agents import bins
from tests.unit.agents.strictness import objections

REWORDED = a_draft(
    a_sentence("In a worm bin, red wiggler worms are used instead of heat.", "e1"),
    a_sentence("One kilogram of worms eats twenty bins each day.", "e2"),
)
UNPROVED = a_claim_report(REWORDED, c1=ClaimVerdict.UNSUPPORTED, c2=ClaimVerdict.CONTRADICTED)
REVIEW = a_review(
    a_comment(kind=CommentKind.UNSUPPORTED, text="Not borne out.", blocking=True),
    a_comment(
        id="r2", section_id=None, kind=CommentKind.MISSING, text='Add "moon".', blocking=True
    ),
    a_comment(id="r3", section_id="s1"),
)


@dataclass(frozen=True)
class Case:
    """An agent and inputs that make it ask."""

    agent: ModelAgent
    given: Given


CASES = {
    "planner": Case(Planner(), Given({"brief": a_brief(), "evidence": an_evidence_set()})),
    "section_writer": Case(
        SectionWriter(),
        Given(
            {"brief": a_brief(), "part": an_outline_section(), "evidence": an_evidence_set()},
        ),
    ),
    "fact_checker": Case(FactChecker(), Given({"draft": REWORDED, "evidence": an_evidence_set()})),
    "reviewer": Case(
        Reviewer(), Given({"brief": a_brief(), "draft": REWORDED, "claims": UNPROVED})
    ),
    "reviser": Case(
        Reviser(),
        Given(
            {
                "brief": a_brief(must_include=("moon",)),
                "draft": REWORDED,
                "claims": UNPROVED,
                "review": REVIEW,
                "evidence": an_evidence_set(),
            }
        ),
    ),
    "post_writer": Case(
        PostWriter(),
        Given(
            {
                "request": bins.a_request(),
                "article": bins.an_article(),
                "wanted": bins.an_assignment(),
            }
        ),
    ),
    "blurb_writer": Case(
        BlurbWriter(),
        Given({"request": bins.a_request(), "article": bins.an_article(), "plan": bins.a_plan()}),
    ),
    "translator": Case(
        Translator(),
        Given(
            {
                "article": bins.an_article(),
                "job": bins.a_job(),
                "earlier": None,
                "report": None,
            }
        ),
    ),
}
RUNGS = [(name, rung) for name in CASES for rung in ("free", "verbatim")]


async def _rung(name: str, wanted: str) -> Rung[Any]:
    """Catch the rung as the agent puts it: the last one after three rejected answers."""
    case = CASES[name]
    texts = ["no"] * 3 if wanted == "verbatim" else []
    desk = ScriptedDesk(case.agent, *texts)
    await case.agent.run(case.given, desk)
    assert desk.asked[-1].name == wanted
    return desk.asked[-1]


@pytest.mark.parametrize("capability", list(Capability))
@pytest.mark.parametrize("name", list(CASES))
async def test_sample_answers_lead_to_the_product(name: str, capability: Capability) -> None:
    """An agent whose desk answers by its own sample makes what it declares, at the first try."""
    case = CASES[name]
    desk = ScriptedDesk(case.agent, capability=capability)

    product = await case.agent.run(case.given, desk)

    assert product.key() == case.agent.declaration.produces
    assert (desk.rejected, len(desk.asked) <= 1) == ([], True)


@pytest.mark.parametrize(("name", "wanted"), RUNGS)
async def test_sample_answer_is_accepted_and_fits_the_schema(name: str, wanted: str) -> None:
    """What an agent calls a good answer honours the schema that a model is given."""
    rung = await _rung(name, wanted)
    text = sample(CASES[name].agent, rung)

    jsonschema_rs.validate(rung.schema, json.loads(text))
    assert rung.accept(text) is not None


@pytest.mark.parametrize(("name", "wanted"), RUNGS)
async def test_schema_is_one_that_servers_honour(name: str, wanted: str) -> None:
    """Schemas keep to what OpenAI's strict mode and llama.cpp both accept."""
    rung = await _rung(name, wanted)

    assert list(objections(rung.schema)) == []


@pytest.mark.parametrize(("name", "wanted"), RUNGS)
async def test_prompt_has_exactly_the_places_that_are_filled(name: str, wanted: str) -> None:
    """Prompt files and agents agree about places, and every block is spoken of."""
    rung = await _rung(name, wanted)
    text = prompts.prompt(name, wanted)

    assert prompts.places(text) == set(rung.places)
    assert set(rung.blocks) - _UNSPOKEN <= set(text.replace("`", " ").split())


_UNSPOKEN = {"words", "title", "heading", "section"}
"""Blocks whose name says everything."""


@pytest.mark.parametrize(("name", "wanted"), RUNGS)
async def test_answer_has_room_within_the_declared_limit(name: str, wanted: str) -> None:
    """No rung asks for more than the agent declares, and the sample is not cut."""
    rung = await _rung(name, wanted)
    limits = CASES[name].agent.declaration.limits

    assert len(sample(CASES[name].agent, rung)) / 4 < rung.max_output_tokens <= limits.answer_tokens


@pytest.mark.parametrize("name", list(CASES))
async def test_last_rung_fits_a_small_window(name: str) -> None:
    """What a small model is asked leaves most of its 4096 tokens free."""
    rung = await _rung(name, "verbatim")
    shown = json.dumps({label: block.data for label, block in rung.blocks.items()})

    assert len(shown) + len(prompts.prompt(name, "verbatim")) < 4_000


@pytest.mark.parametrize("text", ["", "nonsense", "{}", "[]", '{"s1": 1}'])
@pytest.mark.parametrize(("name", "wanted"), RUNGS)
async def test_nonsense_is_rejected(name: str, wanted: str, text: str) -> None:
    """No rung takes an answer that is not one; the desk learns the kind."""
    rung = await _rung(name, wanted)

    with pytest.raises(AnswerRejectedError):
        rung.accept(text)


def test_every_model_agent_is_among_the_cases() -> None:
    """A new model agent has to join these tests."""
    assert set(CASES) == {name for name, each in declarations().items() if each.model}
