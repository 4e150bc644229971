"""What a trial came to, as a table for people and as JSON for programs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict

from pydantic import JsonValue, TypeAdapter

from tests.chaos.judge import INVARIANTS, Evidence, Verdict


def table(evidence: Evidence, verdict: Verdict, seconds: float) -> str:
    """Write faults by kind, runs by end, violations by invariant and the extra calls."""
    schedule = evidence.schedule
    title = (
        f"seed {schedule.seed}: {len(schedule.starts)} runs, {len(schedule.faults)} faults,"
        f" {seconds:.0f} s"
    )
    faults = Counter(done.fault.title() for done in evidence.faults)
    ends = Counter(f"{seen.status} at {seen.place}" for seen in evidence.stormy.runs.values())
    broken = Counter(each.invariant for each in verdict.violations)
    return "\n".join(
        (
            title,
            "",
            *_columns("fault", faults.items()),
            "",
            *_columns("runs ended", ends.items()),
            *_columns("", [("asked an operator on the way", verdict.helped)]),
            "",
            *_columns("violations", [(name, broken[name]) for name in INVARIANTS]),
            "",
            *_columns("calls to the model", _calls(verdict)),
            "",
            summary(verdict),
        )
    )


def summary(verdict: Verdict) -> str:
    """Say in one line what was lost, duplicated and silently wrong."""
    broken = Counter(each.invariant for each in verdict.violations)
    lost = broken["every run ends"]
    duplicated = broken["one run a key"] + broken["each artifact once"]
    wrong = sum(broken.values()) - lost - duplicated
    return f"{lost} lost, {duplicated} duplicated, {wrong} otherwise not as promised"


def as_json(evidence: Evidence, verdict: Verdict, seconds: float) -> JsonValue:
    """Write everything down that a program may want to know."""
    value: JsonValue = TypeAdapter(JsonValue).validate_json(
        TypeAdapter(dict[str, object]).dump_json(
            {
                "seed": evidence.schedule.seed,
                "runs": len(evidence.schedule.starts),
                "faults": [asdict(done) for done in evidence.faults],
                "seconds": round(seconds, 1),
                "ends": Counter(seen.status for seen in evidence.stormy.runs.values()),
                "violations": [asdict(each) for each in verdict.violations],
                "calls": dict(_calls(verdict)),
                "summary": summary(verdict),
            }
        )
    )
    return value


def _calls(verdict: Verdict) -> list[tuple[str, int]]:
    return [
        ("paid undisturbed", verdict.undisturbed_calls),
        ("paid under faults", verdict.calls),
        ("extra", verdict.extra_calls),
        ("calls that a fault met under way", verdict.chances),
    ]


def _columns(title: str, rows: Iterable[tuple[str, int]]) -> list[str]:
    lines = [f"  {count:>5}  {name}" for name, count in rows]
    return [title, *lines] if title else lines
