"""Writing to long-term memory from a run, and saying what became of what a run has pinned."""

from contracts.base import Contract
from contracts.compiled import CompiledFlow, CompiledRemember
from contracts.content.remembered import Remembered
from contracts.failure import FailureKind
from contracts.flow import REMEMBERED
from contracts.long_term import Act, MadeFrom, Provenance
from contracts.reference import Reference
from contracts.work import StepTask
from services.errors import ConflictError, ErasedError, StepError
from services.long_term.entries import LongTermMemory
from services.long_term.writing import Writing
from services.memory.memory import NotInMemoryError
from workflows.remembering import MEMORY


async def remember(
    entries: LongTermMemory, task: StepTask, into: CompiledRemember, value: Contract
) -> Remembered:
    """Write what a step was given as a new version of an entry.

    The visit names the writing, so a repeated attempt finds the version that the first one wrote.

    Raises:
        StepError: as a conflict when somebody else has changed the entry and no merge unites the
            two; as lost memory when the entry was erased.
        StorageError: the archive refuses.
        UnavailableError: the archive does not answer.
    """
    [held] = task.inputs[REMEMBERED]
    writing = Writing(
        entry=into.entry,
        value=value,
        provenance=_provenance(task, held),
        expected=task.follows,
        merge=into.merge,
        trust=held.trust,
        write=f"run/{task.run}/{task.step}/{task.visit}",
    )
    try:
        written = await entries.put(task.tenant, writing)
    except ErasedError as error:
        raise StepError(FailureKind.MEMORY_LOST, f"{error}; start a new run") from error
    except ConflictError as error:
        told = f"{error}; a new run reads the entry as it is"
        raise StepError(FailureKind.CONFLICT, told) from error
    is_merged = written.act is Act.MERGED
    return Remembered(
        entry=written.entry,
        version=written.version,
        digest=written.digest,
        contract=written.contract,
        merged=is_merged,
        follows=task.follows if is_merged else written.version,
    )


async def erased_meanwhile(
    entries: LongTermMemory, task: StepTask, flow: CompiledFlow, lost: NotInMemoryError
) -> StepError | None:
    """Say which of the values that are gone were erased; None when none was."""
    pinned = (
        flow.memory[each.slot].entry
        for references in task.inputs.values()
        for each in references
        if each.produced_by == MEMORY and each.slot in flow.memory and each.digest in lost.lost
    )
    for entry in pinned:
        if told := await entries.tombstone(task.tenant, entry, 0):
            message = f"{told}; this run worked with one of them: start a new run"
            return StepError(FailureKind.MEMORY_LOST, message)
    return None


def _provenance(task: StepTask, held: Reference) -> Provenance:
    return Provenance(
        run=task.run,
        step=task.step,
        visit=task.visit,
        made_from=(MadeFrom(name=held.version, contract=held.contract, digest=held.digest),),
    )
