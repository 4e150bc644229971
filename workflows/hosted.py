"""Every workflow that a worker hosts; whoever replays histories replays these."""

from typing import Final

from workflows.run_flow import RunFlow

WORKFLOWS: Final[tuple[type, ...]] = (RunFlow,)
