"""A check is quick enough to run on every save."""

import time

import pytest

from services.catalogue import catalogue
from services.flows.compile import inspect
from services.flows.document import FlowFile, read_text
from services.flows.shelf import shipped
from services.settings import Settings
from tests.large_flow import large_flow
from tests.toys import toy_catalogue

LARGE_SECONDS = 2.0
SHIPPED_SECONDS = 0.4
"""A tenth of the first and a quarter of the second were measured on two busy cores."""


def test_a_flow_of_sixty_steps_is_checked_within_two_seconds() -> None:
    """Five loops, failure edges, a dozen routed fields and two gates; and it is sound."""
    text, agents = large_flow()
    file, known = read_text("large.yaml", text), toy_catalogue(*agents)
    begun = time.perf_counter()

    findings = inspect(file, known).findings

    assert time.perf_counter() - begun < LARGE_SECONDS
    assert findings == ()


@pytest.mark.parametrize("flow", list(shipped()), ids=lambda each: each.text.name)
def test_a_shipped_flow_is_checked_within_two_fifths_of_a_second(flow: FlowFile) -> None:
    """The best of three, for another job may have had the core."""
    known = catalogue(Settings.from_environ({}))
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        inspect(flow, known)
        took.append(time.perf_counter() - begun)

    assert min(took) < SHIPPED_SECONDS
