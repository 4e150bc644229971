"""Checks every sentence of a draft against the evidence it cites. It proposes no changes."""

import re
from collections.abc import Mapping
from typing import ClassVar, Final

from pydantic import JsonValue, RootModel

from contracts.agent import AgentDeclaration, AgentKind, AgentLimits, Capability
from contracts.base import Contract, Part
from contracts.content.claims import Claim, ClaimReport, ClaimVerdict
from contracts.content.draft import Draft
from contracts.content.evidence import EvidenceSet
from contracts.content.section import Sentence
from contracts.content.text import Line
from contracts.reference import Trust
from services.agents import answer, narrowing, prompts
from services.agents.base import Desk, Given, ModelAgent, Question, Rung
from services.agents.checks.citations import quotes_by_id
from services.agents.checks.claims import Judgement, judge_by_rule
from services.agents.checks.leaks import echo_faults
from services.agents.checks.writing import Grounds, sentence_faults
from services.agents.shown import blocks_of, read_back

MOST_JUDGED: Final = 40
"""Claims in one question: forty verdicts with a line each fit the answer's tokens."""

_DENIES: Final = re.compile(
    r"\bunsupported\b|\bnot supported\b|(?<!not )\bcontradict|\bdoes not (?:say|state|mention)\b"
    r"|\bno evidence\b|\bnot (?:in|stated|mentioned|found)\b",
    re.IGNORECASE,
)
_AFFIRMS: Final = re.compile(r"\b(?:is|fully|directly|clearly) supported\b", re.IGNORECASE)


class Material(Part):
    """What both rungs show."""

    claims: dict[str, Sentence]
    """By claim id."""

    quotes: dict[str, str]
    """By evidence id: what the claims cite."""


class ModelJudgement(Part):
    """A verdict as a model gives it."""

    verdict: ClaimVerdict
    reason: Line


class ModelJudgements(RootModel[dict[str, ModelJudgement]]):
    """The free answer: a verdict by claim id."""


class FactChecker(ModelAgent):
    """Judges by rule what code can judge; asks once about the rest, if the model can judge."""

    declaration: ClassVar[AgentDeclaration] = AgentDeclaration(
        name="fact_checker",
        version=2,
        kind=AgentKind.MODEL,
        summary="Gives every sentence of a draft a verdict against the evidence it cites.",
        receives={"draft": "Draft@1", "evidence": "EvidenceSet@1"},
        produces="ClaimReport@1",
        about=("draft",),
        verifies=True,
        vouches_when="unsupported == 0",
        trust=Trust.MODEL,
        model="judge",
        rungs=("free", "verbatim"),
        limits=AgentLimits(questions=1, prompt_tokens=8_000, answer_tokens=2_500, seconds=300),
    )

    async def run(self, given: Given, desk: Desk) -> Contract:
        """Judge every sentence exactly once.

        Raises:
            StepError: what the desk says.
        """
        draft, evidence = given.one("draft", Draft), given.one("evidence", EvidenceSet)
        quotes, places = quotes_by_id(evidence), _numbered(draft)
        named = [draft.title, *dict.fromkeys(item.key_point for item in evidence.items)]
        ruled = {
            claim: judge_by_rule(sentence, quotes, named) for claim, (_, sentence) in places.items()
        }
        asked = [claim for claim, judgement in ruled.items() if judgement is None][:MOST_JUDGED]
        judged: dict[str, Judgement] = {}
        if asked and desk.capability is Capability.WRITES:
            shown = _material({claim: places[claim][1] for claim in asked}, quotes)
            judged = await desk.ask(Question((_free(shown), _verbatim(shown))))
        return _report(places, {**judged, **_known(ruled)})

    def sample_answer(
        self, rung: str, blocks: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]
    ) -> JsonValue:
        """Call supported what passes the checks of writing, and nothing else."""
        shown = read_back(Material, blocks)
        grounds = Grounds(quotes=shown.quotes)
        faults = {claim: sentence_faults(each, grounds) for claim, each in shown.claims.items()}
        if rung == "verbatim":
            return {claim: _sample_verdict(found) for claim, found in faults.items()}
        return {
            claim: {
                "verdict": _sample_verdict(found),
                "reason": "the sentence goes beyond its quotes" if found else "the quotes say so",
            }
            for claim, found in faults.items()
        }


