"""Every workflow that a worker hosts; whoever replays histories replays these."""

from typing import Final

from workflows.batch import Batch
from workflows.deliver import Deliver
from workflows.launch import Launch
from workflows.run_flow import RunFlow
from workflows.subject import Subject

WORKFLOWS: Final[tuple[type, ...]] = (RunFlow, Deliver, Launch, Batch, Subject)
