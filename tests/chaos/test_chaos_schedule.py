"""A schedule is what its seed says, and leaves no kind of fault out for long."""

from tests.chaos.fault import DECK, SECONDS, Kind
from tests.chaos.schedule import OUTLINED, RISKY, draw

STARTS = [
    (0.392, "r0000", "hot-heap"),
    (1.71, "r0001", "composting-without-a-garden"),
    (5.953, "r0002", "medicines-at-home"),
]
FAULTS = [(4.827, "memory half-open link"), (5.573, "memory rolled back")]


def test_same_numbers_give_the_same_schedule() -> None:
    """Seed, runs and faults are all that a schedule depends on, so it can be replayed."""
    assert draw(7, 30, 20) == draw(7, 30, 20)
    assert draw(7, 30, 20) != draw(8, 30, 20)


def test_a_known_seed_stays_what_it_was() -> None:
    """What seed 7 means does not change unnoticed: kept seeds would replay something else."""
    schedule = draw(7, 3, 2)

    assert [(each.at, each.marker, each.brief) for each in schedule.starts] == STARTS
    assert [(each.at, each.title()) for each in schedule.faults] == FAULTS


def test_every_fault_is_done_before_one_is_done_twice() -> None:
    """As many faults as there are kinds and targets are all of them."""
    faults = draw(3, 1, len(DECK)).faults

    assert {(each.kind, each.target) for each in faults} == set(DECK)
    assert {each.kind for each in faults} == set(Kind)


def test_faults_last_as_long_as_their_kind_says() -> None:
    """A fault that outlasts the flow's retries would end runs otherwise, as the flow declares."""
    faults = draw(5, 1, 300).faults

    assert all(
        SECONDS[each.kind][0] <= each.seconds <= SECONDS[each.kind][1]
        for each in faults
        if each.kind in SECONDS
    )


def test_load_has_gates_and_both_flows() -> None:
    """Among forty runs some wait for an editor, who decides in every way, and some are small."""
    starts = draw(1, 40, 16).starts

    assert {each.decision for each in starts if each.brief == RISKY} == {
        "approve",
        "edited",
        "reject",
    }
    assert {each.flow for each in starts} == {"article", OUTLINED}
    assert len({each.marker for each in starts}) == len(starts)
