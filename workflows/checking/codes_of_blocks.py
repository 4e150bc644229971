"""Codes 26x: parallel blocks, whose branches must not meet before they are joined."""

from typing import Final

from workflows.checking.code import Code
from workflows.checking.examples import Example

BESIDES: Final = """\
# An outline and a label from one brief, made side by side, which an editor approves.
flow: besides
version: 1
summary: An outline and a label, made side by side.
input: {brief: Brief@1}
slots:
  evidence: EvidenceSet@1
  outline: Outline@1
  label: TopicLabel@1
  decision: Decision@1
budget: {model_calls: 50, tokens: 500000, usd: 5.00, working_time: 30m}
on_failure:
  malformed: {repair: 1, then: failed}
  otherwise: {then: failed}
start: prepare
steps:
  prepare:
    branches:
      facts: [research, outline]
      topic: [classify]
    next: approve
  research: {agent: researcher, reads: [brief], writes: evidence}
  outline: {agent: planner, reads: [brief, evidence], writes: outline}
  classify: {agent: topic_classifier, reads: [brief], writes: label}
  approve:
    gate: editor
    shows: [outline, label]
    writes: decision
    deadline: 24h
    on_deadline: {to: expired}
    next:
      - {when: "decision.verdict == 'approve'", to: done}
      - {when: "decision.verdict == 'reject'", to: prepare, at_most: 2}
      - {else: failed}
ends:
  done: {outcome: succeeded, output: outline}
  expired: {outcome: expired}
  failed: {outcome: failed}
"""
"""A sound flow with a block, made of shipped agents."""

_KEPT: Final = (
    BESIDES.replace(
        "slots:\n",
        "memory:\n  last: {entry: plans.last, contract: Outline@1, optional: true}\nslots:\n",
    )
    .replace("  decision: Decision@1\n", "  decision: Decision@1\n  kept: Remembered@1\n")
    .replace(
        "    next: approve\n",
        "    next: keep\n  keep: {remember: last, reads: [outline], writes: kept, next: approve}\n",
    )
)
"""The same with a step after the block that remembers the outline."""

BLOCKS: Final = (
    Code(
        code="FO260",
        title="a branch of what cannot be in one",
        meaning=(
            "A branch names steps that the flow declares, each once in all blocks. A gate waits for"
            " a person, and a block inside a block would have no turn of its own: a sub-flow can"
            " hold both, and be a step of a branch."
        ),
        example=Example(BESIDES, "topic: [classify]", "topic: [classify, outline]"),
    ),
    Code(
        code="FO261",
        title="a step of a block that says what follows it",
        meaning=(
            "The steps of a branch follow one another in the order in which the block names them,"
            " and when all branches are done the block's `next` says where the run goes on. A step"
            " with a `next` of its own would leave the others behind."
        ),
        example=Example(BESIDES, "writes: evidence}", "writes: evidence, next: classify}"),
    ),
    Code(
        code="FO262",
        title="a branch whose work is seen outside the run",
        meaning=(
            "Branches are worked on ahead of their turn. When a step that is named earlier fails,"
            " the run goes another way, and what was made ahead is only kept. What was published"
            " or written to long-term memory by then could not be taken back, so such steps follow"
            " a block and are in none."
        ),
        example=Example(
            _KEPT,
            "facts: [research, outline]\n      topic: [classify]\n    next: keep\n"
            "  keep: {remember: last, reads: [outline], writes: kept, next: approve}\n",
            "facts: [research, outline, keep]\n      topic: [classify]\n    next: approve\n"
            "  keep: {remember: last, reads: [outline], writes: kept}\n",
        ),
    ),
    Code(
        code="FO263",
        title="branches that meet before they are joined",
        meaning=(
            "What a branch makes is seen when all are done, so that no run depends on which was"
            " quicker. No other branch reads or writes its slots, nor something that may have been"
            " made from them where an old value or none would do."
        ),
        example=Example(
            BESIDES,
            "facts: [research, outline]\n      topic: [classify]",
            "facts: [research]\n      topic: [classify, outline]",
        ),
    ),
    Code(
        code="FO264",
        title="a way into the middle of a block",
        meaning=(
            "A block is entered where all its branches begin. Name the block: what was made before"
            " and is still the same work is not made again after a failure."
        ),
        example=Example(
            BESIDES,
            "verdict == 'reject'\", to: prepare,",
            "verdict == 'reject'\", to: classify,",
        ),
    ),
)
