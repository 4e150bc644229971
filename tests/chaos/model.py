"""The scripted model as a process whose log of calls survives its own death.

`python -m tests.chaos.model --port P --log FILE --delay-ms D`. Its good answers are the agents'
own; they depend on what a prompt shows and on nothing else, so a call repeated after a fault is
answered as it would have been. One answer in three runs is malformed once and has to be repaired.
"""

import argparse
import asyncio
import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from pydantic import JsonValue

from services.cli.scripted_model import samples
from services.llm.base import Message, Work
from services.llm.scripted.app import ScriptedApi
from services.llm.scripted.calls import CallLog, Outcome
from services.llm.scripted.respondent import Answer, Respondent, Response, answer_by_agent
from services.llm.scripted.script import Fault, Line, Script

REVISION: Final = re.compile(r"Revision (\d+) of this prompt")
_MARKER: Final = re.compile(r"\br\d{4}\b")
_PAID: Final = 200


@dataclass(frozen=True)
class ModelCall:
    """One call as the log tells it."""

    at: float
    """Unix time of its arrival."""

    marker: str
    """The run, as the prompt names it."""

    work: str
    """`Work.label()`."""

    revision: str
    """Of the prompt, where a deploy has changed it."""

    status: int
    tokens: int
    """Input and output, as the endpoint counts them."""

    outcome: str
    """How it ended; `open` when the model died meanwhile."""

    @property
    def piece(self) -> str:
        """Whose work it was and on which item, whatever the visit: an operator's retry is one."""
        work = Work.parse(self.work)
        return f"{work.agent}/{work.rung}/{work.item}"

    @property
    def is_paid(self) -> bool:
        """Whether an answer was made for it."""
        return self.status == _PAID


class DurableLog(CallLog):
    """Writes how each call ended behind the line of its arrival."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, line: Mapping[str, JsonValue]) -> None:
        """Append a line; it is the kernel's at once, so a kill cannot take it back."""
        os.write(self._file, json.dumps({"process": os.getpid(), **line}).encode() + b"\n")

    def close(self, number: int, outcome: Outcome) -> None:
        """See `CallLog.close`."""
        super().close(number, outcome)
        self.write({"call": number, "outcome": outcome.value})


class LoggingRespondent(Respondent):
    """Answers as the scripted model does, and says in the log which run it was for."""

    def __init__(self, answer: Answer, script: Script, log: DurableLog) -> None:
        super().__init__(answer, script)
        self.log = log
        self._durable = log

    def respond(
        self, work: Work, messages: Sequence[Message], schema: Mapping[str, JsonValue]
    ) -> Response:
        """See `Respondent.respond`."""
        response = super().respond(work, messages, schema)
        shown = "\n".join(message.content for message in messages if message.role == "user")
        system = "\n".join(message.content for message in messages if message.role == "system")
        marker, revision = _MARKER.search(shown), REVISION.search(system)
        status = self.log.calls[-1].status
        self._durable.write(
            {
                "call": response.call,
                "at": time.time(),
                "marker": marker.group() if marker else "",
                "work": work.label(),
                "revision": revision.group(1) if revision else "",
                "status": status,
                "tokens": response.input_tokens + response.output_tokens,
            }
        )
        return response


def sometimes_malformed(answer: Answer) -> Answer:
    """Spoil the first answer for the second section of every third run: it has to be repaired."""

    def spoilt(
        work: Work, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]
    ) -> JsonValue:
        marker = _MARKER.search(json.dumps(blocks))
        is_third = marker is not None and int(marker.group()[1:]) % 3 == 0
        if is_third and (work.agent, work.item, work.exchange) == ("section_writer", "s2", 1):
            return "I would rather not write JSON."
        return answer(work, blocks, schema)

    return spoilt


def slow(milliseconds: int, *first: Line) -> Script:
    """Make every answer take so long; some lines come before that."""
    always = Line(agent="*", fault=Fault.SLOW, after_ms=milliseconds, times=None)
    return Script(lines=(*first, always))


def read_calls(path: Path) -> tuple[ModelCall, ...]:
    """Read a log back, in the order of arrival."""
    calls: dict[tuple[int, int], ModelCall] = {}
    outcomes: dict[tuple[int, int], str] = {}
    for text in path.read_text("utf-8").splitlines():
        line = json.loads(text)
        key = line.pop("process"), line.pop("call")
        if "outcome" in line:
            outcomes[key] = line["outcome"]
        else:
            calls[key] = ModelCall(**line, outcome="open")
    return tuple(
        ModelCall(**{**vars(call), "outcome": outcomes.get(key, "open")})
        for key, call in calls.items()
    )


async def _serve(port: int, log: Path, delay_ms: int) -> None:
    answer = sometimes_malformed(answer_by_agent(samples()))
    respondent = LoggingRespondent(answer, slow(delay_ms), DurableLog(log))
    app = ScriptedApi(respondent, lambda client: None, asyncio.Event()).app()
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, http="h11", lifespan="off", log_level="error"
    )
    await uvicorn.Server(config).serve()


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--delay-ms", type=int, default=0)
    given = parser.parse_args()
    asyncio.run(_serve(given.port, given.log, given.delay_ms))


if __name__ == "__main__":
    main()
