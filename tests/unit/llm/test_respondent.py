"""What a scripted model says, whichever way it is asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from pydantic import JsonValue

from contracts.reference import Trust
from services.llm.base import Message, Work
from services.llm.blocks import render_blocks
from services.llm.scripted.calls import Outcome
from services.llm.scripted.respondent import Respondent, answer_by_agent
from services.llm.scripted.script import Fault, Line, Script
from tests.unit.llm.builders import SCHEMA, a_work


@dataclass(frozen=True)
class Quoted:
    """A block as agents have it."""

    data: JsonValue
    trust: Trust = Trust.UNTRUSTED


def echo(work: Work, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]) -> JsonValue:
    """Answer with what was asked."""
    return {"agent": work.agent, "blocks": dict(blocks), "wants": schema["required"]}


def sample(
    rung: str, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]
) -> JsonValue:
    """Answer as an agent's own sample does."""
    return f"a sample for the rung {rung}"


def test_answer_is_built_from_the_prompt() -> None:
    """A good answer is made from the work, the blocks of the user's messages and the schema."""
    shown = render_blocks({"brief": Quoted({"title": "Compost"}), "quotes": Quoted(["a", "b"])})
    messages = (
        Message(role="system", content=render_blocks({"secret": Quoted(1)})),
        Message(role="user", content=f"Choose.\n{shown}\nThank you."),
        Message(role="assistant", content="something wrong"),
        Message(role="user", content=render_blocks({"reasons": Quoted(["too long"])})),
    )

    response = Respondent(echo).respond(a_work(), messages, SCHEMA)

    assert json.loads(response.text) == {
        "agent": "writer",
        "blocks": {"brief": {"title": "Compost"}, "quotes": ["a", "b"], "reasons": ["too long"]},
        "wants": ["id", "text"],
    }


@pytest.mark.parametrize(
    ("reply", "text"),
    [("as it is", "as it is"), ({"a": [1]}, '{"a":[1]}'), (None, "null"), ("", "")],
)
def test_scripted_reply_is_said(reply: JsonValue, text: str) -> None:
    """A reply of the script is said instead of a good answer: text as it is, the rest as JSON."""
    respondent = Respondent(script=Script(lines=(Line(reply=reply),)))

    assert respondent.respond(a_work(), (), SCHEMA).text == text


def test_agent_answers_for_itself() -> None:
    """Each agent says what a good answer of its own is; others are answered by the schema."""
    respondent = Respondent(answer_by_agent({"writer": sample}))

    known = respondent.respond(a_work(rung="verbatim"), (), SCHEMA)
    unknown = respondent.respond(a_work(agent="nobody"), (), SCHEMA)

    assert known.text == "a sample for the rung verbatim"
    assert json.loads(unknown.text)["id"] == "e1"


@pytest.mark.parametrize(
    ("answer", "spoiled"),
    [
        (
            {"evidence_ids": ["e1", "e2"], "text": "e1"},
            {"evidence_ids": ["x404"] * 2, "text": "e1"},
        ),
        ({"parts": [{"id": "s1"}]}, {"parts": [{"id": "x404"}]}),
        ({"quote": "e2", "text": "free"}, {"quote": "x404", "text": "free"}),
    ],
)
def test_unknown_id_stands_where_ids_stand(answer: JsonValue, spoiled: JsonValue) -> None:
    """An unknown identifier replaces ids, and where there are none, what an enum lists."""
    respondent = Respondent(
        lambda work, blocks, schema: answer,
        Script(lines=(Line(fault=Fault.UNKNOWN_ID),)),
    )

    assert json.loads(respondent.respond(a_work(), (), SCHEMA).text) == spoiled


def test_calls_are_logged_and_forgotten() -> None:
    """The log tells each call's work, status and tokens, until it is cleared."""
    respondent = Respondent(script=Script(lines=(Line(fault=Fault.HTTP_500),)))
    messages = (Message(role="user", content="12345678"),)
    respondent.respond(a_work(), messages, SCHEMA)
    second = respondent.respond(a_work(exchange=2), messages, SCHEMA)
    respondent.log.close(second.call, Outcome.ANSWERED)

    failed, answered = respondent.log.calls
    respondent.log.clear()
    respondent.log.close(second.call, Outcome.LEFT)

    assert (failed.work, failed.status, failed.fault) == ("writer/free/1/-/1", 500, "http_500")
    assert (answered.work, answered.status) == ("writer/free/1/-/2", 200)
    assert (answered.input_tokens, answered.output_tokens) == (2, 13)
    assert answered.outcome is Outcome.ANSWERED
    assert respondent.log.calls == ()
