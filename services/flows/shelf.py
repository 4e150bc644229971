"""The flows that this installation offers: the shipped ones and those of a mounted folder."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from contracts.base import digest
from contracts.compiled import CompiledFlow
from contracts.reference import Value
from services.errors import FlowInvalidError, NotFoundError
from services.flows.compile import sound
from services.flows.document import FlowFile, declared_name, read_text
from services.flows.examining import name_taken
from services.flows.file_text import stored_text
from services.flows.resolving import Catalogue, CircleError
from workflows.checking.located import LocatedFinding
from workflows.checking.worst_case import WorstCase


@dataclass(frozen=True)
class Shelf:
    """Compiled flows by name, and what is wrong with those that are not offered."""

    flows: dict[str, CompiledFlow]
    files: dict[str, FlowFile]
    refused: dict[str, str]
    """Why, by file name."""

    refused_findings: dict[str, tuple[LocatedFinding, ...]] = field(default_factory=dict)
    """The same as data."""

    worst_cases: dict[str, WorstCase] = field(default_factory=dict)
    """What no run of a flow can exceed, by name."""

    _declared: dict[str, list[str]] = field(default_factory=dict)
    """Which refused files, as `refused` names them, say that they declare a flow; by its name."""

    _carried: dict[str, tuple[Value, bytes]] = field(default_factory=dict)

    def carried(self, flow: CompiledFlow) -> tuple[Value, bytes]:
        """Serialise a flow as its runs carry it; once, for flows on the shelf do not change."""
        if flow.name not in self._carried:
            body = flow.encode()
            value = Value(digest=digest(body), size=len(body), body=body.decode())
            self._carried[flow.name] = value, body
        return self._carried[flow.name]

    def refuse(self, file: str, text: str, error: FlowInvalidError) -> None:
        """Keep why a file's flow is not offered.

        Args:
            file: its name without the ending.
            text: what it holds, as far as it could be read.
            error: what is wrong with it.
        """
        self.refused[file] = str(error)
        self.refused_findings[file] = error.findings
        if declared := declared_name(text):
            self._declared.setdefault(declared, []).append(file)

    def get(self, name: str) -> CompiledFlow:
        """Find a flow.

        Raises:
            NotFoundError: there is none of that name, or the file that declares it has findings.
        """
        if name in self.flows:
            return self.flows[name]
        if files := self._declared.get(name) or [each for each in self.refused if each == name]:
            why = "\n".join(self.refused[each] for each in files)
            raise NotFoundError(f"flow {name!r} is not offered:\n{why}")
        known = ", ".join(sorted(self.flows)) or "none"
        raise NotFoundError(f"there is no flow {name!r}; there are: {known}")


def load(catalogue: Catalogue, folder: Path | None = None) -> Shelf:
    """Load the shipped flows and those of a folder; a flow with findings is never offered.

    Raises:
        FlowInvalidError: a shipped flow has findings, or two files declare one name.
    """
    loading = _Loading(catalogue)
    for file in shipped():
        loading.add(file)
    loading.compile_all()
    for path in flow_files(folder) if folder else ():
        text = ""
        try:
            text = stored_text(path, path.name)
            loading.add(read_text(path.name, text))
        except FlowInvalidError as error:
            loading.shelf.refuse(path.stem, text, error)
    loading.compile_rest()
    return loading.shelf


def flow_files(folder: Path) -> list[Path]:
    """List the flow files of a folder, not of the folders in it, by name."""
    return sorted(path for ending in ("yaml", "yml") for path in folder.glob(f"*.{ending}"))


def shipped() -> Iterable[FlowFile]:
    """Read the flow files that come with the program."""
    for entry in shipped_files():
        yield read_text(entry.name, entry.read_text("utf-8"))


def shipped_files() -> list[Traversable]:
    """List the flow files that come with the program, by name."""
    folder = resources.files("workflows").joinpath("flows")
    found = (entry for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return sorted(found, key=lambda each: each.name)


class _Loading:
    """Compiles flows, those before that do the work of others' steps."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.shelf = Shelf({}, {}, {})
        self._catalogue = replace(catalogue, sub_flow=self._sub_flow)
        self._waiting: dict[str, FlowFile] = {}
        self._under_way: list[str] = []

    def add(self, file: FlowFile) -> None:
        """Take a file in.

        Raises:
            FlowInvalidError: another file declares the same flow.
        """
        name = file.document.flow
        earlier = self._waiting.get(name) or self.shelf.files.get(name)
        if earlier:
            raise file.text.refusal([name_taken(name, earlier.text.name)])
        self._waiting[name] = file

    def compile_all(self) -> None:
        """Compile what was added.

        Raises:
            FlowInvalidError: a flow has findings.
        """
        while self._waiting:
            self._compile(next(iter(self._waiting)))

    def compile_rest(self) -> None:
        """Compile what was added, and keep why a flow with findings is not offered."""
        while self._waiting:
            file = next(iter(self._waiting.values()))
            try:
                self._compile(file.document.flow)
            except FlowInvalidError as error:
                self._refuse(file, error)

    def _refuse(self, file: FlowFile, error: FlowInvalidError) -> None:
        self._waiting.pop(file.document.flow, None)
        text = "\n".join(file.text.rows)
        self.shelf.refuse(Path(file.text.name).stem, text, error)

    def _compile(self, name: str) -> CompiledFlow:
        file = self._waiting[name]
        self._under_way.append(name)
        try:
            inspection = sound(file, self._catalogue)
        finally:
            self._under_way.pop()
        # A flow may have been compiled meanwhile, as a part of one that it names itself.
        self._waiting.pop(name, None)
        self.shelf.flows[name] = inspection.flow
        self.shelf.files[name] = file
        self.shelf.worst_cases[name] = inspection.worst_case
        return inspection.flow

    def _sub_flow(self, name: str) -> CompiledFlow:
        if name in self._under_way:
            circle = self._under_way[self._under_way.index(name) :]
            raise CircleError((*circle, name))
        if name in self._waiting:
            file = self._waiting[name]
            try:
                return self._compile(name)
            except FlowInvalidError as error:
                self._refuse(file, error)
        return self.shelf.get(name)
