"""What became of a week's issues, and whether the week kept its promises."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from contracts.base import Part

GATED_ISSUES: Final = 2
"""How many issues have to stop for a person."""


class Event(Part):
    """What was done to the stack while an issue was at work."""

    told: str = ""
    workers_killed: int = 0
    keys_wiped: int = 0
    """How many keys memory held when it was emptied."""


class Issue(Part):
    """One day's issue, as its run tells it."""

    day: str
    run: str
    status: str
    topics: tuple[str, ...]
    """Ids of what it told, the lead first."""

    titles: tuple[str, ...] = ()
    """Of its topics, in their order."""

    published: str
    """The file's name; empty when nothing was published."""

    gates: tuple[str, ...] = ()
    """Who decided about what: `issue: ann as editor`."""

    escalated: int = 0
    """How many gates went over to another role."""

    calls: int
    """Model calls that arrived at the endpoint meanwhile."""

    lost: int = 0
    """Calls among them whose answer nobody took: the worker that waited for it had died."""

    counted: int
    """Model calls that the run and its sub-flow count as theirs: those as well whose answer was
    lost with a worker."""

    revisions: tuple[str, ...] = ()
    """Of the prompts that its calls were made with."""

    builds: tuple[str, ...] = ()
    """Of the workers that took decisions in the run or its sub-flow."""

    event: Event = Event()
    seconds: float


class Sums(Part):
    """The week in numbers."""

    issues: int
    topics: int
    told_twice: int
    decisions: int
    escalations: int
    workers_killed: int
    keys_wiped: int
    builds: int
    prompt_revisions: int
    model_calls: int
    calls_paid_again: int
    """More than as many issues make without a fault."""

    answers_lost: int
    seconds: float


def told_twice(issues: Sequence[Issue]) -> tuple[str, ...]:
    """List the topics that more than one issue told, in order."""
    counted = Counter(topic for issue in issues for topic in issue.topics)
    return tuple(sorted(topic for topic, times in counted.items() if times > 1))


def paid_again(issue: Issue, issues: Sequence[Issue]) -> int:
    """Count an issue's calls beyond those of the issue with the fewest."""
    return issue.calls - min(each.calls for each in issues)


def sums(issues: Sequence[Issue]) -> Sums:
    """Add a week up."""
    return Sums(
        issues=sum(_is_out(issue) for issue in issues),
        topics=sum(len(issue.topics) for issue in issues),
        told_twice=len(told_twice(issues)),
        decisions=sum(len(issue.gates) for issue in issues),
        escalations=sum(issue.escalated for issue in issues),
        workers_killed=sum(issue.event.workers_killed for issue in issues),
        keys_wiped=sum(issue.event.keys_wiped for issue in issues),
        builds=len({build for issue in issues for build in issue.builds}),
        prompt_revisions=len({each for issue in issues for each in issue.revisions}),
        model_calls=sum(issue.calls for issue in issues),
        calls_paid_again=sum(paid_again(issue, issues) for issue in issues),
        answers_lost=sum(issue.lost for issue in issues),
        seconds=round(sum(issue.seconds for issue in issues), 1),
    )


def broken_promises(issues: Sequence[Issue], wanted: int) -> Iterator[str]:
    """Say what of a week did not hold; nothing where all of it did."""
    added = sums(issues)
    if added.issues != wanted:
        yield f"{added.issues} of {wanted} issues came out"
    if twice := told_twice(issues):
        yield f"told twice: {', '.join(twice)}"
    if silent := [issue.day for issue in issues if not issue.topics]:
        yield f"told nothing: {', '.join(silent)}"
    yield from _what_never_happened(issues, added)
    yield from _what_changed_at_work(issues)
    yield from _what_was_paid_again(issues)


def _what_never_happened(issues: Sequence[Issue], added: Sums) -> Iterator[str]:
    """A week without its faults and people would keep its promises for nothing."""
    if sum(bool(issue.gates) for issue in issues) < GATED_ISSUES:
        yield f"fewer than {GATED_ISSUES} issues asked a person"
    if not added.escalations:
        yield "no gate was escalated"
    if not added.workers_killed:
        yield "no worker was killed"
    if not added.keys_wiped:
        yield "no memory was wiped"
    if added.prompt_revisions == 1:
        yield "the changed prompt was never used"
    if added.builds == 1:
        yield "the new build took no run"


def _what_changed_at_work(issues: Sequence[Issue]) -> Iterator[str]:
    if mixed := [issue.day for issue in issues if len(issue.revisions) > 1]:
        yield f"prompts changed under an issue that was at work: {', '.join(mixed)}"
    if moved := [issue.day for issue in issues if len(issue.builds) > 1]:
        yield f"an issue did not end on the build that began it: {', '.join(moved)}"


def _what_was_paid_again(issues: Sequence[Issue]) -> Iterator[str]:
    for issue in issues:
        again = paid_again(issue, issues)
        if again > issue.lost:
            yield f"{issue.day} paid {again} calls again, and the answers to {issue.lost} were lost"


def _is_out(issue: Issue) -> bool:
    return bool(issue.published) and issue.status == "succeeded"
