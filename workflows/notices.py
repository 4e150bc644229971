"""What webhooks are to be told of a run, kept until an activity has told them."""

from collections.abc import Mapping, Sequence
from typing import Final

from contracts.compiled import CompiledFlow
from contracts.event import Event, EventKind
from contracts.notice import Notice, NoticeKind
from contracts.usage import Usage
from contracts.work import Notified, OpenFailure, RunStart, SlotVersion

_AT_GATES: Final = {
    EventKind.GATE_OPENED: NoticeKind.GATE_OPENED,
    EventKind.REMINDED: NoticeKind.GATE_REMINDED,
    EventKind.ESCALATED: NoticeKind.GATE_ESCALATED,
    EventKind.GATE_DECIDED: NoticeKind.GATE_DECIDED,
    EventKind.GATE_EXPIRED: NoticeKind.GATE_EXPIRED,
}
_NAMING_ROLES: Final = (EventKind.REMINDED, EventKind.ESCALATED)
"""They name the role that is asked by then; others, who decided and as whom, which is not told."""


class Notices:
    """Picks what webhooks may be told out of what is told, and keeps it in order."""

    def __init__(
        self,
        about: Notice | None = None,
        flow: CompiledFlow | None = None,
        pending: Sequence[Notice] = (),
    ) -> None:
        """Prepare; without a flow nothing is ever kept.

        Args:
            about: what all notices of this run have in common.
            flow: the compiled flow.
            pending: what an earlier execution has left.
        """
        self._about = about
        self._flow = flow
        self._pending = list(pending)
        self._awaited: tuple[NoticeKind, ...] = ()

    @classmethod
    def of(cls, start: RunStart, flow: CompiledFlow) -> "Notices":
        """Keep notices of a run that was started since there are webhooks; else none."""
        if not start.notifies:
            return cls()
        about = Notice(
            kind=NoticeKind.RUN_FAILED,
            run=start.run,
            flow=flow.name,
            flow_version=flow.version,
            seq=1,
            at_ms=0,
            parent=start.parent,
        )
        return cls(about, flow, start.progress.notices if start.progress else ())

    @property
    def pending(self) -> tuple[Notice, ...]:
        """What is still to be told, in order."""
        return tuple(self._pending)

    @property
    def is_due(self) -> bool:
        """Whether something waits that somebody wants to be told at once."""
        return any(notice.kind in self._awaited for notice in self._pending)

    def told(self, notices: Sequence[Notice], answer: Notified | None) -> None:
        """Forget what has been told."""
        self._pending = [each for each in self._pending if each not in notices]
        self._awaited = answer.awaited if answer else ()

    def hear(
        self,
        event: Event,
        slots: Mapping[str, SlotVersion],
        spent: Usage,
        failure: OpenFailure | None,
    ) -> None:
        """Keep a transition that webhooks may be told of."""
        if self._about is None or self._flow is None:
            return
        fields: dict[str, object] | None = None
        if event.kind in _AT_GATES and event.step in self._flow.gates:
            fields = _at_gate(self._flow, event)
        elif event.kind is EventKind.STEP_COMPLETED:
            fields = _published(self._flow, event)
        elif event.kind is EventKind.RUN_ENDED:
            fields = _ended(self._flow, event, slots, failure)
        if fields is not None:
            common = {"seq": event.seq, "at_ms": event.at_ms, "visit": event.visit}
            cost = {"cost_usd": spent.cost_microusd / 1_000_000}
            self._pending.append(self._about.model_copy(update={**common, **cost, **fields}))


def _at_gate(flow: CompiledFlow, event: Event) -> dict[str, object]:
    names_role = event.kind in _NAMING_ROLES and event.role
    return {
        "kind": _AT_GATES[event.kind],
        "place": event.step,
        "role": event.role if names_role else flow.gates[event.step].role,
        "deadline_ms": event.deadline_ms,
        "digest": event.digest,
        "failure": event.failure.kind.value if event.failure else "",
    }


def _published(flow: CompiledFlow, event: Event) -> dict[str, object] | None:
    agent = flow.agents.get(event.agent)
    if agent is None or not agent.publishes or not event.references:
        return None
    [made, *_] = event.references
    return {
        "kind": NoticeKind.RUN_PUBLISHED,
        "place": event.step,
        "digest": made.digest,
        "contract": made.contract,
    }


def _ended(
    flow: CompiledFlow,
    event: Event,
    slots: Mapping[str, SlotVersion],
    failure: OpenFailure | None,
) -> dict[str, object]:
    # The flow's own words alone: a failure's message may tell of what a model wrote.
    end = flow.ends.get(event.to)
    held = slots.get(end.output) if end and end.output else None
    made = held.references[0] if held else None
    has_failed = failure is not None and event.outcome != "succeeded"
    return {
        "kind": NoticeKind(f"run.{event.outcome}"),
        "place": event.to,
        "reason": end.reason if end else "",
        "digest": made.digest if made else None,
        "contract": made.contract if made else "",
        "failure": failure.failure.kind.value if failure and has_failed else "",
    }
