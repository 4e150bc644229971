"""Every finding there is, each made by changing a few words of the shipped article flow.

One line a mutation: the code, the words changed and what they become, the words that stand on the
line the finding has to name, the place in the file, and what has to stand in message and remedy.
"""

from dataclasses import dataclass
from importlib import resources
from typing import Final

ARTICLE: Final = resources.files("workflows").joinpath("flows", "article.yaml").read_text("utf-8")

_LAST_GATE: Final = ARTICLE[ARTICLE.index("    on_deadline: {to: failed}") :]
"""From the deadline of the last gate to the end of the file, the ends included."""


@dataclass(frozen=True)
class Mutation:
    """One slip of the pen and what the check has to say about it."""

    code: str
    old: str
    new: str
    line: str
    """Words that only the line of the finding holds."""

    place: str
    message: str
    remedy: str

    def text(self) -> str:
        """The article flow with this slip in it."""
        assert ARTICLE.count(self.old) == 1, f"{self.old!r} has to stand in the flow exactly once"
        return ARTICLE.replace(self.old, self.new)

    def line_number(self) -> int:
        """The line, from 1, that the finding has to name."""
        [found] = [
            number
            for number, row in enumerate(self.text().splitlines(), start=1)
            if self.line in row
        ]
        return found


MUTATIONS: Final = (
    Mutation(
        "FO101",
        "retention: 30d",
        "retention: 30d\nretention: 31d",
        "retention: 31d",
        "retention",
        "'retention' stands twice",
        "Keep one of them",
    ),
    Mutation(
        "FO102",
        "parallel: 4",
        "paralel: 4",
        "paralel",
        "steps.write.paralel",
        "'paralel' is not a key of a flow here",
        "Did you mean 'parallel'?",
    ),
    Mutation(
        "FO103",
        "    deadline: 72h\n",
        "",
        "  approve:",
        "steps.approve.deadline",
        "'deadline' is missing",
        "Add `deadline:`",
    ),
    Mutation(
        "FO104",
        "deadline: 72h",
        "deadline: 72 hours",
        "72 hours",
        "steps.approve.deadline",
        "'72 hours' is no duration",
        "as the message says",
    ),
    Mutation(
        "FO104",
        "  refused: {then",
        "  refussed: {then",
        "refussed",
        "on_failure.refussed",
        "'refussed' is no kind of failure; there are conflict",
        "as the message says",
    ),
    Mutation(
        "FO104",
        "start: classify",
        "start: Classify",
        "start: Classify",
        "start",
        "'Classify' is no name",
        "lower-case letters",
    ),
    Mutation(
        "FO201",
        "agent: planner",
        "agent: planer",
        "agent: planer",
        "steps.outline.agent",
        "there is no agent 'planer'",
        "Did you mean 'planner'?",
    ),
    Mutation(
        "FO202",
        "output: publication",
        "output: publications",
        "output: publications",
        "ends.done.output",
        "there is no slot 'publications'",
        "Did you mean 'publication'?",
    ),
    Mutation(
        "FO202",
        "reads: [draft, evidence]",
        "reads: [draft, {evidence: evidences}]",
        "evidences",
        "steps.fact_check.reads.1",
        "there is no slot 'evidences'",
        "Did you mean 'evidence'?",
    ),
    Mutation(
        "FO202",
        "writes: claims",
        "writes: claim",
        "writes: claim,",
        "steps.fact_check.writes",
        "there is no slot 'claim'",
        "Did you mean 'claims'?",
    ),
    Mutation(
        "FO203",
        "- {else: approve}",
        "- {else: aprove}",
        "aprove",
        "steps.review.next.2",
        "there is no step, gate or end 'aprove'",
        "Did you mean 'approve'?",
    ),
    Mutation(
        "FO204",
        "  publication: Publication@1",
        "  publication: Publication@1\n  spare: Publicatoin@1",
        "Publicatoin",
        "slots.spare",
        "there is no contract 'Publicatoin@1'",
        "Did you mean 'Publication@1'?",
    ),
    Mutation(
        "FO204",
        "input: {brief: Brief@1}",
        "input: {brief: Brief@1, more: [Brief@1]}",
        "input:",
        "input.more",
        "a run starts with single values",
        "Declare it as Brief@1",
    ),
    Mutation(
        "FO205",
        "[draft, claims, evidence, ",
        "[draft, evidence, ",
        '[draft, evidence, "decision?"]',
        "steps.publish.reads",
        "publisher needs 'claims' and does not get it",
        "Add claims to reads",
    ),
    Mutation(
        "FO206",
        "reads: [brief], writes: topic",
        "reads: [brief, evidence], writes: topic",
        "topic_classifier",
        "steps.classify.reads.1",
        "there is no input of topic_classifier 'evidence'",
        "There are: brief",
    ),
    Mutation(
        "FO206",
        "reads: [draft, evidence]",
        'reads: [draft, "evidence?"]',
        "evidence?",
        "steps.fact_check.reads.1",
        "fact_checker cannot do without 'evidence'",
        "Drop the question mark",
    ),
    Mutation(
        "FO206",
        "reads: [draft, evidence]",
        "reads: [draft, evidence, {draft: draft}]",
        "{draft: draft}",
        "steps.fact_check.reads.2",
        "fact_checker is given 'draft' twice",
        "Keep one of the two",
    ),
    Mutation(
        "FO207",
        "reads: [draft, evidence]",
        "reads: [{draft: outline}, evidence]",
        "draft: outline",
        "steps.fact_check.reads.0",
        "receives 'draft' as Draft@1, and outline is Outline@1",
        "Read another slot",
    ),
    Mutation(
        "FO207",
        "each: part in outline.sections",
        "each: part in draft.sections",
        "each:",
        "steps.write.each",
        "section_writer receives 'part' as Outline@1.sections[]",
        "Walk Outline@1.sections[], which section_writer takes item by item",
    ),
    Mutation(
        "FO208",
        "writes: claims",
        "writes: topic",
        "writes: topic, next: review",
        "steps.fact_check.writes",
        "fact_checker produces ClaimReport@1, and topic is TopicLabel@1",
        "Declare the slot as ClaimReport@1",
    ),
    Mutation(
        "FO208",
        "writes: claims",
        "writes: brief",
        "writes: brief",
        "steps.fact_check.writes",
        "brief is an input",
        "Write to a slot of its own",
    ),
    Mutation(
        "FO209",
        "each: part in outline.sections",
        "each: part in outline.headings",
        "each:",
        "steps.write.each",
        "Outline has no field 'headings'; it has sections",
        "Name a list field",
    ),
    Mutation(
        "FO209",
        "each: part in outline.sections",
        "each: part in sections.items",
        "each:",
        "steps.write.each",
        "sections is a list slot",
        "Walk a field of one value",
    ),
    Mutation(
        "FO210",
        "len(evidence.items) == 0",
        "evidence.count() == 0",
        "evidence.count()",
        "steps.research.next.0.when",
        "'evidence.count()' cannot be compared",
        "Rules compare a slot's field with a literal",
    ),
    Mutation(
        "FO211",
        "review.verdict == 'revise'",
        "review.verdict == 'revised'",
        "'revised'",
        "steps.review.next.0.when",
        "review.verdict is one of accept, revise, never 'revised'",
        "with a literal of its type",
    ),
    Mutation(
        "FO211",
        "len(evidence.items) == 0",
        "len(evidence.items) == '0'",
        "== '0'",
        "steps.research.next.0.when",
        "evidence.len(items) is a whole number, and '0' is not",
        "with a literal of its type",
    ),
    Mutation(
        "FO211",
        "review.verdict == 'revise'",
        "review.verdict > 'accept'",
        "> 'accept'",
        "steps.review.next.0.when",
        "review.verdict is no number, so > says nothing about it",
        "with a literal of its type",
    ),
    Mutation(
        "FO211",
        "review.verdict == 'revise'",
        "review.mood == 'grey'",
        "review.mood",
        "steps.review.next.0.when",
        "Review has no field 'mood'; it has verdict, comments",
        "with a literal of its type",
    ),
    Mutation(
        "FO211",
        "review.verdict == 'revise'",
        "len(sections.items) > 2",
        "len(sections.items)",
        "steps.review.next.0.when",
        "sections holds a list of values, and a rule looks at one",
        "with a literal of its type",
    ),
    Mutation(
        "FO211",
        "review.verdict == 'revise'",
        "reviews.verdict == 'revise'",
        "reviews.verdict",
        "steps.review.next.0.when",
        "there is no slot 'reviews'",
        "with a literal of its type",
    ),
    Mutation(
        "FO212",
        "- {else: outline}",
        '- {when: "len(evidence.items) > 0", to: outline}',
        "> 0",
        "steps.research.next.1",
        "this step has no default",
        "End the list with {else: name}",
    ),
    Mutation(
        "FO212",
        "- {else: rejected}",
        "- {else: rejected}\n      - {when: \"decision.verdict == 'reject'\", to: failed}",
        "== 'reject'",
        "steps.approve.next.4",
        "no rule after `else` is ever tried",
        "Move `else` to the end",
    ),
    Mutation(
        "FO213",
        "  otherwise: {then: failed}\n",
        "",
        "  classify: {agent",
        "steps.classify",
        "its failure plan has a hole",
        "Add `otherwise: {then: an end or a gate}`",
    ),
    Mutation(
        "FO214",
        "timed_out: {retry: 2, then: failed}",
        "timed_out: {retry: 2}",
        "timed_out: {retry: 2}",
        "on_failure.timed_out",
        "leads nowhere once its remedies are used up",
        "Add `then:`",
    ),
    Mutation(
        "FO214",
        "  otherwise: {then: failed}",
        "  otherwise: {then: research}",
        "otherwise: {then: research}",
        "on_failure.otherwise",
        "otherwise leads onward, to a step",
        "Let it lead to an end or a gate",
    ),
    Mutation(
        "FO214",
        "      no_progress: {then: approve}",
        "      otherwise: {then: publish}",
        "otherwise: {then: publish}",
        "steps.revise.on_failure.otherwise",
        "otherwise leads onward, to a step",
        "Let it lead to an end or a gate",
    ),
    Mutation(
        "FO215",
        "rule_broken: {then: failed}",
        "rule_broken: {repair: 1, then: failed}",
        "{repair: 1, then: failed}",
        "steps.research.on_failure.rule_broken",
        "researcher asks no model, so there is nothing to repair",
        "Drop repair",
    ),
    Mutation(
        "FO216",
        "edits: draft",
        "edits: outline",
        "edits: outline",
        "steps.approve.edits",
        "outline can be edited here and is not shown",
        "Add it to shows",
    ),
    Mutation(
        "FO216",
        "writes: decision",
        "writes: topic",
        "    writes: topic",
        "steps.approve.writes",
        "a gate writes a decision, and topic is TopicLabel@1",
        "Declare the slot as Decision@2",
    ),
    Mutation(
        "FO216",
        "shows: [brief, draft, claims, review]",
        'shows: [brief, "draft?", claims, review]',
        "edits: draft",
        "steps.approve.edits",
        "draft can be edited here and is not always shown",
        "Drop its question mark",
    ),
    Mutation(
        "FO216",
        "shows: [brief, draft, claims, review]\n    writes: decision\n    edits: draft",
        "shows: [brief, draft, claims, sections]\n    writes: decision\n    edits: sections",
        "edits: sections",
        "steps.approve.edits",
        "sections is a list of values, and a person edits one",
        "Let a step make one value of it",
    ),
    Mutation(
        "FO216",
        "shows: [brief, draft, claims, review]",
        "shows: [brief, draft, claims, {review: claims}]",
        "{review: claims}",
        "steps.approve.shows.3",
        "a gate shows claims by its own name, not as 'review'",
        "Write claims",
    ),
    Mutation(
        "FO217",
        "on_deadline: {to: expired}",
        "on_deadline: {to: help}",
        "{to: help}",
        "steps.approve.on_deadline",
        "help answers failures, and this way brings it none",
        "Let only failure plans lead there",
    ),
    Mutation(
        "FO218",
        _LAST_GATE,
        _LAST_GATE.replace("{to: failed}", "{to: failed, at_most: 1}").replace(
            "outcome: failed", "outcome: rejected"
        ),
        "{to: failed, at_most: 1}",
        "steps.help.on_deadline",
        "once this deadline is used up the run has to end as failed, and no end does",
        "Declare an end whose outcome is failed",
    ),
    Mutation(
        "FO301",
        "to: no_sources}",
        "to: failed}",
        "  no_sources:",
        "ends.no_sources",
        "no path leads here",
        "Let a rule or a failure plan lead to it, or remove it",
    ),
    Mutation(
        "FO302",
        'claims, evidence, "decision?"',
        "claims, evidence, decision",
        "[draft, claims, evidence, decision]",
        "steps.publish.reads.3",
        "decision holds no value on some path that reaches step publish",
        "or read it as `decision?`",
    ),
    Mutation(
        "FO302",
        "output: publication",
        "output: decision",
        "output: decision",
        "ends.done.output",
        "decision holds no value on some path that reaches end done",
        "Write decision on every path before",
    ),
    Mutation(
        "FO302",
        "len(evidence.items) == 0",
        "topic.risk == 'low' and review.verdict == 'accept'",
        "topic.risk == 'low'",
        "steps.research.next.0.when",
        "review holds no value on some path that reaches this rule",
        "Write review on every path before",
    ),
    Mutation(
        "FO303",
        "review.verdict == 'revise'\", to: revise, at_most: 2}",
        "review.verdict == 'revise'\", to: revise}",
        "    next: fact_check",
        "steps.revise.next.0",
        "this closes a loop back to fact_check that nothing bounds",
        "`else` takes no at_most; give steps.review.next.0 `at_most: N`",
    ),
)
