"""The flows that this installation offers: the shipped ones and those of a mounted folder."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from contracts.base import digest
from contracts.compiled import CompiledFlow
from contracts.reference import Value
from services.errors import FlowInvalidError, NotFoundError
from services.flows.compile import Catalogue, sound
from services.flows.document import FlowFile, declared_name, read_text
from services.flows.examining import name_taken
from services.flows.file_text import stored_text
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
    shelf = Shelf({}, {}, {})
    for file in shipped():
        _offer(shelf, file, catalogue)
    for path in flow_files(folder) if folder else ():
        text = ""
        try:
            text = stored_text(path, path.name)
            _offer(shelf, read_text(path.name, text), catalogue)
        except FlowInvalidError as error:
            shelf.refuse(path.stem, text, error)
    return shelf


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


def _offer(shelf: Shelf, file: FlowFile, catalogue: Catalogue) -> None:
    inspection = sound(file, catalogue)
    compiled = inspection.flow
    if compiled.name in shelf.flows:
        earlier = shelf.files[compiled.name].text.name
        raise file.text.refusal([name_taken(compiled.name, earlier)])
    shelf.flows[compiled.name] = compiled
    shelf.files[compiled.name] = file
    shelf.worst_cases[compiled.name] = inspection.worst_case
