"""The text of a flow file, and where in it each part stands. Findings get their line here."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from services.errors import FlowInvalidError
from services.flows.telling import tell
from workflows.checking.finding import Finding, Place
from workflows.checking.located import LocatedFinding

SHOWN_CHARACTERS: Final = 200
"""How much of a line a finding shows."""

_LINE_ENDS: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What YAML takes for the end of a line, so that both count lines alike."""

_QUOTED: Final = re.compile(r"'([^']+)'")
_ABOUT_KEYS: Final = frozenset({"FO101", "FO102"})


@dataclass(frozen=True)
class Span:
    """Characters of one line: the column of the first, from 1, and the one after the last."""

    start: int
    end: int


@dataclass(frozen=True)
class Mark:
    """Where a part of the document stands."""

    line: int
    """From 1."""

    focus: Span | None = None
    """What a finding about the part points at: a scalar's value, else the key, else the item."""

    region: Span | None = None
    """All of the part that stands on its first line, the key included."""


@dataclass(frozen=True)
class SourceText:
    """The text of a flow file, with the mark of each part of it."""

    name: str
    """The file's name, for messages."""

    rows: tuple[str, ...] = ()
    """Its lines; none when it could not be read."""

    marks: dict[Place, Mark] = field(default_factory=dict)
    """By path into the document."""

    @classmethod
    def of(cls, name: str, text: str) -> "SourceText":
        """Cut a text into lines; nothing is marked yet."""
        return cls(name, tuple(_LINE_ENDS.split(text.removeprefix("\ufeff"))))

    def line(self, place: Place) -> int:
        """Find the line of a place, or of the nearest thing around it."""
        return self._nearest(place).line

    def locate(self, findings: Iterable[Finding]) -> tuple[LocatedFinding, ...]:
        """Give each finding its line and column, and order them as the file does."""
        ordered = sorted(findings, key=lambda each: (self.line(each.place), each.code))
        return tuple(self._locate(finding) for finding in ordered)

    def describe(self, findings: Iterable[Finding]) -> str:
        """Write findings as a compiler does: place, code, what is wrong, the line, the remedy."""
        return "\n".join(tell(each) for each in self.locate(findings))

    def refusal(self, findings: Iterable[Finding]) -> FlowInvalidError:
        """Make the error that tells these findings."""
        located = self.locate(findings)
        return FlowInvalidError("\n".join(tell(each) for each in located), located)

    def _nearest(self, place: Place) -> Mark:
        while place and place not in self.marks:
            place = place[:-1]
        return self.marks.get(place, Mark(1))

    def _locate(self, finding: Finding) -> LocatedFinding:
        mark = self._nearest(finding.place)
        row = self.rows[mark.line - 1] if mark.line <= len(self.rows) else ""
        span = self._meant(finding, mark, row)
        return LocatedFinding(
            file=self.name,
            line=mark.line if self.rows else None,
            column=span.start if span else None,
            end_column=span.end if span else None,
            shown=row[:SHOWN_CHARACTERS].rstrip(),
            code=finding.code,
            severity=finding.severity,
            place=".".join(str(part) for part in finding.place) or "file",
            message=finding.message,
            remedy=finding.remedy,
            path=finding.path,
            witness=finding.witness,
        )

    def _meant(self, finding: Finding, mark: Mark, row: str) -> Span | None:
        """Find the very word that the message quotes, where the part holds it; else its focus."""
        if finding.place not in self.marks or mark.region is None:
            return mark.focus
        first, after = mark.region.start - 1, mark.region.end - 1
        for word in _QUOTED.findall(finding.message):
            found = [
                each.start()
                for each in re.finditer(rf"(?<![\w@]){re.escape(word)}(?![\w@])", row[first:after])
            ]
            if found:
                start = first + found[0 if finding.code in _ABOUT_KEYS else -1] + 1
                return Span(start, start + len(word))
        return mark.focus
