"""Every error of ours, named by what happened, grouped by who acts next.

FlowError
├── CallerError                     the caller changes the request
│   ├── InputInvalidError               a brief, decision or filter does not fit; lists each place
│   │   └── AddressRefusedError             a URL leads where nothing may be sent, or nowhere
│   ├── NotFoundError                   no such flow, run, gate, corpus or value
│   │   └── ErasedError                     somebody had it erased; tells who and when
│   ├── ConflictError                   the thing moved on: decided, ended, another digest shown
│   │   └── VersionConflictError            a memory entry has a newer version; tells which
│   └── IdempotencyMismatchError        the same key came with another body
├── AuthorError                     the author of a flow, prompt or agent mends the file
│   └── FlowInvalidError                the checker's findings, each with its line
├── OperatorError                   the operator mends the environment
│   ├── SettingsError                   a setting is missing or wrong
│   ├── UnsafeMemoryError               the store may evict, so it could forget silently
│   ├── OrphanedRunsError               open runs need agents that this build has no more
│   ├── StorageError                    a disk or folder cannot be written
│   └── UnavailableError                a part does not answer: Temporal, memory, model, worker
└── StepError                       a step failed; its kind decides what the flow does
    ├── AnswerRejectedError             a model's answer failed a check and may be repaired
    └── ForgottenError                  an endpoint no longer knows a response that it was asked for
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from contracts.failure import FailureKind
from contracts.usage import Usage

if TYPE_CHECKING:
    from workflows.checking.located import LocatedFinding


class FlowError(Exception):
    """Nothing of ours is raised outside this tree. The message names the thing and the remedy."""


class CallerError(FlowError):
    """Trying again unchanged cannot help; the caller changes the request."""


class Problem:
    """One place in an input and what is wrong there."""

    def __init__(self, pointer: str, message: str) -> None:
        self.pointer = pointer
        """A JSON pointer (RFC 6901) into the input, `/words/min`, or empty for the whole."""

        self.message = message


class InputInvalidError(CallerError):
    """An input does not fit its contract or contradicts itself."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class AddressRefusedError(InputInvalidError):
    """A URL is none, is not found, or leads into a private network."""


class NotFoundError(CallerError):
    """There is no such flow, run, gate, corpus, document or value."""


class ErasedError(NotFoundError):
    """An entry of long-term memory was erased, with all of its versions."""


class ConflictError(CallerError):
    """The thing is not in the state that the request assumes."""


class VersionConflictError(ConflictError):
    """Somebody else changed an entry of long-term memory, and no merge unites the two."""

    def __init__(self, message: str, current: int) -> None:
        super().__init__(message)
        self.current = current
        """The version that the entry has now; 0 when there is none."""


class IdempotencyMismatchError(CallerError):
    """An idempotency key was used before with another body."""


class AuthorError(FlowError):
    """A file that somebody wrote has to change."""


class FlowInvalidError(AuthorError):
    """A flow file is not a flow, or cannot be proved safe to run; the message tells why."""

    def __init__(self, message: str, findings: Sequence["LocatedFinding"] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)
        """The same as data, by line."""


class OperatorError(FlowError):
    """The environment has to change."""


class SettingsError(OperatorError):
    """Settings are missing or wrong; all problems are named at once."""


class UnsafeMemoryError(OperatorError):
    """The memory server is set to evict keys or to forget on restart."""


class OrphanedRunsError(OperatorError):
    """Open runs need agents or contracts that this build lacks; the message lists them."""


class StorageError(OperatorError):
    """A folder or disk cannot be read or written: full, read-only, missing."""


class UnavailableError(OperatorError):
    """A part of the system does not answer. Safe to try again later."""


class StepError(FlowError):
    """A step cannot produce its value; `kind` decides what happens next."""

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        reasons: Sequence[str] = (),
        retry_after: timedelta | None = None,
        usage: Usage | None = None,
        quarantined: str = "",
        endpoint_down: bool = False,
        may_have_paid: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.reasons = tuple(reasons)
        self.retry_after = retry_after
        """How long the provider asks to wait, where it says so."""

        self.usage = usage or Usage()
        self.quarantined = quarantined
        self.endpoint_down = endpoint_down
        """Whether the model's breaker is open: nothing was sent, and another model may do now."""

        self.may_have_paid = may_have_paid
        """Whether the provider may have done the work, at a cost that nobody has told."""


class AnswerRejectedError(StepError):
    """An answer failed a check; the reasons are shown to the model when it is asked again."""


class ForgottenError(StepError):
    """What was asked for in the background is gone; it may have been paid. Asking anew can help."""
