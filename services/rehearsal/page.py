"""A rehearsal as one page that loads nothing: what was injected, what came of it, what it means."""

from html import escape
from itertools import groupby
from typing import Final

from services.drawing.palette import GROUND, INK, PANEL, QUIET, RULE, SANS
from services.rehearsal.judge import Garbage
from services.rehearsal.report import Rehearsal, Row, legend
from services.rehearsal.wording import calls, did, garbage, mode, remark, summary, where

_GOOD: Final = ("#1a7f37", "#4ac26b")
_BAD: Final = ("#b42318", "#ff8a7a")
_OPEN: Final = ("#8a5a00", "#e5b454")
"""What went well, what did not, and what is left to a judge; on a light ground and a dark one."""

_STYLE: Final = f"""
:root {{ color-scheme: light dark; --panel: {PANEL.light} }}
:root {{ --good: {_GOOD[0]}; --bad: {_BAD[0]}; --open: {_OPEN[0]} }}
body {{ margin: 0; background: {GROUND.light}; color: {INK.light}; font: 14px/1.45 {SANS} }}
main {{ max-width: 1240px; margin: 0 auto; padding: 24px 20px 48px }}
h1 {{ font-size: 22px; margin: 0 0 6px }}
h2 {{ font-size: 16px; margin: 28px 0 6px }}
p {{ margin: 4px 0; max-width: 84ch }}
table {{ border-collapse: collapse; width: 100%; table-layout: fixed }}
th, td {{ text-align: left; vertical-align: top; padding: 4px 12px 4px 0 }}
td {{ overflow-wrap: break-word }}
tr {{ border-bottom: 1px solid {RULE.light} }}
th {{ font-weight: 600 }}
th, small, dt {{ color: {QUIET.light} }}
.number {{ text-align: right; white-space: nowrap }}
.fault {{ width: 28% }} .mode {{ width: 5% }} .did {{ width: 24% }} .calls {{ width: 8% }}
.outcome {{ width: 9% }}
.good {{ color: var(--good) }} .bad {{ color: var(--bad); font-weight: 600 }}
.open {{ color: var(--open) }}
.verdict {{ padding: 10px 14px; background: var(--panel); border-radius: 6px; margin: 14px 0 }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 8px 0 }}
dd {{ margin: 0 }}
summary {{ cursor: pointer }}
@media (prefers-color-scheme: dark) {{
:root {{ --good: {_GOOD[1]}; --bad: {_BAD[1]}; --open: {_OPEN[1]}; --panel: {PANEL.dark} }}
body {{ background: {GROUND.dark}; color: {INK.dark} }}
tr {{ border-color: {RULE.dark} }}
th, small, dt {{ color: {QUIET.dark} }}
}}
""".strip()

_HEADS: Final = (
    '<tr><th class="fault">fault</th><th class="mode">mode</th><th class="did">what the run did'
    '</th><th class="calls number">calls</th><th class="outcome">outcome</th><th>garbage</th></tr>'
)


def page(rehearsal: Rehearsal) -> str:
    """Write the page."""
    title = escape(f"Rehearsal of {rehearsal.flow}@{rehearsal.version}")
    tone = "good" if rehearsal.is_good else "bad"
    told = [f"<p>{escape(line)}</p>" for line in summary(rehearsal)]
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>{title}</title>",
        f"<style>\n{_STYLE}\n</style></head>",
        f"<body>\n<main>\n<h1>{title}</h1>",
        f'<div class="verdict"><span class="{tone}">{_verdict(rehearsal)}</span>',
        *told,
        "</div>",
        *_noteworthy(rehearsal),
        *_legend(),
    ]
    for step, rows in groupby(rehearsal.rows, key=lambda row: row.step):
        parts += _step(step, list(rows))
    return "\n".join((*parts, "</main>\n</body>\n</html>\n"))


def _verdict(rehearsal: Rehearsal) -> str:
    if rehearsal.is_good:
        return "No garbage passed that code can tell."
    if rehearsal.silent:
        return f"Garbage passed that code can tell: {len(rehearsal.silent)}."
    return "Not every line is filled."


def _noteworthy(rehearsal: Rehearsal) -> list[str]:
    if not rehearsal.noteworthy:
        return []
    lines = [f'<li class="{_tone(row)}">{escape(remark(row))}</li>' for row in rehearsal.noteworthy]
    return ["<h2>To look at</h2><ul>", *lines, "</ul>"]


def _tone(row: Row) -> str:
    """Say how bad a line is: what only a judge can tell is left open."""
    if row.garbage is Garbage.NONE:
        return "" if row.rehearsed and row.outcome != "no end" else "bad"
    return "bad" if row.is_silent and row.recognisable else "open"


def _legend() -> list[str]:
    lines = [f"<dt>{escape(word)}</dt><dd>{escape(told)}</dd>" for word, told in legend()]
    return ["<details><summary>What the words mean</summary><dl>", *lines, "</dl></details>"]


def _step(step: str, rows: list[Row]) -> list[str]:
    return [
        f"<h2>{escape(step)}</h2>",
        f"<small>{escape(where(rows))}</small>",
        f"<table>{_HEADS}",
        *(_row(row) for row in rows),
        "</table>",
    ]


def _row(row: Row) -> str:
    return (
        f"<tr><td>{escape(row.fault)}<br><small>{escape(row.does)}</small></td>"
        f"<td>{escape(mode(row))}</td><td>{escape(did(row))}</td>"
        f'<td class="number">{escape(calls(row))}</td><td>{escape(row.outcome)}</td>'
        f'<td class="{_tone(row)}">{escape(garbage(row))}</td></tr>'
    )
