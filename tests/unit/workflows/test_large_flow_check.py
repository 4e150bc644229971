"""A large flow whose every step may fail in ways of its own is still checked while one waits."""

import time

from services.flows.compile import inspect
from services.flows.document import read_text
from tests.large_flow import large_flow
from tests.toys import toy_catalogue

SECONDS = 6.0
"""Three times what an author would wait for; a twentieth of it was measured on two busy cores."""

HELP = """  help:
    gate: operator
    answers: failure
    allow: [retry, supply, stop]
    stop: failed
    deadline: 1h
    on_deadline: {to: failed}
ends:
"""


def test_failures_that_are_counted_at_every_step_cost_little_time() -> None:
    """Sixty steps, each of which asks people in two counted ways and ends the run in a third."""
    text, agents = large_flow()
    planned = "empty: {then: help, at_most: 1}\n  refused: {then: help, at_most: 2}\n  otherwise:"
    text = text.replace("otherwise:", planned, 1).replace("ends:\n", HELP)
    text = text.replace("on_failure: {}", "on_failure: {truncated: {then: late}}")
    file, known = read_text("large.yaml", text), toy_catalogue(*agents)
    begun = time.perf_counter()

    found = inspect(file, known)

    assert time.perf_counter() - begun < SECONDS
    assert found.findings == ()
    assert found.states > 500
