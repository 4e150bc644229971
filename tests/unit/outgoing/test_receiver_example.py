"""The receiver's side in docs/webhooks.md works as it stands."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.outgoing.signature import new_secret, signed_headers
from workflows.deliver import PAUSES

PAGE = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text("utf-8")
Verify = Callable[[str, dict[str, str], bytes], bool]


@pytest.fixture
def is_ours() -> Verify:
    """The function of the page."""
    program = PAGE.split("```python\n")[1].split("```")[0]
    found: dict[str, Any] = {}
    exec(compile(program, "docs/webhooks.md", "exec"), found)
    verify: Verify = found["is_ours"]
    return verify


def test_the_example_takes_what_we_sign(is_ours: Verify) -> None:
    """With either of two secrets while one is replaced."""
    old, new = new_secret(), new_secret()
    headers = signed_headers([new, old], "msg_1", int(time.time()), b"{}")

    assert is_ours(old, headers, b"{}")
    assert is_ours(new, headers, b"{}")


def test_the_example_takes_nothing_else(is_ours: Verify) -> None:
    """Another secret, another body, another id, an old post."""
    secret, now = new_secret(), int(time.time())
    headers = signed_headers([secret], "msg_1", now, b"{}")
    old = signed_headers([secret], "msg_1", now - 301, b"{}")

    assert not is_ours(new_secret(), headers, b"{}")
    assert not is_ours(secret, headers, b"{ }")
    assert not is_ours(secret, headers | {"webhook-id": "msg_2"}, b"{}")
    assert not is_ours(secret, old, b"{}")


def test_the_page_tells_how_long_is_tried() -> None:
    """About three days, in the pauses that deliveries make."""
    hours, rest = divmod(sum(PAUSES), 3600)

    assert f"{hours} hours and {rest // 60} minutes in all" in PAGE.replace("\n", " ")
