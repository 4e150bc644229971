"""Contracts and entries that the tests of long-term memory write."""

import asyncio

from pydantic import Field

from contracts.base import Contract, Part
from contracts.long_term import Merge, Provenance
from contracts.registry import Registry
from services.long_term.entries import LongTermMemory
from services.long_term.writing import Writing

ENTRY = "newsletter.covered"
ANNA = Provenance(who="anna")


class Topic(Part):
    id: str
    title: str = ""


class Covered(Contract, version=1):
    name: str = "covered"
    topics: tuple[Topic, ...] = Field(default=(), max_length=400)


class CoveredAgain(Contract, version=2, name="Covered"):
    name: str = "covered"
    topics: tuple[Topic, ...] = Field(default=(), max_length=400)
    locale: str = "en"


class Voice(Contract, version=1):
    tone: str


def migrated(old: Covered) -> CoveredAgain:
    return CoveredAgain(name=old.name, topics=old.topics)


REGISTRY = Registry.of([Covered, CoveredAgain, Voice], {"Covered@1": migrated})


def topics(*ids: str) -> Covered:
    return Covered(topics=tuple(Topic(id=each) for each in ids))


def large(*ids: str) -> Covered:
    """Three topics take more than what a record holds itself."""
    return Covered(topics=tuple(Topic(id=each, title="x" * 6000) for each in ids))


def writing(value: Contract, expected: int = 0, merge: Merge | None = None) -> Writing:
    return Writing(ENTRY, value, ANNA, expected, merge)


async def ids(memory: LongTermMemory, tenant: str, version: int = 0) -> list[str]:
    """The topics of a version, in order."""
    found = Covered.decode((await memory.get(tenant, ENTRY, version)).body)
    return [each.id for each in found.topics]


async def write_many(memories: list[LongTermMemory], tenant: str, writers: int) -> None:
    """Let many writers at once each add a topic to the entry that none of them has seen."""
    await asyncio.gather(
        *(
            memories[number % len(memories)].put(
                tenant, writing(topics(f"t{number}"), merge=Merge.UNION)
            )
            for number in range(writers)
        )
    )
