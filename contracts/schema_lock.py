"""The lock of published schemas: a contract version that was published never changes.

`python -m contracts.schema_lock` compares the contracts with `schemas.lock.json` beside this file
and exits 1 when they differ; `--write` adds new versions, and refuses to change published ones.
"""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from contracts.compiled import CompiledFlow
from contracts.registry import CONTRACTS, Registry

LOCK: Final = Path(__file__).with_name("schemas.lock.json")


def schema_digest(registry: Registry, key: str) -> str:
    """Digest a contract's JSON Schema (SHA-256, keys sorted); prose may be reworded freely."""
    schema = _without_prose(registry.get(key).model_json_schema())
    return hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()


def digests(registry: Registry) -> dict[str, str]:
    """Digest every contract of a registry, by key."""
    return {key: schema_digest(registry, key) for key in sorted(registry.contracts)}


def differences(locked: Mapping[str, str], current: Mapping[str, str]) -> tuple[str, ...]:
    """Say what somebody has to do about each contract that is not as it was published."""
    told = []
    for key in sorted({*locked, *current}):
        if key not in current:
            told.append(f"{key} was published and is gone; old runs need it: bring it back")
        elif key not in locked:
            told.append(f"{key} is new; publish it with `python -m contracts.schema_lock --write`")
        elif locked[key] != current[key]:
            told.append(
                f"{key} has changed since it was published; restore it, and put the change into"
                " a new version with a migration from this one"
            )
    return tuple(told)


def read_lock() -> dict[str, str]:
    """Read the published digests by key."""
    locked: dict[str, str] = json.loads(LOCK.read_text("utf-8"))
    return locked


def main(arguments: Sequence[str]) -> int:
    """Check, or publish what is new."""
    registry = Registry({**CONTRACTS.contracts, CompiledFlow.key(): CompiledFlow}, {})
    current, locked = digests(registry), read_lock() if LOCK.exists() else {}
    changed = differences(locked, current)
    if "--write" in arguments:
        changed = tuple(line for line in changed if "is new" not in line)
        if not changed:
            LOCK.write_text(json.dumps(current, indent=2) + "\n", "utf-8")
    for line in changed:
        sys.stderr.write(f"{line}\n")
    return 1 if changed else 0


def _without_prose(schema: object) -> object:
    match schema:
        case dict():
            return {
                key: _without_prose(value)
                for key, value in schema.items()
                if not (key in ("description", "title") and isinstance(value, str))
            }
        case list():
            return [_without_prose(each) for each in schema]
        case _:
            return schema


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
