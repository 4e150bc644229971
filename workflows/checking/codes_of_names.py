"""Codes 2xx: names that mean nothing, and types that do not meet."""

from typing import Final

from workflows.checking.code import Code
from workflows.checking.examples import in_letter, in_plan

NAMES: Final = (
    Code(
        code="FO201",
        title="an agent that does not exist",
        meaning=(
            "A step uses an agent that this installation does not have. Agents are written in"
            " Python and declared in the catalogue; a flow only names them."
        ),
        example=in_plan("outline: {agent: planer,", "outline: {agent: planner,"),
    ),
    Code(
        code="FO202",
        title="a slot that is not declared",
        meaning=(
            "A step reads or writes, a gate shows, or an end gives out a slot that stands neither"
            " under `input` nor under `slots`. Every slot is declared with its contract, so that"
            " producers and readers can be held against it."
        ),
        example=in_plan("    shows: [brief, outlines]\n", "    shows: [brief, outline]\n"),
    ),
    Code(
        code="FO203",
        title="a way that leads to a name nobody has",
        meaning=(
            "A rule, a failure plan, a deadline or `start` leads to a name that is no step, no gate"
            " and no end. The three share one set of names."
        ),
        example=in_plan("      - {else: rejectd}\n", "      - {else: rejected}\n"),
    ),
    Code(
        code="FO204",
        title="a contract that does not exist, or a list as input",
        meaning=(
            "A slot's type is a contract with its version, `Draft@1`, or `[Section@1]` for the"
            " results of a fan-out in order. Either no contract of that name and version is"
            " registered, or an input is declared as a list: a run starts with single values."
        ),
        example=in_plan("  outline: Outline@2\n", "  outline: Outline@1\n"),
    ),
    Code(
        code="FO205",
        title="an agent does not get what it needs",
        meaning=(
            "The agent declares an input that it cannot do without, and `reads` does not hand it"
            " over. What a step reads is always written out, so that the file shows what crosses"
            " each border; nothing is handed over because names happen to match."
        ),
        example=in_plan(
            "agent: planner, reads: [brief], writes",
            "agent: planner, reads: [brief, evidence], writes",
        ),
    ),
    Code(
        code="FO206",
        title="an agent is handed what it does not take",
        meaning=(
            "`reads` names an input that the agent does not have, names one twice, or marks one as"
            " dispensable with a question mark that the agent cannot do without. A read"
            " `{input: slot}` gives the agent's `input` the value of another slot."
        ),
        example=in_plan(
            'reads: [brief, "evidence?"], writes: outline',
            "reads: [brief, evidence], writes: outline",
        ),
    ),
    Code(
        code="FO207",
        title="a slot of another contract than the agent takes",
        meaning=(
            "The slot holds values of one contract, and the agent's input is declared with another"
            " one or another version. Versions of a contract are different contracts: between them"
            " stands a migration, not luck."
        ),
        example=in_letter(
            "agent: fact_checker, reads: [{draft: outline}, evidence]",
            "agent: fact_checker, reads: [draft, evidence]",
        ),
    ),
    Code(
        code="FO208",
        title="a slot that cannot hold what the agent produces",
        meaning=(
            "The agent produces one contract and the slot it writes is declared with another; a"
            " fan-out produces a list. Or the step writes an input: what a run was started with"
            " never changes."
        ),
        example=in_letter(
            "reads: [draft, evidence], writes: decision, next",
            "reads: [draft, evidence], writes: claims, next",
        ),
    ),
    Code(
        code="FO209",
        title="a fan-out that has nothing bounded to walk",
        meaning=(
            "`each` is written `item in slot.field` and walks a list field of a slot with one"
            " value. The field needs bounds, of at least one and at most so many, because there"
            " would otherwise be any number of instances; and its elements need an `id`, by which"
            " instances are told apart."
        ),
        example=in_letter("each: part in outline.headings", "each: part in outline.sections"),
    ),
    Code(
        code="FO210",
        title="a rule that is not of the language",
        meaning=(
            "Rules compare a field of a slot, or `len()` of a list field, with a literal, by"
            " == != < <= > >= in and not in, joined by and, or, not. There are no calls, no"
            " arithmetic, no fractions and no tests for presence: the language is closed, and that"
            " is why the check can decide which rules can be taken."
        ),
        example=in_plan(
            'when: "evidence.items.count() == 0", to', 'when: "len(evidence.items) == 0", to'
        ),
    ),
    Code(
        code="FO211",
        title="a rule that compares what cannot be compared",
        meaning=(
            "The rule can be read, but its field does not exist, or the literal is not of the"
            " field's type or none of its values, or the slot holds a list of values. Such a rule"
            " would always or never hold."
        ),
        example=in_plan("decision.verdict == 'approved'", "decision.verdict == 'approve'"),
    ),
    Code(
        code="FO212",
        title="rules without a default, or after it",
        meaning=(
            "Rules are tried in order and the first that holds is taken. A list has to end with"
            " `else`, or a run could come to a point with no way on; a rule after `else` would"
            " never be tried."
        ),
        example=in_plan(
            '      - {when: "len(evidence.items) > 0", to: outline}\n',
            "      - {else: outline}\n",
        ),
    ),
    Code(
        code="FO213",
        title="a failure that no plan covers",
        meaning=(
            "Every way in which a step can fail needs a line that says what happens then: in the"
            " step's own `on_failure` or in that of the flow. `otherwise` covers the kinds that"
            " are not named, those of later versions included."
        ),
        example=in_plan(
            "  malformed: {repair: 1, then: failed}\n",
            "  malformed: {repair: 1, then: failed}\n  otherwise: {then: failed}\n",
        ),
    ),
    Code(
        code="FO214",
        title="a failure line that leads nowhere, or onward",
        meaning=(
            "Once its repairs and retries are used up, a line has to lead somewhere: `then` a step,"
            " a gate or an end. `otherwise` is the last resort for failures that nobody foresaw and"
            " therefore leads to an end or to a person, never on to a step."
        ),
        example=in_plan("malformed: {repair: 1}", "malformed: {repair: 1, then: failed}"),
    ),
    Code(
        code="FO215",
        title="a repair where no model is asked",
        meaning=(
            "`repair` shows a model its rejected answer and asks again. The agent of this step is"
            " code: given the same input it would fail in the same way."
        ),
        example=in_plan(
            "    agent: researcher\n    on_failure: {rule_broken: {repair: 1, then: failed}}\n",
            "    agent: researcher\n",
        ),
    ),
    Code(
        code="FO216",
        title="a gate that shows or writes the wrong thing",
        meaning=(
            "A gate writes a person's decision, so its slot is a Decision. And a person can only"
            " edit what the gate shows, for a decision is about exactly what was seen."
        ),
        example=in_letter("    shows: [brief, claims]\n", "    shows: [brief, draft, claims]\n"),
    ),
    Code(
        code="FO217",
        title="an ordinary way to a gate that answers failures",
        meaning=(
            "A gate with `answers: failure` shows a person which step failed and how, and offers to"
            " retry or supply. Whoever comes there by a rule or a deadline brings no failure, so"
            " there would be nothing to answer."
        ),
        example=in_plan(
            "    deadline: 24h\n    on_deadline: {to: help}\n",
            "    deadline: 24h\n    on_deadline: {to: expired}\n",
        ),
    ),
    Code(
        code="FO218",
        title="a deadline that is used up and has no end to go to",
        meaning=(
            "A deadline with `at_most` leads where it says only so often: to ask once more, for"
            " one. Used up, the run ends at the flow's end with the outcome `failed`; this flow"
            " declares none, so the run would have no declared end."
        ),
        example=in_letter("  failed: {outcome: rejected}\n", "  failed: {outcome: failed}\n"),
    ),
    Code(
        code="FO219",
        title="an agent's model that no setting names",
        meaning=(
            "Agents ask for a model by what it is to do, `writer` or `judge`; which model that is,"
            " the settings of the installation say. For this one they say nothing. The flow is"
            " sound; the environment has to name the model."
        ),
        example=in_plan(
            "agent: planner, # ORCHESTRA_MODEL_WRITER is not set\n    reads: [brief, evidence], w",
            "agent: planner, reads: [brief, evidence], w",
        ),
    ),
    Code(
        code="FO220",
        title="a stand-in that cannot do the step's work",
        meaning=(
            "`fall_back` names who does a step's work when its own agent has failed: the same agent"
            " with another model, or another agent. All that is proved of the step has to hold for"
            " whoever does it, so another agent receives and produces the same, reports on the same"
            " and vouches alike. Nobody stands in for an agent that publishes: what it failed at"
            " may have gone out."
        ),
        example=in_plan(
            "    agent: researcher\n    on_failure: {unavailable: {fall_back: {model: judge},"
            " then: failed}}\n",
            "    agent: researcher\n",
        ),
    ),
    Code(
        code="FO221",
        title="a sub-flow that is not offered, or gives out no one thing",
        meaning=(
            "A step may name another flow instead of an agent. That flow has to be on offer here,"
            " and all its ends that succeed have to give out one value of the same contract: it is"
            " what the step writes. What the flow starts with is what the step reads."
        ),
        example=in_plan(
            "  outline: {flow: outlines, reads: [brief, evidence], writes",
            "  outline: {agent: planner, reads: [brief, evidence], writes",
        ),
    ),
    Code(
        code="FO222",
        title="flows that would call each other without end",
        meaning=(
            "A flow does the work of a step of a flow that does the work of a step of the first,"
            " directly or over others. A run would start runs for ever, so no such flow is offered."
        ),
        example=in_plan(
            "  outline: {flow: plan, reads: [brief, evidence], writes",
            "  outline: {agent: planner, reads: [brief, evidence], writes",
        ),
    ),
    Code(
        code="FO231",
        title="a reminder or an escalation that never comes, or changes nothing",
        meaning=(
            "`remind` and `escalate` count from the moment the gate opens, and the deadline ends"
            " the wait: what lies behind it never comes. And an escalation asks somebody else: a"
            " role that is asked already is none, and at one moment one role can take over."
        ),
        example=in_plan(
            "    writes: decision\n    remind: [48h]\n    deadline: 24h\n",
            "    writes: decision\n    deadline: 24h\n",
        ),
    ),
    Code(
        code="FO232",
        title="approvals that nobody can give",
        meaning=(
            "`approvers` says how many of which roles have to approve. Each role decides once, so"
            " more than there are can never approve; the role that the gate asks is one of them;"
            " and the decision is a `Decision@2`, which can name several who decided."
        ),
        example=in_plan(
            "    writes: decision\n    approvers: {need: 3, of: [editor, legal]}\n"
            "    deadline: 24h\n",
            "    writes: decision\n    deadline: 24h\n",
        ),
    ),
)
