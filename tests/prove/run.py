"""`make prove`: random flows by the thousand, and every slip there is; one line at the end.

Usage: `python -m tests.prove.run [N] [SEED]`. Exits with 1 when anything was not as proved.
"""

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from statistics import median

from tests.prove.mutants import missed_mutants
from tests.prove.prove import FLOWS_A_REGISTRY, Tally, prove

PROCESSES = 2


def main(arguments: Sequence[str]) -> int:
    """Prove, print and say whether all was well."""
    many = int(arguments[0]) if arguments else 2_000
    seed = int(arguments[1]) if len(arguments) > 1 else 1
    begun = time.monotonic()
    tally = prove_in_parallel(many, seed)
    mutants, missed = missed_mutants()
    for line in (*tally.unsound[:10], *tally.failed[:10], *missed[:10]):
        sys.stderr.write(f"{line}\n")
    sys.stdout.write(f"{shares(tally)}\n{summary(tally, mutants, missed, begun)}\n")
    return 1 if tally.unsound or tally.failed or missed else 0


def prove_in_parallel(many: int, seed: int) -> Tally:
    """Prove so many flows, on two processes."""
    parts = [
        range(first, min(first + FLOWS_A_REGISTRY, many))
        for first in range(0, many, FLOWS_A_REGISTRY)
    ]
    tally = Tally()
    with ProcessPoolExecutor(PROCESSES) as pool:
        for part in pool.map(prove, [seed] * len(parts), parts, chunksize=1):
            tally.add(part)
    return tally


def shares(tally: Tally) -> str:
    """What the drawn flows are made of, and what they were rejected for."""
    features = ", ".join(
        f"{name} {count * 100 // tally.flows} %"
        f" ({tally.accepted_features[name] * 100 // max(1, tally.accepted)} % of the accepted)"
        for name, count in sorted(tally.features.items())
    )
    codes = ", ".join(f"{code} {count}" for code, count in sorted(tally.codes.items()))
    return f"flows with {features};\nrejected for {codes}"


def summary(tally: Tally, mutants: int, missed: Sequence[str], begun: float) -> str:
    """The one line."""
    states = f"{median(tally.states):.0f} at the median, {max(tally.states)} at most"
    return (
        f"{tally.flows} flows: {tally.accepted} accepted"
        f" ({tally.accepted * 100 // tally.flows} %), {tally.flows - tally.accepted} rejected;"
        f" {tally.runs} runs, unsound {len(tally.unsound)};"
        f" {tally.witnesses} witnesses, failed {len(tally.failed)};"
        f" {mutants} mutants, missed {len(missed)};"
        f" states explored {states}; {time.monotonic() - begun:.0f} s"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
