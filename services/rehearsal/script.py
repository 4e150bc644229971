"""A witness as a script: what happens at which visit of which step or gate."""

from collections.abc import Iterator
from typing import Final

from contracts.compiled import CompiledFlow
from services.rehearsal.sub_flows import without_sub_flows
from workflows.checking.witness import Expired, Move, Witness

ROUNDS: Final = 3
"""How often the cycle of an endless run is gone round before it is believed."""

EXPIRY_SECONDS: Final = 1
"""What a deadline that has to pass is shortened to."""


class Script:
    """Moves by node and visit, in the order in which a run meets them."""

    def __init__(self, witness: Witness) -> None:
        self.moves: tuple[Move, ...] = tuple(_unrolled(witness))
        self._by_visit = dict(_visits(self.moves))
        self._again = self._first_of_next_round(witness)

    def move(self, node: str, visit: int) -> Move | None:
        """What happens at a visit; None beyond the end of the script."""
        return self._by_visit.get((node, visit))

    def begins_again(self, node: str, visit: int) -> bool:
        """Whether this visit, beyond the end of the script, is the first of one more round."""
        return (node, visit) == self._again

    def _first_of_next_round(self, witness: Witness) -> tuple[str, int]:
        """The visit that follows when every move was made; none of a run that is not endless."""
        if witness.repeats_from is None:
            return "", 0
        node = witness.moves[witness.repeats_from].node
        return node, 1 + sum(each.node == node for each in self.moves)


def with_short_deadlines(flow: CompiledFlow, script: Script) -> CompiledFlow:
    """The same flow, not waiting for days where nobody will decide."""
    late = {move.node for move in script.moves if isinstance(move, Expired)}
    gates = {
        name: gate.model_copy(update={"deadline": EXPIRY_SECONDS}) if name in late else gate
        for name, gate in flow.gates.items()
    }
    return without_sub_flows(flow.model_copy(update={"gates": gates}))


def _unrolled(witness: Witness) -> Iterator[Move]:
    yield from witness.moves
    if witness.repeats_from is not None:
        for _ in range(ROUNDS - 1):
            yield from witness.moves[witness.repeats_from :]


def _visits(moves: tuple[Move, ...]) -> Iterator[tuple[tuple[str, int], Move]]:
    counted: dict[str, int] = {}
    for move in moves:
        counted[move.node] = counted.get(move.node, 0) + 1
        yield (move.node, counted[move.node]), move
