"""Writes a run's progress as lines that read like a CI job's. Pure: text out, no terminal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from contracts.failure import Failure
from contracts.reference import Digest
from contracts.usage import Usage
from services.cli.facts import count
from services.cli.output import clean
from services.cli.progress import Progress, Question, Visit

INDENT: Final = " " * 7
NAME_COLUMNS: Final = 14
LONGEST_NOTE: Final = 240
"""Characters: reasons quote a model's text."""


class Mark(StrEnum):
    """How a line begins."""

    OK = "ok"
    RUN = "run"
    WAIT = "wait"
    FAIL = "fail"
    GATE = "gate"


@dataclass(frozen=True)
class Line:
    """One line about a visit, with what is indented below it."""

    mark: Mark
    text: str
    below: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """What helps to write lines and stands in no event."""

    run: str
    totals: Mapping[str, int]
    """How many items a fan-out has, by step."""

    facts: Mapping[Digest, str]
    """What values say in a few words."""

    follows: Mapping[str, str]
    """The step after a step, where there is no choice."""


def lines(progress: Progress, known: Known, now_ms: int) -> list[Line]:
    """Write all visits so far, and what comes next where that is certain."""
    written = [line(visit, known, now_ms) for visit in progress.visits]
    last = progress.visits[-1] if progress.visits else None
    upcoming = known.follows.get(last.step) if last and not last.left else None
    if upcoming and not progress.outcome:
        written.append(Line(Mark.WAIT, _row(Mark.WAIT, upcoming)))
    return written


def line(visit: Visit, known: Known, now_ms: int) -> Line:
    """Write one visit."""
    mark = mark_of(visit)
    milliseconds = visit.milliseconds(now_ms)
    name = visit.step if visit.number == 1 else f"{visit.step} ({visit.number})"
    if mark is Mark.GATE and visit.question:
        text = _row(mark, name, "", "", [_asked(visit.question)])
        return Line(mark, text, (*remarks(visit), *how_to_decide(visit, known)))
    facts = [*(_facts(visit, known) or [visit.answer]), spent(visit.usage), visit.way]
    text = _row(mark, name, _counted(visit, known), f"{milliseconds / 1000:.1f}s", facts)
    return Line(mark, text, (*remarks(visit), *explanations(visit)))


def mark_of(visit: Visit) -> Mark:
    """Say how a visit stands."""
    if visit.failures or visit.answer == "expired":
        return Mark.FAIL
    if visit.question and not visit.answer and not visit.left:
        return Mark.GATE
    done = all(item.is_done for item in visit.items.values())
    if visit.left:
        return Mark.OK if done else Mark.FAIL
    return Mark.OK if done and not visit.is_fan_out else Mark.RUN


def remarks(visit: Visit) -> tuple[str, ...]:
    """Write what happened on the way."""
    return tuple(f"{INDENT}{shorten(note)}" for note in visit.notes)


def explanations(visit: Visit) -> tuple[str, ...]:
    """Write why a visit failed, or that the run was stopped in it."""
    if mark_of(visit) is Mark.FAIL and not visit.failures and not visit.answer:
        return (f"{INDENT}stopped before it was done",)
    return tuple(f"{INDENT}{shorten(told)}" for each in visit.failures for told in explain(each))


def explain(failure: Failure) -> tuple[str, ...]:
    """Say what failed, what the checks said, and what to do."""
    where = f"{failure.item}: " if failure.item else ""
    reasons = [f"- {reason}" for reason in failure.reasons[:5]]
    return (f"{where}{failure.kind}: {failure.message}", *reasons, f"remedy: {failure.remedy}")


def how_to_decide(visit: Visit, known: Known) -> tuple[str, ...]:
    """Write the commands that show what is asked, and answer it."""
    assert visit.question is not None
    place = f"{known.run} {visit.step}"
    decision = "--action retry" if visit.question.failure else "--verdict approve"
    return (
        f"{INDENT}look    orchestra gates show {place}",
        f"{INDENT}decide  orchestra gates decide {place} {decision}",
    )


def spent(usage: Usage) -> str:
    """Write tokens and money, and whether a price was missing."""
    if not usage.calls and not usage.tokens:
        return ""
    money = f"${usage.cost_microusd / 1_000_000:.4f}" if usage.cost_microusd else ""
    return "  ".join(part for part in (f"{usage.tokens:,} tok", money) if part)


def spent_in_all(usage: Usage) -> str:
    """Write what a whole run has cost."""
    money = f"${usage.cost_microusd / 1_000_000:.4f}" if usage.cost_microusd else "$0"
    if usage.unpriced_calls and usage.unpriced_calls == usage.calls:
        money = "unpriced"
    elif usage.unpriced_calls:
        money += f" and {count(usage.unpriced_calls, 'call')} unpriced"
    told = f"{count(usage.calls, 'model call')}, {usage.tokens:,} tokens, {money}"
    if usage.estimated_calls:
        told += f"; {count(usage.estimated_calls, 'call')} lost and counted at the most"
    return told


def moment(at_ms: int) -> str:
    """Write a Unix time in milliseconds for a person."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def clock(at_ms: int) -> str:
    """Write the time of day of a Unix time in milliseconds, in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]


def shorten(text: str, columns: int = LONGEST_NOTE) -> str:
    """Make one harmless line of limited length."""
    shown = clean(text)
    return shown if len(shown) <= columns else f"{shown[: columns - 1]}…"


def _asked(question: Question) -> str:
    who = f"{question.role} decides" if question.role else "a person decides"
    if question.failure:
        who += f" about {question.failure.step or 'a failure'}"
    return f"{who} until {moment(question.deadline_ms)}" if question.deadline_ms else who


def _facts(visit: Visit, known: Known) -> list[str]:
    if visit.is_fan_out:
        return []
    told = [known.facts.get(reference.digest, "") for reference in visit.produced]
    return [each for each in told if each]


def _counted(visit: Visit, known: Known) -> str:
    if not visit.is_fan_out:
        return ""
    done = sum(item.is_done and not item.failure for item in visit.items.values())
    total = max(known.totals.get(visit.step, 0), len(visit.items))
    return f"{done}/{total}"


def _row(
    mark: Mark, name: str, counted: str = "", seconds: str = "", facts: list[str] | None = None
) -> str:
    begin = f" {mark:<5} {name:<{NAME_COLUMNS}} {counted:>5} {seconds:>7}"
    return "   ".join([begin, *(fact for fact in facts or () if fact)]).rstrip()
