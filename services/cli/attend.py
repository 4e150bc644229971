"""Attends a run for a command: shows it, then says how it ended and where the result is."""

import sys
from pathlib import Path

from contracts.run import RunStatus, RunView
from services.cli.client import Gateway, segment
from services.cli.connection import published
from services.cli.lines import spent_in_all
from services.cli.output import clean, console, say, show_json
from services.cli.replies import OpenGates
from services.cli.screen import Appended, Screen, Silent, Terminal
from services.cli.shape import FlowShape, shape_of
from services.cli.tables import took
from services.cli.watch import Watch
from services.errors import FlowError, UnavailableError


def attend(
    gateway: Gateway, run: str, publish_dir: Path, *, as_json: bool, until_gate: bool
) -> RunView:
    """Watch a run, then print its end; as JSON only that.

    Raises:
        NotFoundError: there is no such run.
        UnavailableError: the gateway does not answer, or has been gone for a minute.
    """
    first = gateway.get(RunView, f"/runs/{segment(run)}")
    screen = Silent() if as_json else screen_for_output()
    screen.say(header(gateway, first))
    try:
        view = Watch(gateway, run, screen, shape(gateway, first.flow)).follow(until_gate=until_gate)
    except KeyboardInterrupt:
        say(f"the run goes on; see it with `orchestra runs watch {run}`")
        raise
    if as_json:
        ended = view.status is RunStatus.SUCCEEDED
        result = gateway.get_json(f"/runs/{segment(run)}/result") if ended else None
        show_json({"run": view.model_dump(mode="json"), "result": result})
    else:
        for text in ending(gateway, view, publish_dir):
            screen.say(text)
    return view


def screen_for_output() -> Screen:
    """Choose how to show progress: live where somebody sits before it."""
    shown = console()
    return Terminal(shown) if sys.stdout.isatty() else Appended(shown)


def header(gateway: Gateway, view: RunView) -> str:
    """Write the first line about a run."""
    return f"run {view.id}   {view.flow}@{view.flow_version}   {gateway.url}/runs/{view.id}"


def shape(gateway: Gateway, flow: str) -> FlowShape:
    """Fetch what helps to show runs of a flow; nothing when it is not offered any more."""
    try:
        return shape_of(gateway.get_json(f"/flows/{segment(flow)}"))
    except UnavailableError:
        raise
    except FlowError:
        return FlowShape()


def ending(gateway: Gateway, view: RunView, publish_dir: Path) -> list[str]:
    """Say how a run ended, why, at what cost, and where its result is."""
    after = f" after {seconds}" if (seconds := took(view)) else ""
    if view.status is RunStatus.SUCCEEDED:
        told = [f"succeeded{after}", *_result(gateway, view, publish_dir)]
    elif view.status is RunStatus.INPUT_REQUIRED:
        told = ["waits for a person", *_open_gates(gateway, view)]
    else:
        told = [f"{view.status} at {view.place}{after}: {clean(view.reason) or 'no reason given'}"]
        if view.failure:
            told += [f"  remedy     {view.failure.remedy}"]
    told.append(f"  spent      {spent_in_all(view.spent)}")
    if view.temporal_url:
        told.append(f"  temporal   {view.temporal_url}")
    return told


def _result(gateway: Gateway, view: RunView, publish_dir: Path) -> list[str]:
    result = gateway.get_json(f"/runs/{segment(view.id)}/result")
    where = result.get("where") if isinstance(result, dict) else None
    if isinstance(where, str):
        return [f"  published  {clean(published(where, publish_dir))}"]
    return [f"  result     orchestra runs result {view.id}"]


def _open_gates(gateway: Gateway, view: RunView) -> list[str]:
    gates = gateway.get(OpenGates, f"/runs/{segment(view.id)}/gates").gates
    return [f"  look       orchestra gates show {view.id} {gate.gate}" for gate in gates]
