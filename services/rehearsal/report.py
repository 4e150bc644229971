"""What a rehearsal has found, as data; every other form is made of this."""

from collections.abc import Iterable, Sequence

from pydantic import Field

from contracts.base import Part
from contracts.failure import UNPLANNED, FailureKind
from services.rehearsal import faults
from services.rehearsal.cells import Cell
from services.rehearsal.faults import MODES, Injection
from services.rehearsal.judge import Garbage, Verdict
from services.rehearsal.seen import Seen


class Row(Part):
    """One fault at one place, and what the run did about it."""

    step: str = ""
    """A step or a gate."""

    item: str = ""
    port: str
    fault: str
    does: str
    """What is injected, in words."""

    mode: str
    """The failure mode, `1.4`."""

    recognisable: bool
    """Whether code can tell this fault."""

    way: str = ""
    """Along which way it was rehearsed."""

    did: tuple[str, ...] = ()
    """What the run did: `repaired 2`, `retried 1`, `fell back`, `asked help`, `stopped`."""

    calls: int = 0
    further_calls: int = 0
    """Model calls beyond those of the undisturbed run; fewer where it stopped."""

    outcome: str = ""
    end: str = ""
    garbage: Garbage = Garbage.NONE
    why: str = ""
    """What the garbage is, or why the fault was not rehearsed."""

    rehearsed: bool = True
    seconds: float = Field(default=0, ge=0)

    @property
    def is_silent(self) -> bool:
        """Whether readers got the fault as if all were well."""
        return self.garbage is Garbage.PASSED


class Rehearsal(Part):
    """A whole rehearsal."""

    flow: str
    version: int
    seed: int
    seconds: float
    ways: tuple[str, ...]
    """Ways that were walked undisturbed, each with its end."""

    rows: tuple[Row, ...]

    @property
    def unrehearsed(self) -> tuple[Row, ...]:
        """Lines that stayed empty."""
        return tuple(row for row in self.rows if not row.rehearsed)

    @property
    def endless(self) -> tuple[Row, ...]:
        """Lines whose run did not end."""
        return tuple(row for row in self.rows if row.rehearsed and row.outcome == "no end")

    @property
    def silent(self) -> tuple[Row, ...]:
        """Garbage that code could have told and did not."""
        return tuple(row for row in self.rows if row.is_silent and row.recognisable)

    @property
    def unrecognised(self) -> tuple[Row, ...]:
        """Garbage that only a judge could have told."""
        return tuple(row for row in self.rows if row.is_silent and not row.recognisable)

    @property
    def noteworthy(self) -> tuple[Row, ...]:
        """Lines that somebody has to look at."""
        return tuple(row for row in self.rows if row.garbage or not row.rehearsed) + self.endless

    @property
    def beyond_code(self) -> int:
        """How many faults only a judge could tell."""
        return sum(row.rehearsed and not row.recognisable for row in self.rows)

    @property
    def is_good(self) -> bool:
        """Whether every line is filled, and no garbage passed that code can tell."""
        return bool(self.rows) and not (self.unrehearsed or self.endless or self.silent)


def row_of(cell: Cell) -> Row:
    """Begin a line: what is injected where."""
    return _row(cell.target.injection).model_copy(
        update={
            "step": cell.target.step,
            "item": cell.target.item,
            "way": cell.base.way.name if cell.base else "",
            "why": cell.lacking,
        }
    )


def catalogue() -> list[Row]:
    """List every fault that there is, at no step."""
    kinds = (each for each in FailureKind if each not in UNPLANNED)
    listed = (
        *faults.of_model(),
        *faults.of_answers(),
        *faults.of_code(kinds),
        *faults.of_memory(journals=True),
        *faults.of_worker(asks=True),
        *faults.of_gate(),
    )
    return [_row(injection) for injection in listed]


def _row(injection: Injection) -> Row:
    return Row(
        port=injection.port.value,
        fault=injection.name,
        does=injection.does,
        mode=injection.mode,
        recognisable=injection.recognisable,
        rehearsed=False,
    )


def filled(row: Row, run: Seen, undisturbed: Seen, verdict: Verdict) -> Row:
    """Fill a line in with what the run did."""
    return row.model_copy(
        update={
            "did": tuple(_did(run, undisturbed)),
            "calls": run.calls,
            "further_calls": run.calls - undisturbed.calls,
            "outcome": run.outcome,
            "end": run.end,
            "garbage": verdict.garbage,
            "why": verdict.why,
            "rehearsed": True,
            "seconds": round(run.seconds, 1),
        }
    )


def _did(run: Seen, undisturbed: Seen) -> Iterable[str]:
    further = list(run.asked)
    for gate in undisturbed.asked:
        if gate in further:
            further.remove(gate)
    counted = {"repaired": run.repaired, "retried": run.retried, "restored": run.restored}
    yield from (f"{word} {count}" for word, count in counted.items() if count)
    if run.fell_back:
        yield "fell back"
    yield from (f"asked {gate}" for gate in dict.fromkeys(further))
    if run.outcome != "succeeded":
        yield f"stopped: {run.kind}" if run.kind else "stopped"
    elif run.route != undisturbed.route:
        yield "went another way"


def legend() -> Sequence[tuple[str, str]]:
    """Say what the words of a table mean."""
    return (
        ("once / always", "the fault strikes at the first chance only, or at every one"),
        (
            "repaired n",
            "n answers were turned down, the last for good where nothing helped",
        ),
        ("retried n", "n attempts were made again after a failure or the loss of a worker"),
        ("restored n", "n times lost or damaged values came back from archive or history"),
        ("fell back", "another model or agent, named by the flow, did the work"),
        ("asked gate", "a person was asked; here the operator retries once and then stops"),
        ("went another way", "the run took other steps than the undisturbed one"),
        ("stopped: kind", "the run came to an end that the flow declares, for this failure"),
        ("calls", "calls to the scripted model; in brackets, against the undisturbed run"),
        ("garbage", "PASSED: reported as a success, and the output carries the fault"),
        ("approved", "the same, after the fault made the run ask an editor, who approves all"),
        ("*", "no code can tell this fault, only a judge; its rate is told apart"),
        ("mode", "; ".join(f"{code} {told}" for code, told in MODES.items())),
    )
