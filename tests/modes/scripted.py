"""The one scripted model that all three systems ask: good answers, spoiled as a case says."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from pydantic import JsonValue

from services.agents import catalogue
from services.agents.base import ModelAgent
from services.llm.base import ModelReply, ModelRequest, OnText, Receipt, Work
from services.llm.in_process import ScriptedModel
from services.llm.scripted.respondent import SampleAnswer
from services.llm.scripted.script import Script
from tests.modes.case import Asked, Case

Disturb = Callable[[], Awaitable[None]]


class CaseModel:
    """Implements `LanguageModel`: the same replies to the same questions, whoever asks."""

    def __init__(self, case: Case, disturb: Disturb | None = None) -> None:
        self.applied = False
        self._case = case
        self._disturb = disturb
        self._asked: Counter[str] = Counter()
        self._samples = sample_answers()
        self._scripted = ScriptedModel(self._answer, Script(lines=case.lines), waits=False)

    async def complete(
        self, request: ModelRequest, on_text: OnText, receipt: Receipt | None = None
    ) -> ModelReply:
        """Answer; the disturbance comes once, while the call it names is under way."""
        disturb, case = self._disturb, self._case
        if disturb and (request.work.agent, request.work.visit) == (case.at, case.visit):
            self._disturb = None
            self.applied = True
            await disturb()
        return await self._scripted.complete(request, on_text, receipt)

    @property
    def calls(self) -> Mapping[str, int]:
        """Count the calls by agent."""
        return Counter(call.work.partition("/")[0] for call in self._scripted.calls)

    @property
    def has_failed(self) -> bool:
        """Whether the endpoint misbehaved as the case says."""
        return any(call.fault for call in self._scripted.calls)

    def _answer(
        self, work: Work, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]
    ) -> JsonValue:
        shown = {name: data for name, data in blocks.items() if name != "conversation"}
        if work.agent == "selector":
            return self._spoiled(Asked(work, blocks, next_speaker(blocks)))
        good = self._samples[work.agent](work.rung, shown, schema)
        if work.agent == "fact_checker":
            good = self._judged(work, shown, good)
        return self._spoiled(Asked(work, shown, good))

    def _spoiled(self, asked: Asked) -> JsonValue:
        self._asked[asked.work.agent] += 1
        spoil = self._case.spoils.get(asked.work.agent)
        if spoil is None or asked.work.rung != "free":
            return asked.good
        said = spoil(replace(asked, times=self._asked[asked.work.agent]))
        self.applied = self.applied or said != asked.good
        return said

    def _judged(self, work: Work, blocks: Mapping[str, JsonValue], good: JsonValue) -> JsonValue:
        """Let a good judge know what is false, and a lenient one know nothing."""
        claims = blocks["claims"]
        assert isinstance(claims, dict), "claims are by id"
        assert isinstance(good, dict), "verdicts are by claim"
        verdicts = dict(good)
        for claim, shown in claims.items():
            false = any(planted in json.dumps(shown) for planted in self._case.planted)
            if self._case.lenient:
                verdicts[claim] = _verdict(work.rung, "supported", "the quotes say so")
            elif false:
                verdicts[claim] = _verdict(work.rung, "unsupported", "no quote bears it out")
        return verdicts


def _verdict(rung: str, verdict: str, reason: str) -> JsonValue:
    return verdict if rung == "verbatim" else {"verdict": verdict, "reason": reason}


def sample_answers() -> dict[str, SampleAnswer]:
    """Collect what each agent says a good answer is."""
    agents = catalogue.build(retriever=None, publisher=None, writer_model="")  # type: ignore[arg-type]  # asked for samples only
    return {
        name: agent.sample_answer for name, agent in agents.items() if isinstance(agent, ModelAgent)
    }


def next_speaker(blocks: Mapping[str, JsonValue]) -> JsonValue:
    """Choose well: plan, write every section, check, mend what is wrong, review."""
    said = blocks["conversation"]
    assert isinstance(said, list), "a conversation is a list"
    turns = [(str(turn["speaker"]), turn["said"]) for turn in said if isinstance(turn, dict)]
    return {"next": _next(turns)}


def _next(turns: list[tuple[str, JsonValue]]) -> str:
    speakers = [speaker for speaker, _ in turns]
    if "planner" not in speakers:
        return "planner"
    outline = next(what for who, what in reversed(turns) if who == "planner")
    assert isinstance(outline, dict), "an outline is an object"
    assert isinstance(outline["sections"], list), "its sections are a list"
    since = speakers[len(speakers) - speakers[::-1].index("planner") :]
    if since.count("section_writer") < len(outline["sections"]):
        return "section_writer"
    last, what = turns[-1]
    if last == "fact_checker":
        return "reviewer" if '"unsupported"' not in json.dumps(what) else "reviser"
    return "reviser" if last == "reviewer" else "fact_checker"


class Interruption:
    """Stands for the moment in which a process dies: reached once, never left."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()

    async def __call__(self) -> None:
        """Tell that the moment has come, and never return."""
        self.reached.set()
        await asyncio.Event().wait()
