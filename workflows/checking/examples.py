"""The two sound flows that the catalogue's examples are parts of, made of shipped agents."""

from dataclasses import dataclass
from typing import Final

PLAN: Final = """\
# An outline from a brief, which an editor approves.
flow: plan
version: 1
summary: An outline from a brief, approved by an editor.
input: {brief: Brief@1}
slots:
  evidence: EvidenceSet@1
  outline: Outline@1
  decision: Decision@1
budget: {model_calls: 50, tokens: 500000, usd: 5.00, working_time: 30m}
on_failure:
  unavailable: {retry: 3, then: help, at_most: 1}
  malformed: {repair: 1, then: failed}
  otherwise: {then: failed}
start: research
steps:
  research:
    agent: researcher
    reads: [brief]
    writes: evidence
    next:
      - {when: "len(evidence.items) == 0", to: no_sources}
      - {else: outline}
  outline: {agent: planner, reads: [brief, evidence], writes: outline, next: approve}
  approve:
    gate: editor
    shows: [brief, outline]
    writes: decision
    deadline: 24h
    on_deadline: {to: expired}
    next:
      - {when: "decision.verdict == 'approve'", to: done}
      - {when: "decision.verdict == 'reject'", to: outline, at_most: 2}
      - {else: rejected}
  help:
    gate: operator
    answers: failure
    allow: [retry, stop]
    stop: failed
    deadline: 24h
    on_deadline: {to: failed}
ends:
  done: {outcome: succeeded, output: outline}
  no_sources: {outcome: failed, reason: Nothing in the corpus supports this brief.}
  rejected: {outcome: rejected}
  expired: {outcome: expired}
  failed: {outcome: failed}
"""

LETTER: Final = """\
# A short article that an editor reads, may edit, and approves before it is published.
flow: letter
version: 1
summary: A short article that an editor approves.
input: {brief: Brief@1}
slots:
  evidence: EvidenceSet@1
  outline: Outline@1
  sections: [Section@1]
  draft: Draft@1
  claims: ClaimReport@1
  decision: Decision@1
  publication: Publication@1
budget: {model_calls: 100, tokens: 2000000, usd: 20.00, working_time: 30m}
on_failure:
  malformed: {repair: 1, then: failed}
  otherwise: {then: failed}
start: research
steps:
  research: {agent: researcher, reads: [brief], writes: evidence, next: outline}
  outline: {agent: planner, reads: [brief, evidence], writes: outline, next: write}
  write:
    each: part in outline.sections
    agent: section_writer
    reads: [brief, evidence]
    writes: sections
    parallel: 4
    next: assemble
  assemble: {agent: assembler, reads: [brief, outline, sections], writes: draft, next: fact_check}
  fact_check: {agent: fact_checker, reads: [draft, evidence], writes: claims, next: approve}
  approve:
    gate: editor
    shows: [brief, draft, claims]
    writes: decision
    edits: draft
    deadline: 72h
    on_deadline: {to: approve, at_most: 1}
    next:
      - {when: "decision.verdict == 'approve'", to: publish}
      - {when: "decision.verdict == 'edited'", to: fact_check, at_most: 2}
      - {else: rejected}
  publish:
    agent: publisher
    reads: [draft, claims, evidence, decision]
    writes: publication
    next: done
ends:
  done: {outcome: succeeded, output: publication}
  rejected: {outcome: rejected}
  failed: {outcome: failed}
"""


@dataclass(frozen=True)
class Example:
    """A few lines of a sound flow, and how they look with a slip in them."""

    flow: str
    """The sound flow, whole."""

    mended: str
    """Lines of it, where they stand once."""

    wrong: str
    """The same lines with the slip."""

    saved_as: str = "utf-8"
    """In which encoding an editor saved the file with the slip."""

    @property
    def broken(self) -> str:
        """The flow with the slip, whole."""
        assert self.flow.count(self.mended) == 1, f"{self.mended!r} has to stand there once"
        return self.flow.replace(self.mended, self.wrong)


def in_plan(wrong: str, mended: str) -> Example:
    """Put a slip into the flow of an outline."""
    return Example(PLAN, mended, wrong)


def in_letter(wrong: str, mended: str) -> Example:
    """Put a slip into the flow of a short article."""
    return Example(LETTER, mended, wrong)
