"""Yesterday's runs take the same path today: recorded histories replay without a server."""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, WorkflowRunner

from services.payloads import data_converter
from services.temporal import sandbox_runner, workflow_runner
from workflows.course import GUARDED
from workflows.run_flow import RunFlow

HISTORIES = {
    f"{path.parent.name}/{path.stem}": path.read_text("utf-8")
    for path in sorted(Path(__file__).with_name("histories").glob("*/*.json"))
}


@pytest.mark.parametrize("runner", [sandbox_runner(), workflow_runner()], ids=["sandboxed", "bare"])
@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.guarantee("running-runs-keep-their-flow")
async def test_a_recorded_run_replays(name: str, runner: WorkflowRunner) -> None:
    """The interpreter of today issues the commands that the history of an older run recorded."""
    history = WorkflowHistory.from_json(name, HISTORIES[name])
    replayer = Replayer(
        workflows=[RunFlow], data_converter=data_converter(), workflow_runner=runner
    )

    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)

    assert result.replay_failure is None


@pytest.mark.guarantee("running-runs-keep-their-flow")
def test_there_are_histories_to_replay() -> None:
    """Every level of borders that runs have guarded is there, or the test would prove nothing."""
    levels = {name.partition("/")[0] for name in HISTORIES}

    assert levels == {f"borders_{level}" for level in range(1, GUARDED + 1)}
    assert len(HISTORIES) >= 8 * GUARDED
