"""What became of a week's issues, and whether the week kept its promises."""

from collections import Counter
from collections.abc import Iterator, Sequence

from contracts.base import Part


class Issue(Part):
    """One day's issue, as its run tells it."""

    day: str
    run: str
    status: str
    topics: tuple[str, ...]
    published: str
    """The file's name; empty when nothing was published."""

    gates: tuple[str, ...] = ()
    """Who was asked and who decided: `editor ann`."""

    escalated: int = 0
    """How many gates went over to another role."""

    calls: int
    """Model calls that arrived at the endpoint meanwhile."""

    counted: int
    """Model calls that the run and its sub-flow count as theirs: those as well whose answer was
    lost with a worker."""

    revisions: tuple[str, ...] = ()
    """Of the prompts that its calls were made with."""

    event: str = ""
    """What was done to the stack meanwhile."""

    seconds: float


def told_twice(issues: Sequence[Issue]) -> tuple[str, ...]:
    """List the topics that more than one issue told, in order."""
    counted = Counter(topic for issue in issues for topic in issue.topics)
    return tuple(sorted(topic for topic, times in counted.items() if times > 1))


def broken_promises(issues: Sequence[Issue], wanted: int) -> Iterator[str]:
    """Say what of a week did not hold; nothing where all of it did."""
    published = [issue for issue in issues if issue.published and issue.status == "succeeded"]
    if len(published) != wanted:
        yield f"{len(published)} of {wanted} issues came out"
    if twice := told_twice(issues):
        yield f"told twice: {', '.join(twice)}"
    if sum(bool(issue.gates) for issue in issues) < 2:
        yield "fewer than two issues asked a person"
    if not any(issue.escalated for issue in issues):
        yield "no gate was escalated"
    if mixed := [issue.day for issue in issues if len(issue.revisions) > 1]:
        yield f"prompts changed under an issue that was at work: {', '.join(mixed)}"
    if len({revision for issue in issues for revision in issue.revisions}) < 2:
        yield "the changed prompt was never used"


def table(issues: Sequence[Issue]) -> str:
    """Write one line a day; `more` is told against the issue with the fewest calls."""
    undisturbed = min(issue.calls for issue in issues)
    rows = [("day", "told", "gates", "calls", "more", "prompts", "seconds", "meanwhile")]
    rows += [
        (
            issue.day,
            ", ".join(topic.partition("/")[2] for topic in issue.topics),
            ", ".join(issue.gates) or "-",
            str(issue.calls),
            str(issue.calls - undisturbed),
            " and ".join(issue.revisions),
            f"{issue.seconds:.1f}",
            issue.event or "-",
        )
        for issue in issues
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
