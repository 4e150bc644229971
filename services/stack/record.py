"""What a running stack writes down, so that any other process can find, show and end it."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.errors import StorageError
from services.settings import ModelSource
from services.stack import folder
from services.stack.identity import ProcessIdentity


class Phase(StrEnum):
    """How far a stack has come."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    FAILED = "failed"
    """It has stopped itself; `failure` says why."""


class ModelChoice(BaseModel):
    """Where answers come from in this stack, and why from there."""

    model_config = ConfigDict(frozen=True)

    source: ModelSource
    reason: str = ""
    """Why the embedded model is not used although nothing else was asked for; empty otherwise."""


class PartRecord(BaseModel):
    """One part as it runs."""

    model_config = ConfigDict(frozen=True)

    name: str
    address: str
    log: Path
    process: ProcessIdentity | None = None
    """The leader of its process group; None between two starts."""

    restarts: int = 0
    ready_seconds: float | None = None
    """How long its first start took; None until its probe was content."""


class StackRecord(BaseModel):
    """A stack: who runs it, what it consists of, how to reach it. It holds no secrets."""

    model_config = ConfigDict(frozen=True)

    supervisor: ProcessIdentity
    started_at: datetime
    phase: Phase
    failure: str = ""
    ready_seconds: float | None = None
    """How long the whole start took; None until everything works."""

    model: ModelChoice
    notes: tuple[str, ...] = ()
    """What differs from the defaults and why: ports that were taken, parts that are not ours."""

    environment: dict[str, str] = Field(default_factory=dict)
    """The `ORCHESTRA_*` and `OPENAI_*` values that lead to this stack."""

    parts: tuple[PartRecord, ...] = ()


def write_record(data_dir: Path, record: StackRecord) -> None:
    """Replace the record of the folder.

    Raises:
        StorageError: the folder cannot be written.
    """
    folder.replace(data_dir / folder.RECORD, record.model_dump_json(indent=2))


def read_record(data_dir: Path) -> StackRecord | None:
    """Read the last record of the folder, whether its stack still runs or not.

    Raises:
        StorageError: there is a file, but it cannot be read or is no record.
    """
    path = data_dir / folder.RECORD
    try:
        return StackRecord.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise StorageError(
            f"{path} cannot be read as the record of a stack; remove it when no stack runs"
        ) from error


def stack_state(data_dir: Path) -> StackRecord | None:
    """Give the record of the stack that runs or starts on this folder now, or None.

    Raises:
        StorageError: there is a record that cannot be read.
    """
    record = read_record(data_dir)
    return record if record and record.supervisor.is_alive() else None
