"""The sample corpora and briefs that come with the checkout."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from services.errors import InputInvalidError, NotFoundError
from services.retrieval.base import Document
from services.retrieval.documents import Reading, read_documents, submitted_document

FOLDER: Final = Path(__file__).parents[2] / "deploy" / "samples"

BRIEFS: Final = ("hot-heap", "composting-without-a-garden", "clean-compost-bin", "warm-rooms")
"""Those of low risk, which are published without a person."""


def brief(name: str) -> Path:
    """Find a sample brief.

    Raises:
        NotFoundError: the samples are not here.
    """
    path = FOLDER / "briefs" / f"{name}.yaml"
    if not path.is_file():
        raise NotFoundError(
            f"there is no sample {path}; run the demo in a checkout, or name a brief with --brief"
        )
    return path


def corpora() -> dict[str, Reading]:
    """Read the sample corpora, by name; none where the samples are not here."""
    folder = FOLDER / "corpora"
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return {path.name: read_documents(path) for path in found if path.is_dir()}


def as_stored(reading: Reading) -> list[Document]:
    """Give documents as a corpus keeps them after they were sent to it."""
    return [submitted_document(each.title, each.text, each.uri) for each in reading.documents]


def corpus_of(data: Mapping[str, JsonValue]) -> str:
    """Tell which corpus a brief names.

    Raises:
        InputInvalidError: it names none.
    """
    name = data.get("corpus")
    if not isinstance(name, str):
        raise InputInvalidError("the brief names no corpus; add `corpus: NAME`")
    return name
