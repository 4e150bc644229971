"""A map as one page that loads nothing: the picture, and everything on it once more in tables."""

from html import escape
from typing import Final

from services.drawing import page_tables as tables
from services.drawing.failure_plan import failure_plan
from services.drawing.palette import GROUND, INK, PANEL, QUIET, RULE, SANS
from services.drawing.picture import Picture, svg
from workflows.context_map.parts import ContextMap, MapWay, WayKind

_STYLE: Final = f"""
:root {{ color-scheme: light dark }}
body {{ margin: 0; background: {GROUND.light}; color: {INK.light}; font: 14px/1.45 {SANS} }}
figure {{ margin: 0; overflow-x: auto }}
figure svg {{ display: block; max-width: 100%; height: auto; margin: 0 auto }}
main {{ max-width: 1400px; margin: 0 auto; padding: 8px 20px 40px }}
h2 {{ font-size: 16px; margin: 28px 0 8px }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: 5px 14px 5px 0 }}
tr {{ border-bottom: 1px solid {RULE.light} }}
th {{ color: {QUIET.light}; font-weight: 600 }}
small {{ color: {QUIET.light}; font-size: 12px }}
code {{ font-size: 12.5px }}
ul {{ margin: 0; padding: 0; list-style: none }}
summary {{ cursor: pointer; padding: 6px 10px; background: {PANEL.light}; border-radius: 4px }}
@media (prefers-color-scheme: dark) {{
body {{ background: {GROUND.dark}; color: {INK.dark} }}
tr {{ border-color: {RULE.dark} }}
th, small {{ color: {QUIET.dark} }}
summary {{ background: {PANEL.dark} }}
}}
""".strip()


def page(context: ContextMap, drawn: Picture) -> str:
    """Write a page around a picture."""
    title = escape(f"Context map of {context.flow}@{context.version}")
    answers = [way for way in context.ways if way.answers]
    borders = [way for way in context.ways if _is_border(way)]
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>{title}</title>",
        f"<style>\n{_STYLE}\n</style></head>",
        f"<body>\n<figure>\n{svg(context, drawn)}</figure>\n<main>",
        *tables.borders("Borders", borders, context),
        *tables.failures(failure_plan(context)),
        *tables.slots(context),
        *tables.steps(context.nodes),
    ]
    if answers:
        about = "Borders that a person opens after a failure"
        parts += [f"<details><summary>{about}</summary>", *tables.borders("", answers, context)]
        parts += ["</details>"]
    return "\n".join((*parts, "</main>\n</body>\n</html>\n"))


def _is_border(way: MapWay) -> bool:
    """Leave out what is told elsewhere: answers to failures, and failures that carry nothing on."""
    return not way.answers and (way.kind is not WayKind.FAILURE or bool(way.context))
