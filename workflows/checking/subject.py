"""Whether a flow reads the subject of its runs from a field that every input has."""

from collections.abc import Iterator

from contracts.flow import FlowDocument
from contracts.registry import Registry
from workflows.checking.finding import Finding
from workflows.checking.names import unknown
from workflows.checking.types import PathError, scalar_at


def check_subject(document: FlowDocument, registry: Registry) -> Iterator[Finding]:
    """Find a subject that is no text or number of an input."""
    if not document.subject:
        return
    slot, _, path = document.subject.partition(".")
    if slot not in document.input:
        yield unknown("FO250", ("subject",), slot, document.input, "input")
        return
    contract = registry.contracts.get(document.input[slot])
    if contract is None:
        return
    try:
        scalar_at(contract, path)
    except PathError as error:
        yield Finding(
            code="FO250",
            place=("subject",),
            message=str(error),
            remedy="Name a field of the input that is always there, a text or a number.",
        )
