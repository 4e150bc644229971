"""The forms a map is given in, each with its media type and the ending of its files."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from services.drawing.elk_engine import ElkEngine
from services.drawing.layout import LayoutEngine
from services.drawing.mermaid import mermaid
from services.drawing.page import page
from services.drawing.picture import picture, svg
from workflows.context_map.parts import ContextMap


class MapFormat(StrEnum):
    """A form of a map, by its media type; the first is the one for those who do not care."""

    JSON = "application/json"
    SVG = "image/svg+xml"
    HTML = "text/html"
    MERMAID = "text/vnd.mermaid"

    @property
    def ending(self) -> str:
        """The ending of such files, with its dot."""
        return _ENDINGS[self]


_ENDINGS: Final[Mapping[MapFormat, str]] = {
    MapFormat.JSON: ".json",
    MapFormat.SVG: ".svg",
    MapFormat.HTML: ".html",
    MapFormat.MERMAID: ".mmd",
}
_WRITERS: Final[Mapping[MapFormat, Callable[[ContextMap, LayoutEngine], str]]] = {
    MapFormat.JSON: lambda context, _: context.model_dump_json(indent=2) + "\n",
    MapFormat.SVG: lambda context, engine: svg(context, picture(context, engine)),
    MapFormat.HTML: lambda context, engine: page(context, picture(context, engine)),
    MapFormat.MERMAID: lambda context, _: mermaid(context),
}


def drawn(context: ContextMap, form: MapFormat, engine: LayoutEngine | None = None) -> str:
    """Write a map; the same map always gives the same text.

    Args:
        context: what is drawn.
        form: the form it takes. Pictures take some 100 ms, the others next to nothing.
        engine: what lays pictures out, if not the usual one.

    Raises:
        UnavailableError: the layout engine did not answer.
    """
    return _WRITERS[form](context, engine or ElkEngine())
