"""The lock of published schemas: what was published of a contract version stays readable.

`schemas/` beside this file holds one JSON Schema a version, without prose. What may change about
it, and what that takes, `contracts.evolution` knows. `python -m contracts.schema_lock` holds the
contracts against the lock and exits 1 when somebody has to do something; `--write` publishes what
is new and what is compatible, and refuses the rest.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts.compiled import CompiledFlow
from contracts.evolution.advice import SAMPLES
from contracts.evolution.check import check
from contracts.evolution.compare import compare, retired
from contracts.evolution.finding import Finding, may_publish
from contracts.evolution.json_schema import RETIRED, Schema, schema_of
from contracts.evolution.text import lines, summary
from contracts.registry import CONTRACTS, Registry

LOCK: Final = Path(__file__).with_name("schemas")
"""The folder of published schemas, `Draft@1.json`."""

PUBLISHED: Final = Registry(
    {**CONTRACTS.contracts, CompiledFlow.key(): CompiledFlow}, CONTRACTS.migrations
)
"""Everything that is published: the contracts of flows, and what runs carry."""


@dataclass(frozen=True)
class Inspection:
    """What was found when the contracts were held against the lock."""

    contracts: int
    """How many are published."""

    findings: tuple[Finding, ...]
    has_samples: bool
    """Whether there were stored values to try."""

    written: tuple[str, ...] = ()
    """The contracts that were published just now."""


def schema_digest(registry: Registry, key: str) -> str:
    """Digest a contract's JSON Schema (SHA-256, keys sorted); prose may be reworded freely."""
    schema = schema_of(registry.get(key))
    return hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()


def read_lock(folder: Path = LOCK) -> dict[str, Schema]:
    """Read the published schemas, by key."""
    return {
        path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))
    }


def read_samples(folder: Path) -> dict[str, bytes] | None:
    """Read stored values, one of each contract, by key; None when there is no such folder."""
    if not folder.is_dir():
        return None
    return {path.stem: path.read_bytes().strip() for path in sorted(folder.glob("*.json"))}


def publish(registry: Registry, keys: Iterable[str], folder: Path = LOCK) -> None:
    """Write the schemas of contracts as they are now; names of removed fields stay used up."""
    published = read_lock(folder)
    for key in keys:
        schema, before = schema_of(registry.get(key)), published.get(key, {})
        if names := retired(before, compare(before, schema)) if before else ():
            schema[RETIRED] = list(names)
        (folder / f"{key}.json").write_text(f"{json.dumps(schema, indent=2)}\n", "utf-8")


def inspect(
    registry: Registry,
    folder: Path,
    samples: Mapping[str, bytes] | None,
    *,
    write: bool = False,
    readers_first: bool = False,
) -> Inspection:
    """Hold contracts against the lock and, if asked, publish them; all of them or none.

    Args:
        registry: the contracts.
        folder: where the published schemas lie.
        samples: one stored value of each contract, by key; None where there are none.
        write: publish what is new and what is compatible, unless something is to be done first.
        readers_first: publish also what older programs refuse, because they are gone by the time
            anybody writes it.
    """
    findings = check(registry, read_lock(folder), samples)
    written: tuple[str, ...] = ()
    if write and all(may_publish(each, readers_first=readers_first) for each in findings):
        written, findings = tuple(each.contract for each in findings), ()
        publish(registry, written, folder)
    return Inspection(len(read_lock(folder)), findings, samples is not None, written)


def main(arguments: Sequence[str]) -> int:
    """Check, or publish."""
    found = inspect(
        PUBLISHED,
        LOCK,
        read_samples(Path(SAMPLES)),
        write="--write" in arguments,
        readers_first="--readers-first" in arguments,
    )
    for finding in found.findings:
        sys.stderr.write("".join(f"{line}\n" for line in lines(finding)))
    if found.findings:
        told = summary(found.contracts, found.findings, has_samples=found.has_samples)
        sys.stderr.write(f"{told}\n")
    return 1 if found.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
