"""References: how trust flows, and how values are told apart."""

import pytest
from pydantic import ValidationError

from contracts.compiled import Each
from contracts.event import Event, EventKind
from contracts.reference import Reference, Trust, least_trust
from contracts.run import RunStatus

UNTRUSTED, MODEL, OPERATOR = Trust.UNTRUSTED, Trust.MODEL, Trust.OPERATOR


@pytest.mark.parametrize(
    ("sources", "made"),
    [
        ((OPERATOR, OPERATOR), OPERATOR),
        ((OPERATOR, MODEL), MODEL),
        ((MODEL, UNTRUSTED, OPERATOR), UNTRUSTED),
        ((UNTRUSTED,), UNTRUSTED),
        ((), OPERATOR),
    ],
)
def test_a_value_is_trusted_as_its_least_trusted_source(
    sources: tuple[Trust, ...], made: Trust
) -> None:
    """Trust flows with derivation: nothing is believed more than what it was made from."""
    assert least_trust(*sources) is made


def test_a_version_names_slot_and_ordinal() -> None:
    """A value is known within its run by its slot and number."""
    reference = _reference(slot="draft", ordinal=2)

    assert reference.version == "draft:2"


@pytest.mark.parametrize("digest", ["", "abc", "G" * 64, "A" * 64, "0" * 65])
def test_an_address_is_sixty_four_hexadecimal_digits(digest: str) -> None:
    """Anything but a lower-case SHA-256 is no address."""
    with pytest.raises(ValidationError, match="digest"):
        _reference(digest=digest)


def test_a_fan_out_looks_at_the_keys_of_its_list() -> None:
    """The fact behind a fan-out lists the keys of the elements, in order."""
    each = Each(variable="part", slot="outline", path="sections", key="id")

    assert each.fact == "keys(sections.id)"


@pytest.mark.parametrize(
    ("status", "is_final"),
    [("queued", False), ("running", False), ("input_required", False), ("paused", False)]
    + [(name, True) for name in ("succeeded", "rejected", "failed", "cancelled", "expired")],
)
def test_five_states_are_final(status: str, is_final: bool) -> None:
    """A run that succeeded, was rejected, failed, was cancelled or expired is over."""
    assert RunStatus(status).is_final is is_final


def test_an_event_is_told_apart_from_every_other() -> None:
    """Pieces of one stream, attempts and calls have identities of their own."""
    first = Event(seq=3, kind=EventKind.TEXT, at_ms=0, attempt=1, exchange=1, part=1)
    others = [
        first.model_copy(update=change)
        for change in ({"part": 2}, {"attempt": 2}, {"exchange": 2}, {"seq": 4})
    ]

    assert len({event.identity() for event in (first, *others)}) == 5


def _reference(slot: str = "draft", ordinal: int = 1, digest: str = "0" * 64) -> Reference:
    return Reference(
        slot=slot,
        ordinal=ordinal,
        contract="Draft@1",
        digest=digest,
        size=1,
        trust=Trust.MODEL,
        produced_by="write",
    )
