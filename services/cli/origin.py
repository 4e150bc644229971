"""Says where the answers of a stack come from."""

from services.settings import ModelSource
from services.stack.record import StackRecord

_SOURCES = {
    ModelSource.EMBEDDED: "the embedded model, which chooses among quotes",
    ModelSource.SCRIPTED: "code, which builds them from the sources (scripted)",
    ModelSource.ENDPOINT: "your endpoint",
}


def source_of_answers(record: StackRecord) -> str:
    """Say where answers come from, and why not from the embedded model."""
    source = _SOURCES[record.model.source]
    why = f"; the embedded model cannot run here: {record.model.reason}"
    return source + (why if record.model.reason else "")
