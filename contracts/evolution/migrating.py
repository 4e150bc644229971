"""Tries stored values: each is read as what it was written as, and migrates to the newest."""

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import ValidationError

from contracts.base import Contract
from contracts.evolution.advice import SAMPLES, file_of
from contracts.evolution.finding import Concern, Finding
from contracts.registry import Registry

MIGRATION_ERRORS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a function of one value may come to by its own fault; pydantic's refusal is a ValueError."""


def older_versions(registry: Registry) -> Iterator[tuple[str, str]]:
    """List every version that a newer one has replaced, with the key of the newest."""
    newest = newest_versions(registry)
    for key, contract in registry.contracts.items():
        if contract.contract_version < newest[contract.contract_name]:
            yield key, f"{contract.contract_name}@{newest[contract.contract_name]}"


def newest_versions(registry: Registry) -> dict[str, int]:
    """Find the newest version of every contract, by name."""
    newest: dict[str, int] = {}
    for contract in registry.contracts.values():
        name = contract.contract_name
        newest[name] = max(newest.get(name, 0), contract.contract_version)
    return newest


def missing_migrations(registry: Registry) -> Iterator[Finding]:
    """Find older versions that nothing leads on from."""
    for key, newest in older_versions(registry):
        if key not in registry.migrations:
            yield Finding(
                contract=key,
                concern=Concern.NO_MIGRATION,
                message=f"{newest} is the newest, and no migration leads on from {key}",
                file=file_of(registry.get(key)),
                steps=(f'In contracts/registry.py, register the migration "{key}".',),
            )


def tried(registry: Registry, samples: Mapping[str, bytes]) -> Iterator[Finding]:
    """Read every stored value and take it through its migrations.

    Args:
        registry: the contracts and their migrations.
        samples: one stored value of each contract, by key.
    """
    for key, contract in registry.contracts.items():
        if key not in samples:
            steps = (f"Leave a stored value of it as {SAMPLES}/{key}.json.",)
            yield _finding(contract, Concern.NO_SAMPLE, "there is no stored value to try", steps)
            continue
        try:
            value = contract.decode(samples[key])
        except ValidationError as error:
            steps = (f"Read what was stored before; leave {SAMPLES}/{key}.json as it is.",)
            message = f"the stored value is not read: {_places(error)}"
            yield _finding(contract, Concern.UNREADABLE, message, steps)
            continue
        if message := _fault(registry, value):
            steps = ("Let the migration answer for every value that may be stored.",)
            yield _finding(contract, Concern.MIGRATION_FAILS, message, steps)


def _fault(registry: Registry, value: Contract) -> str:
    """Take a value to its newest version; say what went wrong, or nothing."""
    newest = newest_versions(registry)[value.contract_name]
    while value.contract_version < newest and value.key() in registry.migrations:
        before = value
        try:
            value = registry.migrations[before.key()](before)
            type(value).decode(value.encode())
        except MIGRATION_ERRORS as error:
            detail = _places(error) if isinstance(error, ValidationError) else str(error)
            return f"the migration of {before.key()} fails: {type(error).__name__}: {detail}"
        is_later = value.contract_version > before.contract_version
        if value.contract_name != before.contract_name or not is_later:
            return f"the migration of {before.key()} makes {value.key()}, no later version of it"
    return ""


def _places(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'the value'}: {problem['msg']}"
        for problem in error.errors()[:3]
    )


def _finding(
    contract: type[Contract], concern: Concern, message: str, steps: tuple[str, ...]
) -> Finding:
    return Finding(
        contract=contract.key(),
        concern=concern,
        message=message,
        file=file_of(contract),
        steps=steps,
    )
