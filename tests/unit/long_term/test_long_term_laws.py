"""Laws of long-term memory, over random interleavings of writers."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.long_term import Merge
from services.errors import VersionConflictError
from services.long_term.entries import LongTermMemory
from services.long_term.in_process import InProcessHeads, InProcessRecords
from services.long_term.merging import union
from services.memory.in_process import InProcessArchive
from tests.unit.long_term.remembered import ENTRY, REGISTRY, Covered, Topic, ids, topics, writing

TENANT = "t"
NAMES = st.lists(st.sampled_from([f"n{number}" for number in range(8)]), max_size=6, unique=True)


class Interleaved(InProcessRecords):
    """Lets another writer go first, as often as the test says, before a record is created."""

    def __init__(self, pauses: list[int]) -> None:
        super().__init__()
        self._pauses = pauses

    async def create(self, tenant: str, entry: str, version: int, body: bytes) -> bool:
        for _ in range(self._pauses.pop() if self._pauses else 0):
            await asyncio.sleep(0)
        return await super().create(tenant, entry, version, body)


@pytest.mark.guarantee("no-update-lost")
@settings(deadline=None, max_examples=60)
@given(
    writers=st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from([Merge.UNION, None])), min_size=1, max_size=8
    ),
    pauses=st.lists(st.integers(0, 4), max_size=30),
    forgetting=st.booleans(),
)
def test_no_interleaving_loses_an_update(
    writers: list[tuple[int, Merge | None]], pauses: list[int], forgetting: bool
) -> None:
    """Whatever was written without an error is in the head, and the chain verifies."""
    heads = InProcessHeads()
    records = Interleaved(pauses)

    async def write(number: int, pause: int, merge: Merge | None) -> str:
        # One instance a writer, so that they take no turns, as in processes of their own.
        memory = LongTermMemory(records, heads, InProcessArchive(), REGISTRY)
        kept = await memory.get(TENANT, ENTRY)
        value = Covered(topics=(*Covered.decode(kept.body).topics, Topic(id=f"w{number}")))
        for _ in range(pause):
            await asyncio.sleep(0)
        if forgetting:
            heads.kept.clear()
        try:
            await memory.put(TENANT, writing(value, kept.record.version, merge))
        except VersionConflictError:
            return "first"
        return f"w{number}"

    async def all_at_once() -> None:
        memory = LongTermMemory(records, heads, InProcessArchive(), REGISTRY)
        await memory.put(TENANT, writing(topics("first")))
        written = await asyncio.gather(*(write(n, *each) for n, each in enumerate(writers)))

        assert {"first", *written} == set(await ids(memory, TENANT))
        assert await memory.verify(TENANT, ENTRY) == ()

    asyncio.run(all_at_once())


@given(base=NAMES, theirs=NAMES, ours=NAMES)
def test_a_union_holds_what_either_added(
    base: list[str], theirs: list[str], ours: list[str]
) -> None:
    """Nothing that one of the two added is missing, and nothing is there twice."""
    made = Covered.decode(
        union(topics(*base).encode(), topics(*theirs).encode(), topics(*ours).encode())
    )
    united = [each.id for each in made.topics]

    assert set(united) >= (set(theirs) | set(ours)) - set(base)
    assert set(united) <= set(theirs) | set(ours)
    assert len(united) == len(set(united))


@given(base=NAMES, theirs=NAMES)
def test_a_union_with_nothing_new_changes_nothing(base: list[str], theirs: list[str]) -> None:
    """Who changed nothing takes what the other made, and the other way round."""
    old, new = topics(*base).encode(), topics(*theirs).encode()

    assert union(old, new, old) == new
    assert union(old, old, new) == new
    assert union(old, new, new) == new
