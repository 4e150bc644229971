"""What an author waits for: the check of a flow, and the drawing of its map."""

import statistics
import sys
import time
from collections.abc import Callable

from services.catalogue import catalogue
from services.drawing.formats import MapFormat, drawn
from services.flows.compile import compile_flow, inspect
from services.flows.document import FlowFile, read_text
from services.flows.shelf import shipped
from services.settings import Settings
from tests.large_flow import large_flow
from tests.toys import toy_catalogue
from workflows.context_map.build import context_map
from workflows.context_map.fields import field_names

ROUNDS = 5


def measure_checks() -> bool:
    """Check the shipped flows and one of sixty steps, and draw a map; medians of five."""
    known = catalogue(Settings.from_environ({}))
    flows = list(shipped())
    text, agents = large_flow()
    large, toys = read_text("large.yaml", text), toy_catalogue(*agents)
    article = compile_flow(flows[0], known)
    context = context_map(article, field_names(article, known.registry))
    rows = [
        ("check of the shipped flows", _median_ms(lambda: _inspect_all(flows)), 200.0),
        ("check of a flow of 60 steps", _median_ms(lambda: inspect(large, toys)), 2_000.0),
        ("a map drawn", _median_ms(lambda: drawn(context, MapFormat.SVG)), 1_000.0),
    ]
    for name, value, limit in rows:
        sys.stdout.write(f"{name:40} {value:8.1f} ms  (under {limit:.0f})\n")
    return all(value < limit for _, value, limit in rows)


def _inspect_all(flows: list[FlowFile]) -> None:
    known = catalogue(Settings.from_environ({}))
    for flow in flows:
        inspect(flow, known)


def _median_ms(work: Callable[[], object]) -> float:
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        took.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(took)
