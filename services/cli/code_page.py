"""The catalogue of findings as one page of Markdown."""

from collections.abc import Iterator
from itertools import groupby
from textwrap import dedent
from typing import Final

from workflows.checking.code import KINDS, Code
from workflows.checking.codes import CODES
from workflows.checking.examples import LETTER, PLAN

_HEAD: Final = """\
# Findings of the check

Made by `orchestra flows explain-code --markdown > docs/findings.md` from the catalogue in
`workflows/checking/codes.py`; change it there.

`orchestra flows check` proves a flow before it may run, and says for each finding its code, the
place in the file, what is wrong, the line, what would mend it, and for a behaviour the shortest
path there with what would have to be answered on it. Errors forbid to run the flow; notes do not.
A code always means the same: pipelines may rely on it.

The examples are a few lines each of [two small flows](#the-flows-of-the-examples) that are sound.
"""


def page() -> str:
    """Write the catalogue as Markdown."""
    return "\n".join(_parts())


def _parts() -> Iterator[str]:
    yield _HEAD
    yield "| Code | | What is wrong |\n|---|---|---|"
    for code in CODES.values():
        yield f"| [{code.code}](#{code.code.lower()}) | {code.severity.value} | {code.title} |"
    for digit, codes in groupby(CODES.values(), key=lambda each: each.code[2]):
        yield f"\n## {KINDS[digit][0].upper()}{KINDS[digit][1:]}"
        for code in codes:
            yield _entry(code)
    yield "\n## The flows of the examples\n"
    yield from (_yaml(flow) for flow in (PLAN, LETTER))


def _entry(code: Code) -> str:
    wrong, mended = _yaml(code.example.wrong), _yaml(code.example.mended)
    return (
        f"\n### {code.code}\n\n**{code.title[0].upper()}{code.title[1:]}** ({code.severity.value})"
        f"\n\n{code.meaning}\n\nWrong:\n\n{wrong}\nMended:\n\n{mended}".rstrip()
    )


def _yaml(text: str) -> str:
    return f"```yaml\n{dedent(text).rstrip()}\n```\n"
