"""Attends a run for a command: shows it, then says how it ended and where the result is."""

from pathlib import Path

from contracts.run import RunStatus, RunView
from services.cli.client import Gateway, run_path, segment
from services.cli.connection import published
from services.cli.lines import INDENT, spent_in_all
from services.cli.output import clean, say, show_json
from services.cli.screen import Silent, screen_for_output
from services.cli.shape import FlowShape, shape_of
from services.cli.tables import took
from services.cli.watch import Watch
from services.errors import NotFoundError
from services.gateway.replies import FlowView


def attend(
    gateway: Gateway, run: str, publish_dir: Path, *, as_json: bool, until_gate: bool
) -> RunView:
    """Watch a run, then print its end; as JSON only that.

    Raises:
        NotFoundError: there is no such run.
        UnavailableError: the gateway does not answer, or has been gone for a minute.
    """
    first = gateway.get(RunView, run_path(run))
    screen = Silent() if as_json else screen_for_output()
    screen.say(header(gateway, first))
    try:
        view = Watch(gateway, run, screen, shape(gateway, first.flow)).follow(until_gate=until_gate)
    except KeyboardInterrupt:
        say(f"the run goes on; see it with `orchestra runs watch {run}`")
        raise
    if as_json:
        ended = view.status is RunStatus.SUCCEEDED
        result = gateway.get_json(f"{run_path(run)}/result") if ended else None
        show_json({"run": view.model_dump(mode="json"), "result": result})
    else:
        for text in ending(gateway, view, publish_dir):
            screen.say(text)
    return view


def header(gateway: Gateway, view: RunView) -> str:
    """Write what stands above a run's lines, with a page to look at it."""
    page = view.temporal_url or f"{gateway.url}/v1/runs/{view.id}"
    return f"run {view.id}   {view.flow}@{view.flow_version}\n{INDENT}{page}"


def shape(gateway: Gateway, flow: str) -> FlowShape:
    """Fetch what helps to show runs of a flow; nothing when it is not offered any more."""
    try:
        return shape_of(gateway.get(FlowView, f"/flows/{segment(flow)}"))
    except NotFoundError:
        return FlowShape()


def ending(gateway: Gateway, view: RunView, publish_dir: Path) -> list[str]:
    """Say how a run ended, why, at what cost, and where its result is."""
    after = f" after {seconds}" if (seconds := took(view)) else ""
    if view.status is RunStatus.SUCCEEDED:
        told = [f"succeeded{after}", *_result(gateway, view, publish_dir)]
    elif view.status is RunStatus.INPUT_REQUIRED:
        told = [f"waits for a person at {view.place}"]
    else:
        where = f" in {view.failure.step}" if view.failure else ""
        told = [f"{view.status}{where}{after}: {clean(view.reason) or 'no reason given'}"]
    return [*told, f"  spent      {spent_in_all(view.spent)}"]


def _result(gateway: Gateway, view: RunView, publish_dir: Path) -> list[str]:
    result = gateway.get_json(f"{run_path(view.id)}/result")
    where = result.get("where") if isinstance(result, dict) else None
    if isinstance(where, str):
        return [f"  published  {clean(published(where, publish_dir))}"]
    return [f"  result     orchestra runs result {view.id}"]
