"""Tables for a person, readable at 100 columns. What they hold is fetched elsewhere."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from rich.table import Table

from contracts.origin import Origin
from contracts.reference import Reference
from contracts.run import GateView, HandOff, RunSummary, RunView, SlotView, StepView
from services.cli.lines import moment, spent, spent_in_all
from services.cli.output import clean
from services.retrieval.base import CorpusSummary, Passage

DIGEST_COLUMNS: Final = 8
PASSAGE_COLUMNS: Final = 160
WHOLE: Final = frozenset(
    {"RUN", "WEBHOOK", "DELIVERY", "CONTRACT", "SIZE", "TRUST", "DIGEST", "FROM → TO", "VALUE"}
)
"""Columns whose cells are never broken."""


def table(*columns: str) -> Table:
    """Begin a table without lines."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column in WHOLE)
    return made


def pairs(rows: Iterable[tuple[str, str]]) -> Table:
    """Show names with their values; what has no value is left out."""
    made = Table.grid(padding=(0, 3, 0, 0))
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        if value:
            made.add_row(name, clean(value))
    return made


def runs(found: Sequence[RunSummary]) -> Table:
    """List runs."""
    made = table("RUN", "FLOW", "STATUS", "STARTED", "TOOK", "COST")
    for run in found:
        status = "waits for a person" if run.needs_person else run.status.value
        made.add_row(run.id, run.flow, status, _began(run), took(run), f"${run.cost_usd:.4f}")
    return made


def run(view: RunView) -> Table:
    """Show one run."""
    budget = view.budget
    allowed = (
        f"{budget.model_calls:,} model calls, {budget.tokens:,} tokens,"
        f" ${budget.microusd / 1_000_000:.2f}, {budget.working_seconds // 60} minutes of work"
    )
    return pairs(
        [
            ("run", view.id),
            ("flow", f"{view.flow}@{view.flow_version}"),
            ("of", origin(view.of) if view.of else ""),
            ("status", view.status.value),
            ("at", view.place),
            ("reason", view.reason),
            ("failure", _failure(view)),
            ("remedy", view.failure.remedy if view.failure else ""),
            ("started", _began(view)),
            ("took", took(view)),
            ("spent", spent_in_all(view.spent)),
            ("budget", allowed),
            ("output", reference(view.output) if view.output else ""),
            ("temporal", view.temporal_url),
        ]
    )


def steps(found: Sequence[StepView]) -> Table:
    """List pieces of work."""
    made = table("STEP", "ITEM", "STATUS", "TRY", "TOOK", "PRODUCED", "SPENT")
    for step in found:
        name = step.step if step.visit == 1 else f"{step.step} ({step.visit})"
        time = "" if step.ended_ms is None else _seconds(step.ended_ms - step.started_ms)
        status = f"{step.status}: {step.failure.kind}" if step.failure else step.status.value
        produced = ", ".join(each.version for each in step.produced)
        cost = spent(step.usage) if step.usage else ""
        made.add_row(name, step.item, status, str(step.attempt), time, produced, cost)
    return made


def hand_offs(found: Sequence[HandOff]) -> Table:
    """List the borders that were crossed, with what crossed each."""
    made = table("FROM → TO", "WHAT CROSSED", "CONTRACT", "SIZE", "TRUST", "RULE")
    for border in found:
        way, rule = f"{border.source} → {border.target}", clean(border.rule)
        for first, group in _grouped(border.produced) or [("nothing new", ())]:
            contract = group[0].contract if group else ""
            trust = ", ".join(dict.fromkeys(each.trust.value for each in group))
            total = size(sum(each.size for each in group)) if group else ""
            made.add_row(way, first, contract, total, trust, rule)
            way = rule = ""
    return made


def context(found: Sequence[SlotView]) -> Table:
    """List every value that a run's slots have held."""
    made = table("VALUE", "CONTRACT", "SIZE", "TRUST", "MADE BY", "MADE FROM", "DIGEST")
    for slot in found:
        if not slot.versions:
            made.add_row(slot.slot, slot.type, "none yet")
        for held in slot.versions:
            made.add_row(
                f"{held.version}/{held.item}" if held.item else held.version,
                held.contract,
                size(held.size),
                held.trust.value,
                _maker(slot, held),
                " ".join(held.made_from),
                held.digest[:DIGEST_COLUMNS],
            )
    return made


