"""What a run is about: said by the caller, or read from the input where the flow declares it."""

from collections.abc import Mapping

from pydantic import JsonValue

from contracts.base import Contract
from contracts.compiled import CompiledFlow
from contracts.double_start import DoubleStart
from services.errors import Problem
from services.runs.inputs import invalid
from workflows import names


def subject_of(
    flow: CompiledFlow,
    values: Mapping[str, Contract],
    subject: str = "",
    on_conflict: DoubleStart | None = None,
) -> tuple[str, DoubleStart]:
    """Say on which subject a run takes turns, as a digest, and how; no subject where it does not.

    What the caller says comes before what the flow declares. A subject alone means `refuse`.

    Raises:
        InputInvalidError: there should be turns, and nobody says on what.
    """
    text = subject or _declared(flow, values)
    wanted = on_conflict or (flow.double_start or DoubleStart.REFUSE if text else None)
    if wanted is None or wanted is DoubleStart.ALLOW:
        return "", DoubleStart.ALLOW
    if not text.strip():
        told = f"say what the run is about; flow {flow.name} does not read it from the input"
        raise invalid("the run has no subject", [Problem("/subject", told)])
    return names.subject_key(flow.name, text), wanted


def _declared(flow: CompiledFlow, values: Mapping[str, Contract]) -> str:
    """Read the field that the flow names; a field of another type than text or number has none."""
    slot, _, path = flow.subject.partition(".")
    if slot not in values:
        return ""
    found: JsonValue = values[slot].model_dump(mode="json")
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return str(found) if isinstance(found, str | int | float) else ""
