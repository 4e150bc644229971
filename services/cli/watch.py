"""Watches a run from where it stands to its end, or to the first gate that waits for a person."""

import time
from collections.abc import Callable
from typing import Final

from pydantic import JsonValue, ValidationError

from contracts.base import Part
from contracts.event import Event, EventKind
from contracts.reference import Digest, Reference
from contracts.run import GateView, RunStatus, RunView, StepView
from services.cli import stream
from services.cli.client import Gateway, error_of, run_path
from services.cli.facts import describe, is_described
from services.cli.lines import INDENT, Known, Mark, mark_of, shorten
from services.cli.progress import Progress
from services.cli.screen import Screen
from services.cli.shape import FlowShape
from services.cli.stream import Follower, Message
from services.errors import CallerError, FlowError, UnavailableError

SETTLING_SECONDS: Final = 10.0
"""How long Temporal's own list may take to show the end that the stream has told."""

_KINDS: Final = frozenset(EventKind)


class Snapshot(Part):
    """A run as it stands: what was known before is dropped."""

    run: RunView
    steps: tuple[StepView, ...] = ()
    gate: GateView | None = None


class End(Part):
    """How a run has ended."""

    status: RunStatus


class Watch:
    """Follows one run and shows it."""

    def __init__(
        self,
        gateway: Gateway,
        run: str,
        screen: Screen,
        shape: FlowShape | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gateway = gateway
        self._run = run
        self._path = run_path(run)
        self._screen = screen
        self._shape = shape or FlowShape()
        self._pause = pause
        self._progress = Progress()
        self._totals: dict[str, int] = {}
        self._facts: dict[Digest, str] = {}

    def follow(self, *, until_gate: bool = False) -> RunView:
        """Show the run until it ends; tell how it stands then.

        Args:
            until_gate: stop as well when a gate waits for a person.

        Raises:
            NotFoundError: there is no such run.
            UnavailableError: the gateway does not answer, or has been gone for a minute.
        """
        with self._screen.open():
            for message in Follower(
                self._gateway, f"{self._path}/events", on_break=self._broken, pause=self._pause
            ):
                self._take(message)
                if until_gate and self._waits():
                    return self._gateway.get(RunView, self._path)
        return self._final_view()

    def _take(self, message: Message) -> None:
        try:
            self._read(message)
        except ValidationError as error:
            raise UnavailableError(
                f"{self._gateway.url} sends events of another version of this program;"
                " look at ORCHESTRA_GATEWAY_URL"
            ) from error
        self._screen.show(self._progress, self._known())

    def _read(self, message: Message) -> None:
        match message.event:
            case stream.SNAPSHOT:
                self._take_snapshot(Snapshot.model_validate_json(message.data))
            case stream.END:
                status = End.model_validate_json(message.data).status
                self._progress = self._progress.ended(status.value)
            case stream.PROBLEM:
                self._take_problem(error_of(message.data))
            case kind if kind in _KINDS:
                self._take_event(Event.model_validate_json(message.data))

    def _take_problem(self, problem: FlowError) -> None:
        """A part that does not answer is waited for; a stream that cannot be had is an error."""
        if isinstance(problem, CallerError):
            raise problem
        self._screen.say(f"{INDENT}{shorten(str(problem))}")

    def _take_snapshot(self, snapshot: Snapshot) -> None:
        self._progress = Progress().take_over(snapshot.steps, snapshot.gate)
        for step in snapshot.steps:
            self._learn(step.produced, step.item)

    def _take_event(self, event: Event) -> None:
        self._progress = self._progress.take(event)
        if event.kind in (EventKind.STEP_COMPLETED, EventKind.GATE_DECIDED):
            self._learn(event.references, event.item)

    def _learn(self, references: tuple[Reference, ...], item: str) -> None:
        """Fetch what was produced, where a few words about it are worth a request."""
        for reference in references:
            is_known = reference.digest in self._facts
            if item or is_known or not is_described(reference.contract):
                continue
            try:
                value = self._gateway.get_json(f"{self._path}/values/{reference.digest}")
            except FlowError:
                # A remark on a line is not worth the whole watch.
                continue
            self._facts[reference.digest] = describe(reference.contract, value)
            self._count(reference.slot, value)

    def _count(self, slot: str, value: JsonValue) -> None:
        for step, (walked, path) in self._shape.walks.items():
            if walked == slot and isinstance(value, dict):
                items = value.get(path)
                self._totals[step] = len(items) if isinstance(items, list) else 0

    def _waits(self) -> bool:
        return any(mark_of(visit) is Mark.GATE for visit in self._progress.visits)

    def _known(self) -> Known:
        return Known(
            run=self._run, totals=self._totals, facts=self._facts, follows=self._shape.follows
        )

    def _broken(self) -> None:
        self._screen.say(f"{INDENT}connection lost; the run goes on, trying again")

    def _final_view(self) -> RunView:
        waited = 0.0
        while True:
            view = self._gateway.get(RunView, self._path)
            if view.status.is_final or waited > SETTLING_SECONDS:
                return view
            self._pause(0.2)
            waited += 0.2
