"""What a person sees before deciding: the text, the claims, the comments; or what has failed."""

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from contracts.reference import Reference
from contracts.run import GateLook, GateView, SinceLook
from services.cli.client import Gateway, run_path, segment
from services.cli.facts import count, describe, mapping, mappings
from services.cli.last_look import since_last_look
from services.cli.lines import explain, moment
from services.cli.output import WIDTH, clean
from services.cli.tables import reference as written_reference
from services.gateway.replies import QuarantineList
from services.memory.base import Quarantined

LONGEST_ANSWER: Final = 2000
"""Characters of a rejected answer that are shown."""

_Value = Mapping[str, JsonValue]


@dataclass(frozen=True)
class Exhibit:
    """A gate with what it is about."""

    gate: GateView
    values: tuple[tuple[Reference, JsonValue], ...]
    rejected: Quarantined | None = None
    """The last answer that was refused, at a gate that asks about a failure."""

    since: SinceLook | None = None
    """What changed since whoever looks looked last; None where nobody said who looks."""

    def as_json(self) -> JsonValue:
        """Write everything as plain data, values by their version."""
        return {
            "gate": self.gate.model_dump(mode="json"),
            "rejected": self.rejected.model_dump(mode="json") if self.rejected else None,
            "since": self.since.model_dump(mode="json") if self.since else None,
            "values": {
                f"{held.version}/{held.item}".rstrip("/"): value for held, value in self.values
            },
        }

    def as_text(self) -> list[str]:
        """Write it for a person to read from top to bottom."""
        gate = self.gate
        told = [f"gate {gate.gate} of run {gate.run} ({gate.flow})"]
        told += [f"{' or '.join(gate.roles) or gate.role} decides until {moment(gate.deadline_ms)}"]
        told += [*_so_far(gate), ""]
        if gate.failure:
            told += [f"{gate.failure.agent or gate.failure.step} has failed"]
            told += [row for line in explain(gate.failure) for row in _wrapped(line)]
        if self.rejected:
            told += ["", "its last answer, which was rejected:"]
            told += _wrapped(self.rejected.answer[:LONGEST_ANSWER])
            told += [""]
        for held, value in self.values:
            told += [written_reference(held), *_body(held, value), ""]
        told += since_last_look(self.since) if self.since else []
        return [*told, f"shown  {gate.shown}"]


def exhibit(gateway: Gateway, run: str, gate: str, who: str = "") -> Exhibit:
    """Fetch what a gate shows; with a name, also what changed since that person looked last.

    Raises:
        ConflictError: the gate does not wait.
        UnavailableError: the gateway does not answer.
    """
    asked = {"who": who} if who else {}
    look = gateway.get(GateLook, f"{run_path(run)}/gates/{segment(gate)}", asked)
    values = [(each.reference, each.value) for each in look.values]
    return Exhibit(look.gate, tuple(values), _last_rejected(gateway, look.gate), look.since)


def _so_far(gate: GateView) -> list[str]:
    """Say who has approved, who may not, and who was asked before."""
    told = [
        f"approved by {clean(each.who)} as {each.role} on {moment(each.at_ms)}"
        for each in gate.approvals
    ]
    if gate.needed:
        told.insert(0, f"{gate.needed} have to approve, {len(gate.approvals)} did so far")
    if gate.not_author:
        told.append("whoever wrote it may not approve it")
    if gate.escalated_from:
        told.append(f"{', '.join(gate.escalated_from)} was asked before and did not decide")
    if gate.reminded:
        told.append(f"reminded {count(gate.reminded, 'time')}")
    return told


def _last_rejected(gateway: Gateway, gate: GateView) -> Quarantined | None:
    failure = gate.failure
    if failure is None:
        return None
    found = gateway.get(QuarantineList, f"{run_path(gate.run)}/quarantine").rejected
    mine = [each for each in found if (each.step, each.item) == (failure.step, failure.item)]
    return mine[-1] if mine else None


def _body(held: Reference, value: JsonValue) -> list[str]:
    name = held.contract.partition("@")[0]
    if not isinstance(value, dict):
        return [f"  {clean(str(value))}"]
    if name in _BODIES:
        return [row for line in _BODIES[name](value) for row in _wrapped(line)]
    told = describe(held.contract, value)
    return [f"  {told}"] if told else _fields(value)


def _wrapped(line: str) -> list[str]:
    rows = textwrap.wrap(clean(line), WIDTH, initial_indent="  ", subsequent_indent="  ")
    return rows or [""]


def _fields(value: _Value) -> list[str]:
    rows = [_wrapped(f"{name}: {_short(each)}") for name, each in value.items()]
    return [line for row in rows for line in row]


def _short(value: JsonValue) -> str:
    if isinstance(value, list):
        return "; ".join(_short(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_short(each)}" for name, each in value.items())
    return str(value)


def _draft(value: _Value) -> list[str]:
    lines = [str(value.get("title", ""))]
    for section in mappings(value.get("sections")):
        lines += ["", str(section.get("heading", ""))]
        for sentence in mappings(section.get("sentences")):
            cited = sentence.get("evidence_ids")
            notes = ", ".join(map(str, cited)) if isinstance(cited, list) else ""
            lines.append(f"{sentence.get('text', '')} [{notes}]")
    return [*lines, "", f"made by {value.get('made_by', '')}"]


def _claims(value: _Value) -> list[str]:
    doubted = [each for each in mappings(value.get("claims")) if each.get("verdict") != "supported"]
    return [
        describe("ClaimReport@1", dict(value)),
        *(f"{each.get('verdict')}: {each.get('text')} ({each.get('reason')})" for each in doubted),
    ]


def _review(value: _Value) -> list[str]:
    return [
        describe("Review@1", dict(value)),
        *(
            f"{each.get('id')} {each.get('kind')}{' (blocking)' if each.get('blocking') else ''}:"
            f" {each.get('text')}"
            for each in mappings(value.get("comments"))
        ),
    ]


def _brief(value: _Value) -> list[str]:
    words = mapping(value.get("words"))
    length = f"{words.get('min')} to {words.get('max')} words"
    points = _short(value.get("key_points"))
    return [f"{value.get('title')}: {value.get('goal')}", f"{length}; {points}"]


_BODIES: Final[Mapping[str, Callable[[_Value], list[str]]]] = {
    "Brief": _brief,
    "Draft": _draft,
    "ClaimReport": _claims,
    "Review": _review,
}
