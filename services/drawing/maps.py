"""Keeps the maps that were drawn: the flows on offer do not change while a process lives."""

from collections.abc import Callable
from threading import Lock
from typing import Final

from services.drawing.elk_engine import ElkEngine
from services.drawing.formats import MapFormat, drawn
from services.drawing.layout import LayoutEngine
from workflows.context_map.parts import ContextMap

_MOST: Final = 64
"""Texts that are kept; each has some ten kilobytes."""


class Maps:
    """Draws every map once. One at a time, for a layout takes a whole core."""

    def __init__(self, engine: Callable[[], LayoutEngine] = ElkEngine) -> None:
        """Start with nothing drawn.

        Args:
            engine: makes what lays pictures out.
        """
        self._engine = engine
        self._kept: dict[tuple[ContextMap, MapFormat], str] = {}
        self._lock = Lock()

    def drawn(self, context: ContextMap, form: MapFormat) -> str:
        """Write a map, from what is kept where it is there. Blocks; call it in a thread.

        Raises:
            UnavailableError: the layout engine did not answer.
        """
        with self._lock:
            if (context, form) not in self._kept:
                if len(self._kept) >= _MOST:
                    self._kept.clear()
                self._kept[context, form] = drawn(context, form, self._engine())
            return self._kept[context, form]
