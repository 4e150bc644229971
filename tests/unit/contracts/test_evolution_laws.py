"""What is said of two random contracts holds for random values of them."""

from typing import Any, Final

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from contracts.base import Part
from contracts.evolution.change import Reading
from contracts.evolution.compare import compare
from contracts.evolution.json_schema import schema_of
from tests.unit.contracts.random_contracts import Object, contracts, evolved

_JSON: Final = TypeAdapter(list[Any])
_PATIENT: Final = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
_SAFE: Final = (Reading.READS, Reading.LOSES)
PAIRS: Final = contracts.flatmap(lambda old: st.tuples(st.just(old), evolved(old)))


def _batch(declared: Object) -> st.SearchStrategy[bytes]:
    """Several values as one JSON list, so that bounds are met from both sides."""
    return st.lists(declared.values(), min_size=6, max_size=6).map(_JSON.dump_json)


def _reads(contract: type[Part], batch: bytes) -> bytes:
    """Read values and write them again."""
    batches = TypeAdapter(list[contract])  # type: ignore[valid-type]  # made while it runs
    return batches.dump_json(batches.validate_json(batch))


@_PATIENT
@given(PAIRS, st.data())
def test_stored_values_that_are_said_to_be_readable_are_read(
    pair: tuple[Object, Object], data: st.DataObject
) -> None:
    """Where no change breaks them, every value of the old contract is one of the new."""
    old, new = pair[0].model(), pair[1].model()
    changes = compare(schema_of(old), schema_of(new))
    assume(all(each.stored in _SAFE for each in changes))

    assert _reads(new, data.draw(_batch(pair[0])))


@_PATIENT
@given(PAIRS, st.data())
def test_older_programs_that_are_said_to_read_do_read(
    pair: tuple[Object, Object], data: st.DataObject
) -> None:
    """Where no change keeps them from it, they read whatever the new contract writes."""
    old, new = pair[0].model(), pair[1].model()
    changes = compare(schema_of(old), schema_of(new))
    assume(all(each.older in _SAFE for each in changes))

    assert _reads(old, _reads(new, data.draw(_batch(pair[1]))))


@_PATIENT
@given(contracts)
def test_a_contract_that_is_declared_anew_has_not_changed(declared: Object) -> None:
    """Two classes of the same fields are one contract, whatever the classes are called."""
    assert compare(schema_of(declared.model()), schema_of(declared.model())) == ()
