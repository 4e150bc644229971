"""The verifiers tested by mutation: does code alone catch what was made false on purpose?

Usage: `python -m tests.modes.mutants [N] [SEED]`. Exits with 1 when a mutant slips through or a
good sentence is turned down. No model takes part.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from contracts.content.claims import ClaimVerdict
from contracts.content.section import Sentence
from services.agents.checks.claims import judge_by_rule
from services.agents.checks.writing import Grounds, sentence_faults
from services.agents.written import vocabulary
from tests.modes.drafts import Good, good_sentences
from tests.modes.mutations import MUTATIONS, UNDECIDED

DEFAULT_MUTANTS: Final = 1500
_TRIES: Final = 20
"""How often a class is drawn anew when a sentence has nothing for it to change."""


@dataclass
class Catch:
    """How many mutants of one class there were, and which were missed."""

    made: int = 0
    by_fact_check: int = 0
    by_writing: int = 0
    missed: list[str] = field(default_factory=list)
    """By the fact check, which has the last word on every text."""


@dataclass(frozen=True)
class Proof:
    """The catch by class, and what was turned down of the good."""

    classes: dict[str, Catch]
    good: int
    false_alarms: tuple[str, ...]

    @property
    def made(self) -> int:
        """How many mutants there were."""
        return sum(each.made for each in self.classes.values())

    @property
    def missed(self) -> tuple[str, ...]:
        """Every mutant of a class that code decides, and that the fact check let pass."""
        return tuple(
            text
            for name, each in self.classes.items()
            if name not in UNDECIDED
            for text in each.missed
        )


async def prove(many: int = DEFAULT_MUTANTS, seed: int = 1) -> Proof:
    """Make so many mutants, evenly over the classes, and look who catches them."""
    random, goods = Random(seed), await good_sentences()
    classes = {name: Catch() for name in MUTATIONS}
    for number in range(many):
        name = list(MUTATIONS)[number % len(MUTATIONS)]
        drawn = _mutant(name, goods, random)
        if drawn:
            _count(classes[name], *drawn)
    alarms = tuple(each.sentence.text for each in goods if _turned_down(each))
    return Proof(classes, len(goods), alarms)


def _mutant(name: str, goods: Sequence[Good], random: Random) -> tuple[Good, Sentence] | None:
    for good in random.sample(goods, min(_TRIES, len(goods))):
        if mutant := MUTATIONS[name](good, random):
            return good, mutant
    return None


def _count(catch: Catch, good: Good, mutant: Sentence) -> None:
    catch.made += 1
    if _fact_check_objects(good, mutant):
        catch.by_fact_check += 1
    else:
        catch.missed.append(f"{mutant.text} [{', '.join(mutant.evidence_ids)}]")
    catch.by_writing += _writing_objects(good, mutant)


def _fact_check_objects(good: Good, sentence: Sentence) -> bool:
    judged = judge_by_rule(sentence, good.quotes, good.vocabulary)
    return judged is not None and judged.verdict is not ClaimVerdict.SUPPORTED


def _writing_objects(good: Good, sentence: Sentence) -> bool:
    grounds = Grounds(
        quotes=good.quotes,
        vocabulary=vocabulary(good.brief, good.evidence.items),
        must_avoid=good.brief.must_avoid,
    )
    return bool(sentence_faults(sentence, grounds))


def _turned_down(good: Good) -> bool:
    return _fact_check_objects(good, good.sentence) or _writing_objects(good, good.sentence)


def main(arguments: Sequence[str]) -> int:
    """Prove, print the rate of each class, and say whether all was caught."""
    many = int(arguments[0]) if arguments else DEFAULT_MUTANTS
    proof = asyncio.run(prove(many, int(arguments[1]) if len(arguments) > 1 else 1))
    for name, catch in proof.classes.items():
        share = 100 * catch.by_fact_check / max(1, catch.made)
        sys.stdout.write(f"{name:26} {catch.made:5} made  {share:6.1f} % caught\n")
    for text in (*proof.missed[:20], *proof.false_alarms[:20]):
        sys.stdout.write(f"  {text}\n")
    sys.stdout.write(
        f"{proof.made} mutants, {len(proof.missed)} missed;"
        f" {proof.good} good sentences, {len(proof.false_alarms)} false alarms\n"
    )
    return 1 if proof.missed or proof.false_alarms else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
