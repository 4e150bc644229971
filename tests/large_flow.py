"""A flow of sixty steps: five loops, failure edges, a dozen routed fields, two gates."""

from typing import Final

from contracts.agent import AgentDeclaration
from tests.toys import HEAD, Note, toy

STEPS: Final = 60
LOOPS: Final = 5
ROUTED: Final = 12
_BLOCK: Final = STEPS // ROUTED


def large_flow() -> tuple[str, tuple[AgentDeclaration, ...]]:
    """Write the flow and declare the agents that it names.

    Every fifth step routes on its own score and those of the two routed before; every twelfth goes
    back three steps, at most three times; steps in between may fail forward.
    """
    slots = {f"v{at}": "Note@1" for at in range(STEPS)} | {"d0": "Decision@1", "d1": "Decision@1"}
    steps = "".join(_step(at) for at in range(STEPS)) + _gate(0, 20) + _gate(1, 40)
    text = f"""{HEAD}
slots: {{{", ".join(f"{name}: {kind}" for name, kind in slots.items())}}}
start: s0
steps:
{steps}ends:
  done: {{outcome: succeeded, output: v{STEPS - 1}}}
  failed: {{outcome: failed}}
  late: {{outcome: expired}}
"""
    return text, tuple(_agent(at) for at in range(STEPS))


def _agent(at: int) -> AgentDeclaration:
    reads = _reads(at)
    receives = {"receives": dict.fromkeys(reads, "Note@1"), "optional": tuple(reads[1:])}
    return toy(f"a{at}", lambda given: Note()).declaration.model_copy(update=receives)


def _reads(at: int) -> list[str]:
    return ["start", *(f"v{before}" for before in (at - 1, at - 7) if before >= 0)]


def _step(at: int) -> str:
    reads = ", ".join(["start", *(f'"{name}?"' for name in _reads(at)[1:])])
    skips = at % 3 == 1 and at + 2 < STEPS and not (_is_routed(at) or _is_routed(at + 1))
    plan = f"{{refused: {{then: s{at + 2}}}}}" if skips else "{}"
    return f"""  s{at}:
    agent: a{at}
    reads: [{reads}]
    writes: v{at}
    on_failure: {plan}
    next:
{_rules(at)}"""


def _rules(at: int) -> str:
    after = f"s{at + 1}" if at + 1 < STEPS else "done"
    rules = []
    if at % (STEPS // LOOPS) == STEPS // LOOPS - 1:
        rules.append(f'{{when: "v{at}.score > 80", to: s{at - 3}, at_most: 3}}')
    if at in (19, 39):
        rules.append(f'{{when: "v{at}.score < 10", to: gate{at // 20}}}')
    if _is_routed(at):
        rules.append(f'{{when: "{_condition(at)}", to: {_ahead(at)}}}')
    return "".join(f"      - {rule}\n" for rule in [*rules, f"{{else: {after}}}"])


def _is_routed(at: int) -> bool:
    return at % _BLOCK == _BLOCK - 1


def _condition(at: int) -> str:
    """Look at this step's score and at those of the two routed steps before."""
    read = [before for before in (at, at - _BLOCK, at - 2 * _BLOCK) if before >= 0]
    return " and ".join(f"v{before}.score < {30 + before}" for before in read)


def _ahead(at: int) -> str:
    return f"s{at + 2}" if at + 2 < STEPS else "failed"


def _gate(number: int, goes_on: int) -> str:
    return f"""  gate{number}:
    gate: editor
    shows: [start]
    writes: d{number}
    deadline: 1h
    on_deadline: {{to: late}}
    next:
      - {{when: "d{number}.verdict == 'approve'", to: s{goes_on}}}
      - {{else: failed}}
"""
