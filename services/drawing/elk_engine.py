"""Lays graphs out with the Eclipse Layout Kernel, which is JavaScript, in an embedded V8."""

import json
from collections.abc import Mapping
from importlib import resources
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue, ValidationError

from services.drawing.elk_answer import read_layout
from services.drawing.layout import Edge, Graph, Layout
from services.errors import UnavailableError

if TYPE_CHECKING:
    from py_mini_racer import MiniRacer

_SECONDS: Final = 20
"""Two hundred nodes take about two."""

_MEMORY_BYTES: Final = 512 << 20

_OPTIONS: Final[Mapping[str, str]] = {
    "elk.algorithm": "layered",
    "elk.direction": "DOWN",
    "elk.edgeRouting": "ORTHOGONAL",
    "elk.randomSeed": "1",
    "elk.layered.cycleBreaking.strategy": "MODEL_ORDER",
    "elk.layered.considerModelOrder.strategy": "PREFER_EDGES",
    "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
    "elk.layered.nodePlacement.favorStraightEdges": "true",
    "elk.spacing.nodeNode": "22",
    "elk.spacing.edgeNode": "14",
    "elk.spacing.edgeEdge": "9",
    "elk.spacing.edgeLabel": "4",
    "elk.layered.spacing.nodeNodeBetweenLayers": "13",
    "elk.layered.spacing.edgeNodeBetweenLayers": "7",
    "elk.layered.spacing.edgeEdgeBetweenLayers": "6",
    "elk.separateConnectedComponents": "false",
    "elk.padding": "[top=0,left=0,bottom=0,right=0]",
}
_SHELL: Final = """
var self = globalThis, window = globalThis, module = {exports: {}}, exports = module.exports;
var setTimeout = (task) => task(), clearTimeout = () => {};
"""
"""What the script expects around it. Its one task is run at once: nothing else is waiting."""

_ASK: Final = """
var worker = new module.exports.default(), answer = null;
worker.onmessage = (message) => { answer = message.data; };
var ask = (question) => { worker.postMessage(question); return answer; };
ask({id: 0, cmd: "register", algorithms: ["layered"]});
"""


class ElkEngine:
    """A fresh V8 for every graph: nothing is kept, nothing is shared between threads."""

    def lay_out(self, graph: Graph) -> Layout:
        """Lay a graph out, layer below layer, in the order in which its vertices are given.

        Raises:
            UnavailableError: the engine fails or takes too long.
        """
        # Loads 80 MB of V8, which no other command needs.
        from py_mini_racer import JSEvalException, MiniRacer  # noqa: PLC0415

        try:
            with MiniRacer() as racer:
                answer = _asked(racer, _question(graph))
            return read_layout(answer)
        except (JSEvalException, ValidationError) as error:
            count = f"{len(graph.vertices)} nodes and {len(graph.edges)} ways"
            raise UnavailableError(
                f"the layout engine cannot place {count}; ask for the map as mermaid or JSON"
            ) from error


def _script() -> str:
    folder = resources.files("services.drawing").joinpath("elk")
    return folder.joinpath("elk-worker.min.js").read_text("utf-8")


def _asked(racer: "MiniRacer", question: JsonValue) -> JsonValue:
    racer.eval(_SHELL)
    racer.eval(_script(), timeout_sec=_SECONDS, max_memory=_MEMORY_BYTES)
    racer.eval(_ASK)
    answer: JsonValue = racer.execute(f"ask({json.dumps(question)})", timeout_sec=_SECONDS)
    return answer


def _question(graph: Graph) -> JsonValue:
    return {
        "id": 1,
        "cmd": "layout",
        "graph": {
            "id": "graph",
            "layoutOptions": dict(_OPTIONS),
            "children": [
                {"id": each.key, "width": each.size.width, "height": each.size.height}
                for each in graph.vertices
            ],
            "edges": [_edge(each) for each in graph.edges],
        },
    }


def _edge(edge: Edge) -> JsonValue:
    labels: list[JsonValue] = []
    if edge.label:
        labels.append(
            {
                "text": "x",  # the engine ignores a label without text
                "width": edge.label.width,
                "height": edge.label.height,
                "layoutOptions": {"elk.edgeLabels.inline": "true"},
            }
        )
    return {"id": edge.key, "sources": [edge.source], "targets": [edge.target], "labels": labels}
