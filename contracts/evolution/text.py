"""Findings about contracts as text, for whoever has to do the work."""

from collections.abc import Iterator, Sequence

from contracts.evolution.advice import Explained
from contracts.evolution.finding import Finding

_OF_CHANGE = (
    ("stored", "stored values"),
    ("older", "older programs"),
    ("instead", "or instead"),
)
_OF_FINDING = (("digests", "digests"), ("routes", "flows"), ("runs", "runs that go on"))


def lines(finding: Finding) -> Iterator[str]:
    """Write one finding: what it is about, each change with its meaning, and what to do."""
    where = f"  {finding.file}" if finding.file else ""
    yield f"{finding.contract}{where}: {finding.message}"
    for each in finding.changes:
        yield from _change(each)
    yield from _sentences(finding, _OF_FINDING, "  ")
    yield "  to do:"
    for number, step in enumerate(finding.steps, start=1):
        yield f"    {number}. {step}"


def summary(contracts: int, findings: Sequence[Finding], *, has_samples: bool) -> str:
    """Write the last line.

    Args:
        contracts: how many are published.
        findings: what was found.
        has_samples: whether stored values were tried.
    """
    counted = f"{contracts} published contract{'' if contracts == 1 else 's'}"
    if findings:
        return f"{counted}: {len(findings)} to see to"
    tried = "every stored value is read" if has_samples else "no stored values were here to try"
    return f"{counted}: all as published, {tried}"


def _change(explained: Explained) -> Iterator[str]:
    change = explained.change
    yield f"  {change.path or 'the value'}: {change.what}  [{change.verdict.value}]"
    if change.also_at:
        yield f"    also at: {', '.join(change.also_at)}"
    yield from _sentences(explained, _OF_CHANGE, "    ")


def _sentences(
    told: Explained | Finding, titles: Sequence[tuple[str, str]], margin: str
) -> Iterator[str]:
    for field, title in titles:
        if sentence := getattr(told, field):
            yield f"{margin}{title}: {sentence}"
