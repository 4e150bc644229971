"""The invariants: what was seen under faults, held against what was seen without. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.chaos.inject import Done
from tests.chaos.model import ModelCall
from tests.chaos.observe import RunSeen, Seen
from tests.chaos.schedule import Schedule, Start

SETTLING_SECONDS: Final = 2.0
"""A fault still shows for so long after its end: what it interrupted has yet to be noticed."""

THINKING_SECONDS: Final = 0.4
"""How long a call is under way at the endpoint."""

HELP: Final = "help"
APPROVE: Final = "approve"
PUBLISH: Final = "publish"
INVARIANTS: Final = (
    "one run a key",
    "every run ends",
    "ends as undisturbed",
    "digests as undisturbed",
    "routes as undisturbed",
    "each artifact once",
    "paid once, plus one a fault",
    "ledger covers the spending",
    "no gate skipped",
    "no workflow task fails",
    "a run keeps its prompts",
    "no answer 500",
    "memory holds no wrong value unnoticed",
)


@dataclass(frozen=True)
class Violation:
    """A promise that was broken."""

    invariant: str
    marker: str
    """The run, or empty when it is about all of them."""

    detail: str


@dataclass(frozen=True)
class Evidence:
    """All that was seen of one schedule, with and without its faults."""

    schedule: Schedule
    calm: Seen
    stormy: Seen
    calm_calls: tuple[ModelCall, ...]
    stormy_calls: tuple[ModelCall, ...]
    faults: tuple[Done, ...]
    answered: Mapping[str, frozenset[str]]
    """By marker: the runs that answers to its start have named."""

    decided: Mapping[str, tuple[str, ...]]
    """By marker: what the callers have decided at gates."""

    still_open: tuple[str, ...]
    refused: tuple[str, ...]
    bugs: tuple[str, ...]


@dataclass
class Verdict:
    """What the invariants say, and the numbers behind it."""

    violations: list[Violation] = field(default_factory=list)
    extra_calls: int = 0
    """Paid beyond the undisturbed runs."""

    calls: int = 0
    undisturbed_calls: int = 0
    chances: int = 0
    """Calls that were under way while there was a fault."""

    helped: int = 0
    """Runs that asked an operator, who let the step be tried again."""


def judge(evidence: Evidence) -> Verdict:
    """Hold everything against everything."""
    verdict = Verdict(
        calls=sum(call.is_paid for call in evidence.stormy_calls),
        undisturbed_calls=sum(call.is_paid for call in evidence.calm_calls),
        chances=_chances(evidence),
        helped=sum(HELP in seen.decided for seen in evidence.stormy.runs.values()),
    )
    verdict.violations += _keys(evidence)
    verdict.violations += _of_all(evidence)
    for start in evidence.schedule.starts:
        verdict.violations += _of_run(evidence, start)
    verdict.violations += _artifacts(evidence)
    extra, violations = _paid(evidence)
    verdict.extra_calls = extra
    verdict.violations += violations
    return verdict


def _keys(evidence: Evidence) -> Iterable[Violation]:
    for start in evidence.schedule.starts:
        named = evidence.answered.get(start.marker, frozenset())
        if len(named) != 1:
            yield Violation("one run a key", start.marker, f"answers named {sorted(named)}")
    many = len(evidence.stormy.workflows)
    if many != len(evidence.schedule.starts):
        told = f"{many} workflows for {len(evidence.schedule.starts)} keys"
        yield Violation("one run a key", "", told)


def _of_all(evidence: Evidence) -> Iterable[Violation]:
    for each in evidence.still_open:
        yield Violation("every run ends", "", f"{each} is still open")
    for each in evidence.stormy.failed_tasks:
        yield Violation("no workflow task fails", "", each)
    for each in evidence.refused:
        yield Violation("ends as undisturbed", "", each)
    for each in evidence.bugs:
        yield Violation("no answer 500", "", each)
    corrupted = any(done.fault.kind == "values corrupted" for done in evidence.faults)
    if not corrupted:
        for each in evidence.stormy.wrong_values:
            yield Violation("memory holds no wrong value unnoticed", "", each)


def _of_run(evidence: Evidence, start: Start) -> Iterable[Violation]:
    seen = evidence.stormy.runs.get(start.marker)
    calm = evidence.calm.runs.get(start.marker)
    if seen is None or calm is None:
        return
    yield from _likeness(start, seen, calm)
    yield from _gates(evidence, start, seen)
    yield from _ledger(evidence, start, seen)
    revisions = {call.revision for call in evidence.stormy_calls if call.marker == start.marker}
    if len(revisions) > 1:
        told = f"prompts of revisions {sorted(revisions)}"
        yield Violation("a run keeps its prompts", start.marker, told)


def _likeness(start: Start, seen: RunSeen, calm: RunSeen) -> Iterable[Violation]:
    if (seen.status, seen.place) != (calm.status, calm.place):
        told = f"{seen.status} at {seen.place} instead of {calm.status} at {calm.place}"
        because = f"{seen.reason}; {', '.join(seen.failures)}"
        yield Violation("ends as undisturbed", start.marker, f"{told}: {because}")
    if seen.digests != calm.digests:
        keys = {*seen.digests, *calm.digests}
        differing = [key for key in keys if seen.digests.get(key) != calm.digests.get(key)]
        yield Violation("digests as undisturbed", start.marker, ", ".join(sorted(differing)))
    if without_help(seen.route) != calm.route:
        yield Violation("routes as undisturbed", start.marker, f"{seen.route} != {calm.route}")


def without_help(route: Sequence[tuple[str, str, str]]) -> tuple[tuple[str, str, str], ...]:
    """Leave out the ways to an operator and back: the flow declares them for what fails."""
    return tuple(each for each in route if HELP not in each[:2])


def _gates(evidence: Evidence, start: Start, seen: RunSeen) -> Iterable[Violation]:
    passed = Counter(source for source, _, _ in seen.route)[APPROVE]
    sent = [each for each in evidence.decided.get(start.marker, ()) if each.startswith(APPROVE)]
    if passed > len(sent):
        told = f"{passed} ways out of the gate, {len(sent)} decisions"
        yield Violation("no gate skipped", start.marker, told)
    is_risky = any(target == APPROVE for _, target, _ in seen.route)
    published = any(target == PUBLISH for _, target, _ in seen.route)
    if is_risky and published and not any(each.endswith(":approve") for each in sent):
        yield Violation("no gate skipped", start.marker, "published without an approval")


def _ledger(evidence: Evidence, start: Start, seen: RunSeen) -> Iterable[Violation]:
    calls = [
        call
        for call in evidence.stormy_calls
        if call.marker == start.marker and call.is_paid and call.outcome != "open"
    ]
    tokens = sum(call.tokens for call in calls)
    if seen.spent_calls < len(calls) or seen.spent_tokens < tokens:
        told = (
            f"{seen.spent_calls} calls and {seen.spent_tokens} tokens in the ledger,"
            f" {len(calls)} and {tokens} at the endpoint"
        )
        yield Violation("ledger covers the spending", start.marker, told)


def _artifacts(evidence: Evidence) -> Iterable[Violation]:
    wanted = {
        seen.artifact: seen.artifact_digest
        for seen in evidence.stormy.runs.values()
        if seen.artifact
    }
    for name, digest in wanted.items():
        if evidence.stormy.published.get(name) != digest:
            yield Violation("each artifact once", "", f"{name} is missing or altered")
    for name in evidence.stormy.published.keys() - wanted.keys():
        yield Violation("each artifact once", "", f"{name} belongs to no run")


def _paid(evidence: Evidence) -> tuple[int, list[Violation]]:
    """Count what was paid beyond the undisturbed runs, and find what no fault accounts for."""
    before, after = _by_work(evidence.calm_calls), _by_work(evidence.stormy_calls)
    extra, violations = 0, []
    for (marker, work), calls in after.items():
        more = len(calls) - len(before.get((marker, work), ()))
        if more <= 0:
            continue
        extra += more
        met = [each for each in evidence.faults if _overlaps(each, calls[0].at, calls[-1].at)]
        if more > len(met):
            titles = ", ".join(each.fault.title() for each in met) or "no fault"
            told = f"{work} was paid {len(calls)} times; met {titles}"
            violations.append(Violation("paid once, plus one a fault", marker, told))
    return extra, violations


def _by_work(calls: Iterable[ModelCall]) -> dict[tuple[str, str], list[ModelCall]]:
    found: dict[tuple[str, str], list[ModelCall]] = defaultdict(list)
    for call in calls:
        if call.is_paid:
            found[call.marker, call.piece].append(call)
    return found


def _overlaps(done: Done, first: float, last: float) -> bool:
    return done.began <= last and done.ended + SETTLING_SECONDS >= first


def _chances(evidence: Evidence) -> int:
    """Count the calls during which a fault was there; a fault may meet several at once."""
    return sum(
        any(
            done.began <= call.at + THINKING_SECONDS and done.ended >= call.at
            for done in evidence.faults
        )
        for call in evidence.stormy_calls
        if call.is_paid
    )
