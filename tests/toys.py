"""A toy domain for tests of the interpreter: one contract, agents of functions, short flows."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from pydantic import Field, JsonValue

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits, Capability
from contracts.base import Contract, Part
from contracts.compiled import CompiledFlow, CompiledModel
from contracts.content.decision import Decision, DecisionV1, decision_1_to_2
from contracts.content.remembered import Remembered
from contracts.reference import Trust
from contracts.registry import Registry
from contracts.usage import Price
from services.agents.answer import read
from services.agents.base import Agent, Block, Desk, Given, ModelAgent, Question, Rung
from services.flows.compile import Catalogue, compile_flow, inspect
from services.flows.document import FlowFile, read_text
from services.flows.shelf import Shelf
from workflows.checking.finding import Severity
from workflows.checking.worst_case import WorstCase


class NoteItem(Part):
    """One element of a note."""

    id: str
    text: str = ""


class Note(Contract, version=1):
    """Some text, a score to route on, and elements to fan out over."""

    text: str = ""
    score: int = Field(default=0, ge=0, le=100)
    items: tuple[NoteItem, ...] = Field(default=(NoteItem(id="a"),), min_length=1, max_length=200)


class Job(Contract, version=1):
    """One piece of work for a run of its own."""

    id: str
    text: str = ""


class Jobs(Contract, version=1):
    """Several of them."""

    jobs: tuple[Job, ...] = Field(min_length=1, max_length=20)


REGISTRY = Registry.of(
    [Note, DecisionV1, Decision, Remembered, Job, Jobs], {"Decision@1": decision_1_to_2}
)
Work = Callable[[Given], Contract | Awaitable[Contract]]

PLAN = """
  unavailable: {retry: 3, then: failed}
  timed_out: {retry: 1, then: failed}
  rate_limited: {retry_for: 1m, then: failed}
  malformed: {repair: 1, then: failed}
  rule_broken: {repair: 1, then: failed}
  otherwise: {then: failed}
"""

HEAD = f"""
flow: toy
version: 1
summary: A toy.
input: {{start: Note@1}}
budget: {{model_calls: 50, tokens: 100000, usd: 1.00, working_time: 10m}}
on_failure:{PLAN}
"""


class Toy(Agent):
    """A code agent made of a function."""

    declaration: ClassVar[AgentDeclaration]

    def __init__(self, declaration: AgentDeclaration, work: Work) -> None:
        self.__dict__["declaration"] = declaration
        self._work = work

    async def run(self, given: Given, desk: Desk) -> Contract:
        made = self._work(given)
        return made if isinstance(made, Contract) else await made


def toy(
    name: str, work: Work, *, pure: bool = False, produces: str = "Note@1", **receives: str
) -> Toy:
    """Make a code agent that produces a note."""
    declaration = AgentDeclaration(
        name=name,
        version=1,
        kind=AgentKind.CODE,
        summary="a toy",
        receives=receives or {"start": "Note@1"},
        produces=produces,
        pure=pure,
        trust=Trust.MODEL,
    )
    return Toy(declaration, work)


class Answer(Part):
    """What the toy model agent asks for."""

    text: str


class ToyWriter(ModelAgent):
    """A model agent that asks one question and keeps the text."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="toy_writer",
        version=1,
        kind=AgentKind.MODEL,
        summary="asks once",
        receives={"start": "Note@1"},
        produces="Note@1",
        model="writer",
        rungs=("free", "verbatim"),
        trust=Trust.MODEL,
        limits=AgentLimits(questions=1, prompt_tokens=500, answer_tokens=100, seconds=10),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        note = given.one("start", Note)
        return Note(text=(await desk.ask(self._question(note))).text)

    def _question(self, note: Note) -> Question[Answer]:
        schema: dict[str, JsonValue] = {
            "type": "object",
            "properties": {"text": {"type": "string", "minLength": 1}},
            "required": ["text"],
            "additionalProperties": False,
        }
        blocks = {"start": Block(note.text)}
        free = Rung("free", blocks, schema, lambda text: read(text, Answer))
        verbatim = Rung("verbatim", blocks, schema, lambda text: read(text, Answer))
        return Question((free, verbatim))

    def sample_answer(
        self, rung: str, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]
    ) -> JsonValue:
        return {"text": f"about {blocks['start']}"}


@dataclass(frozen=True)
class ToyFlow:
    """A compiled toy flow and its agents."""

    flow: CompiledFlow
    agents: Mapping[str, Agent]


def toy_model(alias: str, name: str = "toy-model") -> CompiledModel:
    """A model with a price."""
    return CompiledModel(
        alias=alias,
        name=name,
        capability=Capability.WRITES,
        window_tokens=4000,
        price=Price(input_microusd_per_million=1_000_000, output_microusd_per_million=2_000_000),
    )


def toy_catalogue(*agents: AgentDeclaration, registry: Registry = REGISTRY) -> Catalogue:
    """What toy flows are checked and resolved against."""
    return Catalogue(
        agents={agent.name: agent for agent in agents},
        registry=registry,
        models={"writer": toy_model("writer"), "judge": toy_model("judge", "another-toy-model")},
        prompt=lambda agent, rung: f"You are {agent} on {rung}.",
    )


def toy_errors(text: str, *agents: AgentDeclaration, registry: Registry = REGISTRY) -> str:
    """What the check has against a toy flow, as a person reads it; empty when it is sound."""
    file = read_text("toy.yaml", text)
    return errors_of(file, toy_catalogue(*agents, registry=registry))


def errors_of(file: FlowFile, catalogue: Catalogue) -> str:
    """What the check has against a flow, notes left out."""
    findings = inspect(file, catalogue).findings
    return file.text.describe([each for each in findings if each.severity is Severity.ERROR])


def toy_flow(body: str, *agents: Agent, head: str = HEAD, part: ToyFlow | None = None) -> ToyFlow:
    """Compile a toy flow from its slots, steps and ends; its steps may name one other flow."""
    known = toy_catalogue(*(agent.declaration for agent in agents))
    flows = {part.flow.name: part.flow} if part else {}
    catalogue = replace(known, sub_flow=Shelf(flows, {}, {}).get)
    file = read_text("toy.yaml", head + body)
    named = {agent.declaration.name: agent for agent in agents}
    return ToyFlow(compile_flow(file, catalogue), {**(part.agents if part else {}), **named})


def toy_shelf(flow: CompiledFlow) -> Shelf:
    """Offer one toy flow, whose worst case is nobody's business."""
    nothing = WorstCase(steps={}, calls=0, tokens=0, microusd=0)
    return Shelf({"toy": flow}, {}, {}, worst_cases={"toy": nothing})
