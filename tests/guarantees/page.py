"""Writes the page of guarantees from promises, proofs and reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from tests.guarantees.promises import PROMISES, Promise
from tests.guarantees.record import Proof
from tests.guarantees.reports import Report

_HEAD: Final = """# Guarantees

What Flow Orchestra promises about failures, the tests that prove it, and what they last measured.

This page is written by the tests themselves (`python -m tests.guarantees.write`); nothing on it is
typed by hand.
"""
_TABLE: Final = "| promise | holds | proved by | last figures |\n| --- | --- | --- | --- |\n"


@dataclass(frozen=True)
class Measured:
    """When and on what the proofs were made."""

    commit: str
    date: str
    """ISO 8601, UTC."""


def page(proofs: Sequence[Proof], reports: Sequence[Report], measured: Measured) -> str:
    """Write the whole page."""
    cases = sum(each.cases for each in proofs)
    failed = sum(each.outcome == "failed" for each in proofs)
    lines = [
        f"{len(PROMISES)} promises, {len(proofs)} tests with {cases} cases, {failed} of them"
        f" failed. Commit {measured.commit}, {measured.date}.",
        "",
        _TABLE + "\n".join(_row(promise, proofs, reports) for promise in PROMISES),
        "",
        *_measured(reports),
        *_sections(proofs),
    ]
    return "\n".join([_HEAD, *lines]).rstrip() + "\n"


def _row(promise: Promise, proofs: Sequence[Proof], reports: Sequence[Report]) -> str:
    own = [each for each in proofs if promise.id in each.promises]
    cases = sum(each.cases for each in own)
    proved = f"[{len(own)} tests, {cases} cases](#{promise.id}): {promise.measured}"
    figures = [str(figure) for each in own for figure in each.figures]
    figures += [
        f"[{each.name}](#{each.name})"
        for each in reports
        if promise.reports and each.name.startswith(promise.reports)
    ]
    cells = (promise.sentence, _verdict(own), proved, "<br>".join(figures))
    return "| " + " | ".join(_cell(each) for each in cells) + " |"


def _verdict(proofs: Sequence[Proof]) -> str:
    if any(each.outcome == "failed" for each in proofs):
        return "**no**"
    return "yes" if any(each.outcome == "passed" for each in proofs) else "not proved"


def _measured(reports: Sequence[Report]) -> list[str]:
    """Tell each report's figures once."""
    lines: list[str] = []
    for each in reports:
        lines += [f"## {each.name}", "", *(f"- {figure}" for figure in each.figures), ""]
    return lines


def _sections(proofs: Sequence[Proof]) -> list[str]:
    """List the tests of each promise, by file."""
    lines: list[str] = ["## The proofs", ""]
    for promise in PROMISES:
        own = [each for each in proofs if promise.id in each.promises]
        lines += [f"### {promise.id}", "", promise.sentence, ""]
        for file, tests in groupby(own, key=lambda each: each.file):
            lines += [f"- [{file}]({file})", *(f"  - {_link(each)}" for each in tests)]
        lines.append("")
    return lines


def _link(proof: Proof) -> str:
    name = proof.name.removeprefix("test_").replace("_", " ")
    cases = f", {proof.cases} cases" if proof.cases > 1 else ""
    return f"[{name}]({proof.file}#L{proof.line}): {proof.outcome}{cases}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
