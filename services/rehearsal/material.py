"""Sample inputs by contract, and the corpora that they name: what comes with the program."""

from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import JsonValue
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from contracts.compiled import CompiledFlow
from contracts.content.evidence import Source
from services.errors import InputInvalidError, NotFoundError, StorageError
from services.retrieval.base import Document, Passage, Retriever
from services.retrieval.documents import read_documents
from services.retrieval.in_process import InProcessCorpora

Inputs = Mapping[str, dict[str, JsonValue]]
"""Inputs of a flow by a name for each, the plainest first."""


def inputs_of(flow: CompiledFlow) -> Inputs:
    """Find samples for every input of a flow; each contract's are tried in turn.

    Raises:
        NotFoundError: there is no sample of one of its contracts.
    """
    by_slot = {slot: _samples(flow.slots[slot]) for slot in flow.input}
    lacking = [flow.slots[slot] for slot, found in by_slot.items() if not found]
    if lacking:
        raise NotFoundError(
            f"there is no sample of {', '.join(lacking)}; give an input with --input FILE"
        )
    names = dict.fromkeys(name for found in by_slot.values() for name in found)
    return {
        name: {slot: found.get(name, next(iter(found.values()))) for slot, found in by_slot.items()}
        for name in names
    }


def remembered_by(flow: CompiledFlow) -> dict[str, dict[str, JsonValue]]:
    """Find a sample for every entry of long-term memory that a flow reads, by slot.

    Of an entry that a run may start without there need not be any.

    Raises:
        NotFoundError: there is no sample of one that it cannot do without.
    """
    by_slot = {slot: _samples(kept.contract) for slot, kept in flow.memory.items()}
    lacking = [
        kept.contract
        for slot, kept in flow.memory.items()
        if not by_slot[slot] and not kept.optional
    ]
    if lacking:
        raise NotFoundError(
            f"there is no sample of {', '.join(lacking)} to put into long-term memory; a flow that"
            " shall be rehearsed reads it as `optional: true`, or something there is a sample of"
        )
    return {slot: next(iter(found.values())) for slot, found in by_slot.items() if found}


def read_input_file(path: Path) -> Inputs:
    """Read one input from a YAML or JSON file.

    Raises:
        StorageError: it cannot be read.
        InputInvalidError: it is no mapping.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    return {path.stem: _parsed(text, str(path))}


class Library:
    """Implements `Retriever` over corpora that do not change: the same search is made once."""

    def __init__(self, corpora: Retriever) -> None:
        self._corpora = corpora
        self._found: dict[tuple[str, str, int], tuple[Passage, ...]] = {}

    async def search(self, corpus: str, query: str, limit: int) -> tuple[Passage, ...]:
        """See `Retriever.search`."""
        asked = (corpus, query, limit)
        if asked not in self._found:
            self._found[asked] = await self._corpora.search(corpus, query, limit)
        return self._found[asked]

    async def sources(self, corpus: str) -> tuple[Source, ...]:
        """See `Retriever.sources`."""
        return await self._corpora.sources(corpus)

    async def document(self, corpus: str, document_id: str) -> Document:
        """See `Retriever.document`."""
        return await self._corpora.document(corpus, document_id)


async def corpora(folder: Path | None = None) -> Library:
    """Keep the shipped corpora in this process, and one more for each folder in a folder.

    Raises:
        StorageError: the folder cannot be read.
    """
    kept = InProcessCorpora()
    with resources.as_file(_shipped("corpora")) as shipped:
        for each in (shipped, folder):
            for name, path in _folders(each):
                await kept.add(name, read_documents(path).documents)
    return Library(kept)


def _folders(folder: Path | None) -> Iterator[tuple[str, Path]]:
    if folder is None:
        return
    try:
        found = sorted(each for each in folder.iterdir() if each.is_dir())
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {error.strerror}") from error
    yield from ((each.name, each) for each in found)


def _samples(contract: str) -> dict[str, dict[str, JsonValue]]:
    folder = _shipped("inputs").joinpath(contract)
    if not folder.is_dir():
        return {}
    files = sorted((each for each in folder.iterdir()), key=lambda each: each.name)
    return {
        each.name.removesuffix(".yaml"): _parsed(each.read_text("utf-8"), each.name)
        for each in files
        if each.name.endswith(".yaml")
    }


def _shipped(kind: str) -> Traversable:
    return resources.files("services.rehearsal").joinpath("samples").joinpath(kind)


def _parsed(text: str, name: str) -> dict[str, JsonValue]:
    try:
        data = YAML(typ="safe").load(text)
    except YAMLError as error:
        raise InputInvalidError(f"{name} is neither YAML nor JSON") from error
    if not isinstance(data, dict):
        raise InputInvalidError(f"{name} holds no input; give a mapping of its fields")
    return data
