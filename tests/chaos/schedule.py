"""What a seed means: which runs are started when, and which faults happen when. Pure."""

import random
from dataclasses import asdict, dataclass
from typing import Final

from tests.chaos.fault import DECK, SECONDS, Fault

ARTICLE: Final = "article"
OUTLINED: Final = "outlined"
"""The small flow: three steps, one call to the model."""

BRIEFS: Final = ("hot-heap", "clean-compost-bin", "composting-without-a-garden", "warm-rooms")
RISKY: Final = "medicines-at-home"
"""Its runs wait for an editor before anything is published."""

DECISIONS: Final = ("approve", "approve", "edited", "reject")
SECONDS_A_RUN: Final = 1.0
SECONDS_A_FAULT: Final = 3.0
FIRST_FAULT_SECONDS: Final = 1.5
MANY_CLIENTS: Final = 20
"""How many send the same start at once, where several do."""


@dataclass(frozen=True)
class Start:
    """One run to start."""

    at: float
    """Seconds after the load begins."""

    marker: str
    """Stands in the brief, so that every prompt, file and call tells which run it is of."""

    flow: str
    brief: str
    decision: str
    """What the editor decides first; edits are approved afterwards."""

    clients: int
    """How many send this start at the same time, all with the same key."""


@dataclass(frozen=True)
class Schedule:
    """All that happens from outside under one seed."""

    seed: int
    starts: tuple[Start, ...]
    faults: tuple[Fault, ...]

    def as_json(self) -> dict[str, object]:
        """Write it down, for a report."""
        return asdict(self)


def draw(seed: int, runs: int, faults: int) -> Schedule:
    """Draw a schedule: the same numbers give the same one on every machine."""
    lasts = max(runs * SECONDS_A_RUN, faults * SECONDS_A_FAULT)
    return Schedule(seed, _starts(seed, runs, lasts), _faults(seed, faults, lasts))


def _starts(seed: int, runs: int, lasts: float) -> tuple[Start, ...]:
    chance = random.Random(f"starts {seed}")
    moments = sorted(round(chance.uniform(0, lasts), 3) for _ in range(runs))
    return tuple(_start(chance, number, at) for number, at in enumerate(moments))


def _start(chance: random.Random, number: int, at: float) -> Start:
    is_risky = chance.random() < 0.25
    return Start(
        at=at,
        marker=f"r{number:04d}",
        flow=ARTICLE if is_risky or chance.random() < 0.7 else OUTLINED,
        brief=RISKY if is_risky else chance.choice(BRIEFS),
        decision=chance.choice(DECISIONS),
        clients=MANY_CLIENTS if chance.random() < 0.05 else 1,
    )


def _faults(seed: int, faults: int, lasts: float) -> tuple[Fault, ...]:
    chance = random.Random(f"faults {seed}")
    kinds: list[int] = []
    while len(kinds) < faults:
        kinds += chance.sample(range(len(DECK)), len(DECK))
    moments = sorted(round(chance.uniform(FIRST_FAULT_SECONDS, lasts), 3) for _ in range(faults))
    return tuple(
        _fault(chance, number, at, kind)
        for number, (at, kind) in enumerate(zip(moments, kinds, strict=False))
    )


def _fault(chance: random.Random, number: int, at: float, card: int) -> Fault:
    kind, target = DECK[card]
    shortest, longest = SECONDS.get(kind, (0.0, 0.0))
    seconds = round(chance.uniform(shortest, longest), 3)
    return Fault(number, at, kind, target, seconds, seed=chance.randrange(2**31))
