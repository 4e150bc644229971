"""How the program ends: by the outcome of a run, or by who acts next on an error."""

from enum import IntEnum

from contracts.run import RunStatus
from services.errors import AuthorError, CallerError, FlowError, OperatorError
from services.stack.exit_codes import ENVIRONMENT_UNFIT


class ExitCode(IntEnum):
    """What a script can tell from the way the program ends."""

    OK = 0
    """Done; a run succeeded."""

    FINDINGS = 1
    """A flow file, or another file that somebody wrote, has to change."""

    USAGE = 2
    """The command line is wrong."""

    UNAVAILABLE = 3
    """The environment has to change: a part does not answer, a setting is wrong."""

    CALLER = 4
    """The request has to change: unknown run, unfit input, a decision about something else."""

    REJECTED = 10
    FAILED = 11
    EXPIRED = 12
    CANCELLED = 13
    WAITS_FOR_PERSON = 14
    """The run goes on; it was watched until a gate opened."""

    BUG = 70
    """Something unexpected (EX_SOFTWARE)."""

    ENVIRONMENT_UNFIT = ENVIRONMENT_UNFIT
    """A process cannot run at all with these settings; starting it again is useless."""

    INTERRUPTED = 130
    """Ctrl-C."""


_OUTCOMES = {
    RunStatus.SUCCEEDED: ExitCode.OK,
    RunStatus.REJECTED: ExitCode.REJECTED,
    RunStatus.FAILED: ExitCode.FAILED,
    RunStatus.EXPIRED: ExitCode.EXPIRED,
    RunStatus.CANCELLED: ExitCode.CANCELLED,
    RunStatus.INPUT_REQUIRED: ExitCode.WAITS_FOR_PERSON,
}


def of_status(status: RunStatus) -> ExitCode:
    """Say how a command ends that has watched a run come to this."""
    return _OUTCOMES.get(status, ExitCode.OK)


def of_batch(status: str) -> ExitCode:
    """Say how a command ends that has watched a batch come to this."""
    return {"failed": ExitCode.FAILED, "cancelled": ExitCode.CANCELLED}.get(status, ExitCode.OK)


def of_error(error: Exception) -> ExitCode:
    """Say how a command ends that an error has stopped."""
    match error:
        case OperatorError():
            return ExitCode.UNAVAILABLE
        case CallerError():
            return ExitCode.CALLER
        case AuthorError():
            return ExitCode.FINDINGS
        case FlowError():
            return ExitCode.FAILED
        case _:
            return ExitCode.BUG