def _sample_verdict(faults: tuple[str, ...]) -> str:
    return str(ClaimVerdict.UNSUPPORTED if faults else ClaimVerdict.SUPPORTED)


def _numbered(draft: Draft) -> dict[str, tuple[str, Sentence]]:
    """Give every sentence its claim id: `c1` and on, in reading order."""
    sentences = [(section.id, each) for section in draft.sections for each in section.sentences]
    return {f"c{ordinal}": place for ordinal, place in enumerate(sentences, start=1)}


def _known(ruled: Mapping[str, Judgement | None]) -> dict[str, Judgement]:
    return {claim: judgement for claim, judgement in ruled.items() if judgement is not None}


def _report(
    places: Mapping[str, tuple[str, Sentence]], judged: Mapping[str, Judgement]
) -> ClaimReport:
    """Put the verdicts together; a claim that nobody could judge is not supported."""
    unjudged = Judgement(ClaimVerdict.UNSUPPORTED, "it is not a quote and no model has judged it")
    claims = tuple(
        Claim(
            id=claim,
            section_id=section_id,
            text=sentence.text,
            evidence_ids=sentence.evidence_ids,
            verdict=judged.get(claim, unjudged).verdict,
            reason=judged.get(claim, unjudged).reason,
        )
        for claim, (section_id, sentence) in places.items()
    )
    unsupported = sum(claim.verdict is not ClaimVerdict.SUPPORTED for claim in claims)
    return ClaimReport(claims=claims, unsupported=unsupported)


def _material(claims: dict[str, Sentence], quotes: Mapping[str, str]) -> Material:
    cited = dict.fromkeys(each for sentence in claims.values() for each in sentence.evidence_ids)
    return Material(claims=claims, quotes={each: quotes[each] for each in cited})


def _free(shown: Material) -> Rung[dict[str, Judgement]]:
    verdict = narrowing.closed_object(
        {"verdict": narrowing.one_of(ClaimVerdict), "reason": narrowing.text()}
    )

    def accept(text: str) -> dict[str, Judgement]:
        given = answer.read(text, ModelJudgements).root
        answer.require_keys(given, shown.claims, "answer")
        answer.require_rules(_faults(given), "fact check")
        return {claim: Judgement(each.verdict, each.reason) for claim, each in given.items()}

    return Rung(
        name="free",
        blocks=blocks_of(shown, {"claims": Trust.MODEL, "quotes": Trust.UNTRUSTED}),
        schema=narrowing.closed_object(dict.fromkeys(shown.claims, verdict)),
        accept=accept,
        max_output_tokens=FactChecker.declaration.limits.answer_tokens,
    )


def _verbatim(shown: Material) -> Rung[dict[str, Judgement]]:
    options = {claim: [str(verdict) for verdict in ClaimVerdict] for claim in shown.claims}
    schema = narrowing.choices(options)

    def accept(text: str) -> dict[str, Judgement]:
        chosen = answer.read_choices(text, options)
        return {
            claim: Judgement(ClaimVerdict(verdict), "the judge gave a verdict without a reason")
            for claim, verdict in chosen.items()
        }

    return Rung(
        name="verbatim",
        blocks=blocks_of(shown, {"claims": Trust.MODEL, "quotes": Trust.UNTRUSTED}),
        schema=schema,
        accept=accept,
        max_output_tokens=min(
            narrowing.longest_choice(schema), FactChecker.declaration.limits.answer_tokens
        ),
    )


def _faults(given: Mapping[str, ModelJudgement]) -> list[str]:
    """Hold each reason against its verdict: a judge may not say one thing and decide another."""
    instructions = prompts.prompt("fact_checker", "free")
    faults = []
    for claim, each in given.items():
        opposite = _DENIES if each.verdict is ClaimVerdict.SUPPORTED else _AFFIRMS
        if found := opposite.search(each.reason):
            faults.append(f'{claim}: the verdict is {each.verdict}, the reason says "{found[0]}"')
        faults += [f"{claim}, reason: {fault}" for fault in echo_faults(each.reason, instructions)]
    return faults
