"""What `orchestra demo` says about its runs: how long, how true, and where to look."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

from pydantic import JsonValue

from contracts.run import RunStatus
from services.cli.demonstration import Shown
from services.cli.facts import count
from services.cli.lines import shorten
from services.cli.origin import source_of_answers
from services.settings import ModelSource, Settings
from services.stack.record import StackRecord

FAULTS_SHOWN: Final = 5


def must_be_verbatim(record: StackRecord) -> bool:
    """Tell whether texts may only quote: a model of one's own may write as well."""
    return record.model.source is not ModelSource.ENDPOINT


def introduction(record: StackRecord, corpora: Mapping[str, int]) -> str:
    """Say what works, where answers come from and what can be searched."""
    ready = f"the stack works after {record.ready_seconds:.1f} s" if record.ready_seconds else ""
    there = ", ".join(f"{name} ({count(size, 'document')})" for name, size in corpora.items())
    return "\n".join(
        line
        for line in (
            ready,
            f"answers come from {source_of_answers(record)}",
            f"corpora: {there}" if there else "",
            "",
        )
        if line
    )


def of(record: StackRecord, shown: Shown) -> list[str]:
    """Say what the check of one text found, and where its run can be looked at."""
    return [*_checked(shown), "", *_where_to_look(record, shown)]


def row(shown: Shown) -> str:
    """Write one run of many in one line."""
    mark = " ok  " if shown.run.status is RunStatus.SUCCEEDED else " fail"
    text = count(shown.words, "word") if shown.words else shown.run.reason
    return shorten(
        f"{mark} {shown.run.id}  {shown.brief:<28} {shown.seconds:>6.1f}s  "
        f"{shown.run.status:<10} {text:<10} {_verbatim(shown)}"
    ).rstrip()


def summary(found: Sequence[Shown]) -> list[str]:
    """Sum up many runs."""
    good = sum(each.run.status is RunStatus.SUCCEEDED for each in found)
    seconds = [each.seconds for each in found]
    checks = [each.verbatim for each in found if each.verbatim]
    sentences, faults = (
        sum(each.sentences for each in checks),
        [fault for each in checks for fault in each.faults],
    )
    return [
        f"{good} of {len(found)} succeeded;"
        f" {median(seconds):.1f} s at the median, {max(seconds):.1f} s at most",
        f"{sentences - len(faults)} of {count(sentences, 'published sentence')}"
        " stand word for word in the corpus",
        *_listed(faults),
    ]


def as_json(record: StackRecord, found: Sequence[Shown]) -> JsonValue:
    """Write everything as plain data."""
    return {
        "model": {"source": record.model.source.value, "reason": record.model.reason},
        "runs": [each.as_json() for each in found],
        "ok": all(each.is_good(must_be_verbatim(record)) for each in found),
    }


def _checked(shown: Shown) -> list[str]:
    found = shown.verbatim
    if found is None:
        return []
    told = _verbatim(shown)
    return [f"checked by code: {told} in a document of the corpus", *_listed(found.faults)]


def _verbatim(shown: Shown) -> str:
    if shown.verbatim is None:
        return ""
    total = shown.verbatim.sentences
    return f"{total - len(shown.verbatim.faults)} of {count(total, 'sentence')} word for word"


def _listed(faults: Sequence[str]) -> list[str]:
    more = len(faults) - FAULTS_SHOWN
    return [
        *(f"  {shorten(fault)}" for fault in faults[:FAULTS_SHOWN]),
        *([f"  and {more} more"] if more > 0 else []),
    ]


def _where_to_look(record: StackRecord, shown: Shown) -> list[str]:
    web = Settings.from_environ(record.environment).temporal_ui_url
    told = ["`make up` keeps the stack running; then look at this run with"]
    told += [f"  orchestra runs show {shown.run.id}"]
    if web:
        told += [f"and in Temporal's web UI at {web}", f"  {shown.run.temporal_url}"]
    return told
