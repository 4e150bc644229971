"""Codes 3xx and 4xx: what goes wrong on some path, and what an author should know."""

from typing import Final

from workflows.checking.code import Code
from workflows.checking.examples import in_letter, in_plan
from workflows.checking.finding import Severity

_MANY_RULES: Final = "".join(
    f"      - {{when: \"decision.comment == '{word}'\", to: outline, at_most: 1000}}\n"
    for word in ("shorter", "longer", "simpler", "bolder", "calmer", "sharper")
)

BEHAVIOUR: Final = (
    Code(
        code="FO301",
        title="nothing leads here",
        meaning=(
            "No path from `start` reaches this step, gate or end: no rule, failure plan or deadline"
            " on a way that a run can take leads to it. Either a way to it is missing or misspelt,"
            " or it is left over. What only follows such a part is told with it, and so is who"
            " misses what it would have written. A step or gate counts as one, too, when only an"
            " `else` leads to it and the rules before that take everything; an end may stand there"
            " for what cannot happen."
        ),
        example=in_plan("    on_deadline: {to: rejected}\n", "    on_deadline: {to: expired}\n"),
    ),
    Code(
        code="FO302",
        title="a slot is unset on some path",
        meaning=(
            "There is a path on which this step, rule, gate or end comes to a slot that nothing has"
            " written yet; ways taken after a failure are paths too. The finding shows the shortest"
            " such path, and what would be answered for a run to take it. Write the slot on every"
            " path before; or read it as `slot?` where the agent can do without it."
        ),
        example=in_plan(
            "  malformed: {repair: 1, then: approve}\n",
            "  malformed: {repair: 1, then: failed}\n",
        ),
    ),
    Code(
        code="FO303",
        title="a loop that nothing bounds",
        meaning=(
            "There is a loop whose every way may be taken again and again. That it also has a way"
            " out is not enough: whether that is taken is for a model or a person to say, every"
            " time. Give one way of the loop `at_most: N`: used up, it does not match, and the next"
            " rule is tried. `else` and `otherwise` are the last resort and take none. A person who"
            " may retry whenever a step fails closes a loop, too."
        ),
        example=in_plan(
            "to: outline}\n      - {else: rejected}",
            "to: outline, at_most: 2}\n      - {else: rejected}",
        ),
    ),
    Code(
        code="FO304",
        title="no way leads from here to an end",
        meaning=(
            "Whoever gets here never comes out: every way from here leads back or around, none to a"
            " declared end."
        ),
        example=in_plan(
            "      - {when: \"decision.verdict == 'reject'\", to: think}\n"
            "      - {else: rejected}\n"
            "  think:\n    gate: editor\n    shows: [outline]\n    writes: decision\n"
            "    deadline: 24h\n    on_deadline: {to: think}\n    next: think\n",
            "      - {when: \"decision.verdict == 'reject'\", to: outline, at_most: 2}\n"
            "      - {else: rejected}\n",
        ),
    ),
    Code(
        code="FO305",
        title="a stale value is read",
        meaning=(
            "On some path a slot is read whose value is no longer about what the other slots hold:"
            " a report about a draft that has since been edited, an outline made from evidence that"
            " has since been searched anew. A value goes stale when what it is about is replaced,"
            " or when something it was made from, directly or not, is replaced without regard to"
            " it. Lead the path through the step that writes it anew; let the step that replaces"
            " the other read it; or, where the old value is meant, read"
            " `{slot: claims, stale: allowed}`. An input marked `?` gets None instead."
        ),
        example=in_letter(
            "      - {when: \"decision.verdict == 'edited'\", to: publish}\n",
            "      - {when: \"decision.verdict == 'edited'\", to: fact_check, at_most: 2}\n",
        ),
    ),
    Code(
        code="FO306",
        title="something is published that nobody vouches for",
        meaning=(
            "A step with an effect outside publishes a value, and on some path nobody has vouched"
            " for that very version: no verifier with a good report about it, and no person who"
            " approved it at a gate, or made it there by an edit. What was vouched for before a"
            " revision does not count for what came of it."
        ),
        example=in_letter(
            "      - {when: \"decision.verdict != 'edited'\", to: publish}\n",
            "      - {when: \"decision.verdict == 'approve'\", to: publish}\n",
        ),
    ),
    Code(
        code="FO307",
        title="a rule that no run ever takes",
        meaning=(
            "Whatever agents and people answer, this rule never gets its turn and holds: an earlier"
            " rule takes all that it would take, its parts contradict each other, the contract does"
            " not allow such a value, or what led here leaves none; the message says which. It"
            " looks as if something were handled that is not."
        ),
        example=in_plan(
            '      - {when: "len(evidence.items) > 24", to: no_sources}\n',
            '      - {when: "len(evidence.items) == 0", to: no_sources}\n',
        ),
    ),
    Code(
        code="FO308",
        title="not decided: too many states",
        meaning=(
            "The check follows every combination of the fields that rules still look at and of the"
            " loops' counts. This flow has more of them than are followed, so nothing is known"
            " about it, and what is not known to be safe does not run. Let fewer rules look at"
            " fields far from where they are written, lower `at_most`, or split the flow."
        ),
        example=in_plan(
            _MANY_RULES,
            "      - {when: \"decision.verdict == 'reject'\", to: outline, at_most: 2}\n",
        ),
    ),
    Code(
        code="FO401",
        title="the worst case is above the budget",
        severity=Severity.NOTE,
        meaning=(
            "If every fan-out is as wide as it may be, every loop is taken as often as it may be"
            " and every answer is repaired as often as it may be, a run would need more calls,"
            " tokens or money than the budget has. The budget is the hard bound and holds in any"
            " case: such a run fails with `over_budget`, for which there is a plan. The note names"
            " the steps that need most."
        ),
        example=in_plan("budget: {model_calls: 2,", "budget: {model_calls: 50,"),
    ),
    Code(
        code="FO402",
        title="nobody knows the price of a model, and money is bounded",
        severity=Severity.NOTE,
        meaning=(
            "The budget bounds money, but the price list does not know the model that a setting"
            " names, so its calls are counted as unpriced and never as free. What such a run may"
            " spend is bounded by calls and tokens alone. Use a model that the list knows, or bound"
            " calls and tokens as if the money did not count."
        ),
        example=in_plan(
            "usd: 5.00, working_time: 30m} # ORCHESTRA_MODEL=house-model, of unknown price\n",
            "usd: 5.00, working_time: 30m}\n",
        ),
    ),
)