def _maker(slot: SlotView, held: Reference) -> str:
    """Name who made a value; of one out of memory, the entry and the version that was pinned."""
    is_pinned = slot.entry and held.ordinal == 1
    return f"{slot.entry} version {slot.entry_version}" if is_pinned else held.produced_by


def gates(found: Sequence[GateView]) -> Table:
    """List gates that wait."""
    made = table("RUN", "FLOW", "GATE", "WHO", "ASKS", "UNTIL", "SO FAR")
    for gate in found:
        who = ", ".join(gate.roles) or gate.role
        until = moment(gate.deadline_ms)
        made.add_row(gate.run, gate.flow, gate.gate, who, clean(gate.asks), until, so_far(gate))
    return made


def so_far(gate: GateView) -> str:
    """Say what has happened at a gate since it opened; empty when nothing has."""
    told = []
    if gate.needed > 1 or gate.approvals:
        told.append(f"{len(gate.approvals)} of {gate.needed} approved")
    if gate.reminded:
        told.append("reminded" if gate.reminded == 1 else f"reminded {gate.reminded} times")
    if gate.escalated_from:
        told.append(f"was for {', '.join(gate.escalated_from)}")
    return "; ".join(told)


def corpora(found: Sequence[CorpusSummary]) -> Table:
    """List corpora."""
    made = table("CORPUS", "DOCUMENTS", "PASSAGES")
    for corpus in found:
        made.add_row(corpus.name, f"{corpus.documents:,}", f"{corpus.passages:,}")
    return made


def passages(found: Sequence[Passage]) -> Table:
    """List passages, best first."""
    made = table("SCORE", "DOCUMENT", "PASSAGE")
    for passage in found:
        text = clean(passage.text)
        shown = text if len(text) <= PASSAGE_COLUMNS else f"{text[: PASSAGE_COLUMNS - 1]}…"
        made.add_row(str(passage.score), clean(passage.source.title), shown)
    return made


def reference(held: Reference) -> str:
    """Write a reference in one line."""
    return f"{held.version} {held.contract} {size(held.size)} {held.digest[:DIGEST_COLUMNS]}"


def origin(of: Origin) -> str:
    """Say where a run came from."""
    visit = f" (visit {of.visit})" if of.visit > 1 else ""
    changed = f"; changed: {', '.join(of.changed)}" if of.changed else ""
    return f"{of.how} of {of.run}, from {of.place}{visit} on{changed}"


def size(number: int) -> str:
    """Write a size in bytes, as people do."""
    return f"{number} B" if number < 1024 else f"{number / 1024:.1f} KiB"


def _grouped(held: Sequence[Reference]) -> list[tuple[str, tuple[Reference, ...]]]:
    """Take the items of one list slot together."""
    versions = dict.fromkeys(each.version for each in held)
    groups = [
        (version, tuple(each for each in held if each.version == version)) for version in versions
    ]
    return [
        (f"{version} x{len(group)}" if group[0].item else version, group)
        for version, group in groups
    ]


def _failure(view: RunView) -> str:
    if view.failure is None:
        return ""
    where = view.failure.agent or view.failure.step
    return f"{view.failure.kind} in {where}: {view.failure.message}"


def took(found: RunSummary) -> str:
    """Write how long a run took; empty while it goes on."""
    began, ended = _parsed(found.started_at), _parsed(found.ended_at or "")
    return _seconds(ended - began) if began and ended else ""


def _began(found: RunSummary) -> str:
    return moment(_parsed(found.started_at))


def _parsed(text: str) -> int:
    """Read RFC 3339 as Unix milliseconds; 0 where there is none."""
    return int(datetime.fromisoformat(text).timestamp() * 1000) if text else 0


def _seconds(milliseconds: int) -> str:
    return f"{max(0, milliseconds) / 1000:.1f}s"
