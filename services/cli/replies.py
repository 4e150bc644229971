"""The bodies that the gateway answers with, where they are more than one of our contracts."""

from pydantic import JsonValue

from contracts.base import Part
from contracts.run import GateView, HandOff, RunSummary, RunView, SlotView, StepView
from services.retrieval.base import CorpusSummary, Passage


class Accepted(Part):
    """A run that was started, or that an earlier request with the same key had started."""

    id: str
    flow: str
    url: str
    replayed: bool = False


class Snapshot(Part):
    """The first message of a run's stream."""

    run: RunView
    steps: tuple[StepView, ...] = ()


class RunPage(Part):
    """One page of runs."""

    runs: tuple[RunSummary, ...]
    cursor: str = ""


class Steps(Part):
    """The pieces of work of a run."""

    steps: tuple[StepView, ...]


class HandOffs(Part):
    """The borders that a run has crossed."""

    handoffs: tuple[HandOff, ...]


class Context(Part):
    """The slots of a run."""

    slots: tuple[SlotView, ...]


class OpenGates(Part):
    """The gates that wait."""

    gates: tuple[GateView, ...]


class CorpusList(Part):
    """The corpora there are."""

    corpora: tuple[CorpusSummary, ...]


class Passages(Part):
    """What a search found."""

    passages: tuple[Passage, ...]


class Flows(Part):
    """The flows that are offered, as the gateway describes them."""

    flows: tuple[dict[str, JsonValue], ...]
