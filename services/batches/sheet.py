"""Writes the report of a batch as a sheet."""

import csv
import io

from contracts.batch import BatchReport, ReportRow


def sheet(report: BatchReport) -> str:
    """Write a report as CSV with a header."""
    written = io.StringIO()
    rows = csv.DictWriter(written, list(ReportRow.model_fields), lineterminator="\n")
    rows.writeheader()
    for row in report.rows:
        rows.writerow({name: _plain(value) for name, value in row.model_dump().items()})
    return written.getvalue()


def _plain(value: object) -> object:
    """Keep what comes from runs from being read as a formula by a spreadsheet."""
    if value is None:
        return ""
    is_formula = isinstance(value, str) and value[:1] in ("=", "+", "-", "@")
    return f"'{value}" if is_formula else value
