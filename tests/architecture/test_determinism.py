"""Nothing that runs inside a workflow can take another path on replay."""

from pathlib import Path

import pytest

from tests.architecture.determinism import functions_of_sets, violations

ROOT = Path(__file__).parents[2]
INSIDE = sorted(
    [*(ROOT / "workflows").rglob("*.py")]
    + [path for path in (ROOT / "contracts").rglob("*.py") if path.name != "schema_lock.py"]
)
"""The interpreter and all it may import; the schema lock is a command, and no run imports it."""


SETS = frozenset(name for path in INSIDE for name in functions_of_sets(path.read_text("utf-8")))


@pytest.mark.parametrize("path", INSIDE, ids=[str(path.relative_to(ROOT)) for path in INSIDE])
def test_code_inside_a_workflow_is_deterministic(path: Path) -> None:
    """No clock, no environment, no chance, no I/O, no order of a set, no state between runs."""
    assert violations(path.read_text("utf-8"), SETS) == []


def test_the_gate_knows_sets_of_other_modules() -> None:
    """A function that returns a set is known wherever it is called."""
    source = "from workflows.freshness import ancestors\nx = tuple(ancestors(v, p))"

    assert "ancestors" in SETS
    assert violations(source, SETS) == ["2: shows the order of a set; sort it"]


def test_the_gate_sees_the_interpreter() -> None:
    """The gate looks at the files that matter, or the test above would prove nothing."""
    names = {path.name for path in INSIDE}

    assert {"run_flow.py", "steps.py", "rules.py", "freshness.py", "facts.py"} <= names


PLANTED = [
    ("import time", "imports time"),
    ("import os", "imports os"),
    ("import random", "imports random"),
    ("import uuid", "imports uuid"),
    ("import secrets", "imports secrets"),
    ("import socket", "imports socket"),
    ("import threading", "imports threading"),
    ("import functools", "imports functools"),
    ("import httpx", "imports httpx"),
    ("import datetime as clock", "imports datetime"),
    ("from os import environ", "imports os"),
    ("from pathlib import Path", "imports pathlib"),
    ("from concurrent.futures import ThreadPoolExecutor", "imports concurrent.futures"),
    ("from datetime import datetime", "imports datetime.datetime"),
    ("from temporalio import client", "imports temporalio.client"),
    ("from temporalio.client import Client", "imports temporalio.client"),
    ("from services.settings import Settings", "imports services.settings"),
    ("from . import names", "imports by a relative path"),
    ("from asyncio import wait", "imports names of asyncio"),
    ("def f():\n    import time", "imports time"),
    ("import asyncio\nasync def f(t):\n    await asyncio.wait(t)", "uses asyncio.wait"),
    ("import asyncio\nx = asyncio.as_completed", "uses asyncio.as_completed"),
    ("import asyncio\nx = asyncio.to_thread", "uses asyncio.to_thread"),
    ("import asyncio\nx = asyncio.wait_for", "uses asyncio.wait_for"),
    ("x = open('f')", "uses open"),
    ("f = print", "uses print"),
    ("x = hash('a')", "uses hash"),
    ("x = id(object())", "uses id"),
    ("x = eval('1')", "uses eval"),
    ("with workflow.unsafe.sandbox_unrestricted():\n    pass", "uses sandbox_unrestricted"),
    ("x = workflow.unsafe.is_replaying()", "uses is_replaying"),
    ("for x in {1, 2}:\n    pass", "shows the order of a set"),
    ("for x in set(y):\n    pass", "shows the order of a set"),
    ("for x in frozenset(y) - z:\n    pass", "shows the order of a set"),
    ("for x in z | {a for a in y}:\n    pass", "shows the order of a set"),
    ("for x in set(y).union(z):\n    pass", "shows the order of a set"),
    ("for x in ({1} if y else ()):\n    pass", "shows the order of a set"),
    ("s = set(y)\nfor x in s:\n    pass", "shows the order of a set"),
    ("s: set[str] = make()\nx = [a for a in s]", "shows the order of a set"),
    ("def f(s: frozenset[str]):\n    return {a: 1 for a in s}", "shows the order of a set"),
    ("def f(s: set[str]):\n    return list(s)", "shows the order of a set"),
    ("def f(s: set[str]):\n    return tuple(a for a in s)", "shows the order of a set"),
    ("def f(s: set[str]):\n    return ', '.join(s)", "shows the order of a set"),
    ("def f(s: set[str]):\n    return [*s]", "shows the order of a set"),
    ("def f(s: set[str]):\n    return dict.fromkeys(s)", "shows the order of a set"),
    ("def f(s: set[str]):\n    return f'{s}'", "shows the order of a set"),
    ("def f(s: set[str]):\n    return enumerate(s)", "shows the order of a set"),
    ("def f(s: set[str]):\n    yield from s", "shows the order of a set"),
    ("def f(s: set[str]):\n    a, b = s", "unpacks a set"),
    ("def f(s: set[str]):\n    return s.pop()", "pops from a set"),
    ("def g() -> set[str]: ...\nfor x in g():\n    pass", "shows the order of a set"),
    (
        "class A:\n    s: set[str]\n    def f(self):\n        return list(self.s)",
        "shows the order of a set",
    ),
    (
        "class A:\n    def __init__(self):\n        self.s: set[str] = make()\n"
        "    def f(self):\n        return list(self.s)",
        "shows the order of a set",
    ),
    ("cache = {}", "holds a mutable container between runs"),
    ("seen: list[str] = []", "holds a mutable container between runs"),
    ("seen = set()", "holds a mutable container between runs"),
    ("from x import defaultdict\nn = defaultdict(int)", "holds a mutable container"),
    ("class A:\n    seen = []", "holds a mutable container between runs"),
    ("from typing import Final\nN: Final = {}\ndef f():\n    N['a'] = 1", "changes the module's N"),
    (
        "from typing import Final\nN: Final = []\ndef f():\n    N.append(1)",
        "changes the module's N",
    ),
    ("from typing import Final\nN: Final = {}\ndef f():\n    del N['a']", "changes the module's N"),
    ("n = 0\ndef f():\n    global n\n    n += 1", "changes global n"),
]


@pytest.mark.parametrize(("source", "what"), PLANTED, ids=[source[:50] for source, _ in PLANTED])
def test_the_gate_catches_what_is_planted(source: str, what: str) -> None:
    """Each kind of slip is found, at its line."""
    found = violations(source)

    assert any(what in each for each in found), found


INNOCENT = [
    "import asyncio\nasync def f(t):\n    await asyncio.gather(*t)",
    "from datetime import timedelta",
    "from collections.abc import Mapping",
    "for x in sorted({1, 2}):\n    pass",
    "for x in [1, 2]:\n    pass",
    "for x in {'a': 1}:\n    pass",
    "def f():\n    return {a for a in {1, 2}}",
    "def f():\n    return {*{1}, *{2}}",
    "x = any(a for a in {1, 2})",
    "x = len({1}) + max({1})",
    "x = 1 in {1, 2}",
    "def f():\n    s = set(y)\n    s = sorted(s)\n    for x in s:\n        pass",
    "def f(s: list[str]):\n    return list(s)",
    "from typing import Final\nN: Final = {'a': 1}\nx = N['a']",
    "N = frozenset({'a'})",
    "N = ('a', 'b')",
    "def f():\n    found = []\n    found.append(1)\n    return found",
    "Known = dict[str, int]",
    "x = a - b",
]


@pytest.mark.parametrize("source", INNOCENT)
def test_the_gate_lets_honest_code_pass(source: str) -> None:
    """What is the same on every machine is not complained of."""
    assert violations(source) == []
