"""Runs the tests that prove promises, and keeps how each of them went and what it measured."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import pytest

from tests.guarantees.figures import PROPERTY, Figure

_WORST_LAST: Final = ("passed", "skipped", "failed")


@dataclass
class Proof:
    """One test function, with all its cases, and the promises it proves."""

    promises: tuple[str, ...]
    file: str
    """Relative to the root of the project."""

    line: int
    name: str
    cases: int = 0
    outcome: str = "passed"
    """The worst of its cases: passed, skipped or failed."""

    figures: list[Figure] = field(default_factory=list)


class Recorder:
    """A plugin of pytest that watches marked tests."""

    def __init__(self) -> None:
        self.proofs: dict[tuple[str, str], Proof] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Take the report of one phase of one case into account."""
        report = yield
        promises = tuple(str(mark.args[0]) for mark in item.iter_markers("guarantee"))
        if promises:
            self._take(promises, item, report)
        return report

    def _take(
        self, promises: tuple[str, ...], item: pytest.Item, report: pytest.TestReport
    ) -> None:
        file, line, _ = item.location
        name = str(getattr(item, "originalname", item.name))
        fresh = Proof(promises, file, (line or 0) + 1, name)
        proof = self.proofs.setdefault((file, name), fresh)
        proof.outcome = max(proof.outcome, report.outcome, key=_WORST_LAST.index)
        if report.when == "call" or not report.passed:
            proof.cases += 1
            proof.figures += _figures(report.user_properties)


def _figures(properties: list[tuple[str, object]]) -> Iterator[Figure]:
    for key, kept in properties:
        match kept:
            case (str() as name, int() | float() as value, str() as unit) if key == PROPERTY:
                yield Figure(name, value, unit)


def run(files: Sequence[str]) -> tuple[Proof, ...]:
    """Run the marked tests of these files in this process; by file and line.

    Raises:
        RuntimeError: pytest was interrupted, so that nobody knows what was not run.
    """
    recorder = Recorder()
    status = pytest.main(["-q", "-m", "guarantee", *files], plugins=[recorder])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RuntimeError(f"the tests could not be run: pytest ended with {status}")
    return tuple(sorted(recorder.proofs.values(), key=lambda each: (each.file, each.line)))
