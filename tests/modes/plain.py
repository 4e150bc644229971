"""Runs a case on one of the two plain systems; a process that dies is started again."""

from collections.abc import Awaitable, Callable

from pydantic import ValidationError

from contracts.content.topic import Risk
from services.errors import StepError
from services.publishing.base import Publisher
from tests.modes.asking import Asking, StoppedError
from tests.modes.case import Case, Disturbance, Ending
from tests.modes.given import Research, research
from tests.modes.newsroom import Newsroom
from tests.modes.readers import Readers
from tests.modes.scripted import CaseModel

System = Callable[[Newsroom, Risk, Publisher], Awaitable[None]]

_LOSSES = (Disturbance.WORKER_LOST, Disturbance.LOST_AFTER_PUBLISHING)


class ProcessLostError(Exception):
    """Stands for the death of the process: nothing in it goes on."""


async def run_plain(case: Case, system: System) -> Ending:
    """Run a case in a process that keeps everything in its own memory."""
    model = CaseModel(case, _die if case.disturbance is Disturbance.WORKER_LOST else None)
    readers = Readers(_die if case.disturbance is Disturbance.LOST_AFTER_PUBLISHING else None)
    asking = Asking(model)
    try:
        found = await research(case)
        try:
            await _write(system, found, asking, readers)
        except ProcessLostError:
            await _write(system, found, asking, readers)
        why = ""
    except ValidationError as error:
        why = f"the brief was refused: {error.errors(include_url=False)[0]['msg']}"
    except (StoppedError, StepError) as error:
        why = str(error)
    return Ending(
        successful=not why,
        published=readers.got,
        why=why,
        rejected=asking.rejected,
        calls=model.calls,
        applied=model.applied or model.has_failed or readers.disturbed or bool(why),
    )


async def _write(system: System, found: Research, asking: Asking, readers: Readers) -> None:
    await system(Newsroom(found.brief, found.evidence, asking), found.risk, readers)


async def _die() -> None:
    raise ProcessLostError
