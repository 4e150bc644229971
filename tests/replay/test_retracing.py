"""What a run has told is enough to know what its interpreter knew, wherever it stood."""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from tests.retraced import borders_of

HISTORIES = {
    f"{path.parent.name}/{path.stem}": path.read_text("utf-8")
    for path in sorted(Path(__file__).with_name("histories").glob("*/*.json"))
}


@pytest.mark.parametrize("name", HISTORIES)
async def test_a_recorded_run_is_retraced(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every border the state that is rebuilt is the one that the interpreter had."""
    history = WorkflowHistory.from_json(name, HISTORIES[name])

    known, retraced = await borders_of(history, monkeypatch)

    assert retraced
    assert retraced == known
