"""Holds the contracts of the code against what is published of them."""

from collections.abc import Iterator, Mapping

from contracts.evolution.advice import (
    digests,
    explain,
    file_of,
    routes,
    runs_that_go_on,
    steps_of_change,
    steps_to_publish,
)
from contracts.evolution.change import Verdict, gravest
from contracts.evolution.compare import compare
from contracts.evolution.finding import Concern, Finding
from contracts.evolution.json_schema import RETIRED, Schema, schema_of
from contracts.evolution.migrating import missing_migrations, newest_versions, tried
from contracts.registry import Registry

CARRIED = ("CompiledFlow",)
"""Contracts that runs carry inline; nothing migrates them, so they have to stay readable."""


def check(
    registry: Registry,
    published: Mapping[str, Schema],
    samples: Mapping[str, bytes] | None = None,
) -> tuple[Finding, ...]:
    """Say what somebody has to do about contracts; nothing when all is as published.

    Args:
        registry: the contracts of the code, and their migrations.
        published: the published JSON Schemas, by key.
        samples: one stored value of each contract, by key; None where there are none to try.
    """
    found = [*_compared(registry, published), *missing_migrations(registry)]
    broken = [each.contract for each in found if each.verdict is Verdict.NEEDS_VERSION]
    if samples is not None:
        # What is known to be broken need not be told a second time by a value that is not read.
        found += (each for each in tried(registry, samples) if each.contract not in broken)
    return tuple(sorted(found, key=lambda each: each.contract))


def _compared(registry: Registry, published: Mapping[str, Schema]) -> Iterator[Finding]:
    for key in published:
        if key not in registry.contracts:
            yield _gone(key)
    for key in registry.contracts:
        if key not in published:
            yield _new(registry, key)
        elif (changed := _changed(registry, key, published[key])) is not None:
            yield changed


def _gone(key: str) -> Finding:
    return Finding(
        contract=key,
        concern=Concern.GONE,
        message="published, and no class is left to read what is stored of it",
        runs="runs that hold a value of it stop there",
        steps=(
            "Bring its class back, and list it in contracts/registry.py with its migration.",
            "A version goes for good when no run and no archive holds a value of it any more:"
            f" delete contracts/schemas/{key}.json in the change that removes the class.",
        ),
    )


def _new(registry: Registry, key: str) -> Finding:
    return Finding(
        contract=key,
        concern=Concern.NEW,
        message="new, and not published yet",
        file=file_of(registry.get(key)),
        steps=steps_to_publish(key),
    )


def _changed(registry: Registry, key: str, published: Schema) -> Finding | None:
    contract, current = registry.get(key), schema_of(registry.get(key))
    changes = compare(published, current)
    stated = {name: value for name, value in published.items() if name != RETIRED}
    if not changes and stated == current:
        return None
    verdict = gravest(changes)
    name = contract.contract_name
    return Finding(
        contract=key,
        concern=Concern.CHANGED,
        message=verdict.value if changes else "the same values, described in another way",
        file=file_of(contract),
        verdict=verdict,
        changes=tuple(map(explain, changes)),
        digests=digests(changes),
        routes=routes(changes),
        runs=runs_that_go_on(verdict, key, is_carried=name in CARRIED),
        steps=steps_of_change(
            verdict, contract, newest_versions(registry)[name], is_carried=name in CARRIED
        ),
    )
