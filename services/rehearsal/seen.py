"""What can be told about a run in rehearsal once it has ended."""

from collections import Counter
from dataclasses import dataclass

from contracts.base import digest
from contracts.compiled import CompiledFlow
from contracts.event import Event, EventKind
from contracts.reference import Digest
from services.rehearsal.scene import Scene
from services.rehearsal.stage import Played


@dataclass(frozen=True)
class Seen:
    """One run, from outside."""

    outcome: str
    """A declared outcome, or `no end`."""

    end: str
    kind: str
    """The kind of failure that it ended with, or empty."""

    repaired: int
    retried: int
    restored: int
    fell_back: int
    asked: tuple[str, ...]
    """Gates that opened, in order."""

    route: tuple[str, ...]
    """Where hand-offs led, without the gates that answer failures."""

    output: Digest
    """Over what was published and the declared output; of nothing, where there is none."""

    carried: str
    """All text that readers got."""

    calls: int
    seconds: float

    signed: tuple[str, ...] = ()
    """Models that the flow may let write it, by name."""

    missing: tuple[str, ...] = ()
    """Items, as `step/item`, that a fan-out did without because the flow lets it."""


def seen(scene: Scene, played: Played, flow: CompiledFlow) -> Seen:
    """Sum up a run."""
    events = sorted(scene.events.values(), key=lambda each: each.seq)
    counted = Counter(each.kind for each in events)
    outcome = played.outcome
    bodies = [body for _, body in sorted(scene.published.items())]
    if outcome and outcome.output:
        bodies.append(scene.values.get(outcome.output.digest, b""))
    return Seen(
        outcome=outcome.outcome if outcome else "no end",
        end=outcome.end if outcome else "",
        kind=outcome.failure.kind.value if outcome and outcome.failure else "",
        repaired=counted[EventKind.ANSWER_REJECTED],
        retried=sum(begun - 1 for begun in scene.attempts.values()),
        restored=counted[EventKind.MEMORY_RESTORED],
        fell_back=counted[EventKind.FELL_BACK],
        asked=tuple(each.step for each in events if each.kind is EventKind.GATE_OPENED),
        route=_route(events, flow),
        output=digest(b"\n".join(bodies)),
        carried=b"\n".join(bodies).decode(),
        missing=_missing(events, flow),
        signed=tuple(each.model.name for each in flow.agents.values() if each.model),
        calls=played.calls,
        seconds=played.seconds,
    )


def _route(events: list[Event], flow: CompiledFlow) -> tuple[str, ...]:
    """List where a run went; that a person sent it back to the same step is no other way."""
    helping = {name for name, gate in flow.gates.items() if gate.answers_failure}
    led = [each.to for each in events if each.kind is EventKind.HANDED_OFF]
    route: list[str] = [flow.start]
    for to in led:
        if to not in helping and to != route[-1]:
            route.append(to)
    return tuple(route)


def _missing(events: list[Event], flow: CompiledFlow) -> tuple[str, ...]:
    """List the items of partial fan-outs that were begun and never done, in order."""
    partial = {name for name, step in flow.steps.items() if step.partial}
    own = [each for each in events if each.step in partial and each.item]
    done = {f"{each.step}/{each.item}" for each in own if each.kind is EventKind.STEP_COMPLETED}
    begun = (f"{each.step}/{each.item}" for each in own if each.kind is EventKind.STEP_STARTED)
    return tuple(each for each in dict.fromkeys(begun) if each not in done)
