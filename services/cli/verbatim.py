"""Checks by code that a published text says nothing that its sources do not say word for word."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from services.cli.facts import mapping, mappings
from services.publishing.markdown import escape
from services.retrieval.base import Document


@dataclass(frozen=True)
class Verbatim:
    """What the check of one text found."""

    sentences: int
    faults: tuple[str, ...] = ()
    """Each with the sentence it is about."""

    @property
    def is_true(self) -> bool:
        """Whether there are sentences, and each is found where it has to be."""
        return self.sentences > 0 and not self.faults


def sentences_of(draft: JsonValue) -> list[str]:
    """List the sentences of a draft in order."""
    return [
        str(sentence.get("text"))
        for section in mappings(mapping(draft).get("sections"))
        for sentence in mappings(section.get("sentences"))
    ]


def check(
    draft: JsonValue, publication: JsonValue, documents: Sequence[Document], folder: Path
) -> Verbatim:
    """Hold every sentence against the documents, and against the published file.

    Args:
        draft: what was published, as the run keeps it.
        publication: where, and the digest of the bytes.
        documents: the corpus, as it is stored.
        folder: where texts are published on this machine.
    """
    sentences = sentences_of(draft)
    faults = [
        f"in no document of the corpus: {sentence}"
        for sentence in sentences
        if not any(sentence in document.text for document in documents)
    ]
    return Verbatim(len(sentences), (*faults, *_missing(sentences, publication, folder)))


def _missing(sentences: Sequence[str], publication: JsonValue, folder: Path) -> list[str]:
    told = mapping(publication)
    try:
        stored = (folder / str(told.get("where"))).read_bytes()
    except OSError as error:
        return [f"the published file cannot be read: {error.strerror}"]
    if hashlib.sha256(stored).hexdigest() != told.get("digest"):
        return ["the published file is not the one that the run has written"]
    text = stored.decode()
    return [f"not in the published file: {each}" for each in sentences if escape(each) not in text]
