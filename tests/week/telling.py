"""A week written for people: a table of its days, and its numbers below."""

from collections.abc import Iterator, Sequence

from tests.week.judging import Issue, paid_again, sums

NOBODY = "-"


def table(issues: Sequence[Issue]) -> str:
    """Write one line a day; `again` counts calls beyond those of the issue with the fewest."""
    rows = [
        (
            "day",
            "lead and second story",
            "calls",
            "again",
            "lost",
            "build",
            "prompts",
            "s",
            "meanwhile",
        )
    ]
    rows += [
        (
            issue.day,
            "; ".join(issue.titles or issue.topics),
            str(issue.calls),
            str(paid_again(issue, issues)),
            str(issue.lost),
            " and ".join(issue.builds),
            " and ".join(issue.revisions),
            f"{issue.seconds:.1f}",
            "; ".join(_meanwhile(issue)) or NOBODY,
        )
        for issue in issues
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def numbers(issues: Sequence[Issue]) -> str:
    """Write what the week came to, a line for each thing that it shows."""
    week = sums(issues)
    rows = [
        ("issues published", f"{week.issues} of {len(issues)}"),
        ("topics", f"{week.topics}, told twice {week.told_twice}"),
        ("decisions at gates", f"{week.decisions}, after an escalation {week.escalations}"),
        ("workers killed", str(week.workers_killed)),
        ("keys of memory wiped", str(week.keys_wiped)),
        ("builds", f"{week.builds}, with {week.prompt_revisions} revisions of the prompts"),
        ("model calls", f"{week.model_calls}, paid again {week.calls_paid_again}"),
        ("answers lost", f"{week.answers_lost}, in flight to a worker that died"),
        ("seconds", f"{week.seconds:.1f}"),
    ]
    return "\n".join(f"{name:<22}{value}" for name, value in rows)


def _meanwhile(issue: Issue) -> Iterator[str]:
    yield from issue.gates
    if issue.event.told:
        yield issue.event.told
