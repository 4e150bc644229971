"""How Temporal is told, and tells again, which run another one goes on from."""

from typing import Final

from pydantic import JsonValue
from temporalio.client import WorkflowExecution

from contracts.compiled import CompiledFlow
from contracts.origin import Origin
from contracts.work import RunStart

_MEMO: Final = "origin"


def origin_memo(origin: Origin | None) -> dict[str, JsonValue]:
    """Write the memo of a run; nothing for one that goes on from none."""
    return {_MEMO: origin.model_dump(mode="json")} if origin else {}


async def origin_of(execution: WorkflowExecution) -> Origin | None:
    """Read it from an entry of Temporal's list; None for a run that goes on from none."""
    if _MEMO not in execution.raw_info.memo.fields:
        return None
    return Origin.model_validate(await execution.memo_value(_MEMO), strict=False)


def headline(start: RunStart, flow: CompiledFlow) -> str:
    """Name a run in the Temporal UI."""
    told = f"{flow.name} version {flow.version}"
    origin = start.origin
    return f"{told}, {origin.how} of {origin.run} at {origin.place}" if origin else told
