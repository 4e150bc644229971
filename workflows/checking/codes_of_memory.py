"""Codes 24x: what a flow says of long-term memory."""

from typing import Final

from workflows.checking.code import Code
from workflows.checking.examples import Example

KEEPING: Final = """\
# An outline from a brief, which is kept for the next run.
flow: keeping
version: 1
summary: An outline that is kept.
input: {brief: Brief@1}
memory:
  voice: brand.voice@1
  last: {entry: plans.last, contract: Outline@1, optional: true}
slots:
  evidence: EvidenceSet@1
  outline: Outline@1
  kept: Remembered@1
budget: {model_calls: 50, tokens: 500000, usd: 5.00, working_time: 30m}
on_failure:
  malformed: {repair: 1, then: failed}
  otherwise: {then: failed}
start: research
steps:
  research: {agent: researcher, reads: [brief], writes: evidence, next: outline}
  outline: {agent: planner, reads: [brief, evidence], writes: outline, next: keep}
  keep: {remember: last, reads: [outline], writes: kept, merge: replace, next: done}
ends:
  done: {outcome: succeeded, output: outline}
  failed: {outcome: failed}
"""
"""A sound flow that reads and writes entries, made of shipped agents."""

MEMORY: Final = (
    Code(
        code="FO240",
        title="an entry of memory in two slots",
        meaning=(
            "An entry of long-term memory fills one slot: a run pins one version of it at its"
            " start, and two slots with the same value would only look as if they could differ."
        ),
        example=Example(
            KEEPING,
            "  last: {entry: plans.last, contract: Outline@1, optional: true}\n",
            "  last: {entry: plans.last, contract: Outline@1, optional: true}\n"
            "  before: {entry: plans.last, contract: Outline@1, optional: true}\n",
        ),
    ),
    Code(
        code="FO241",
        title="a step that remembers what is not under memory",
        meaning=(
            "`remember` names a slot under `memory`: the run reads that entry at its start, and"
            " what it writes follows the version it has read, so that nobody's change is lost. An"
            " entry that may not be there yet is declared with `optional: true`."
        ),
        example=Example(KEEPING, "remember: last,", "remember: lost,"),
    ),
)
