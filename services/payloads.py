"""What crosses Temporal's border: values as payloads, errors as failures, and what is unreadable.

Whatever cannot be read fails its own run at once, and whatever is told of an error is short and
holds nobody's text.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import zip_longest
from typing import Any, Final

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure as FailureMessage
from temporalio.contrib.pydantic import PydanticPayloadConverter, ToJsonOptions
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverter,
    EncodingPayloadConverter,
)
from temporalio.converter import PayloadConverter as AnyPayloadConverter
from temporalio.exceptions import ApplicationError, FailureError

from contracts.failure import Failure, FailureKind
from contracts.registry import MissingMigrationError, UnknownContractError
from services.errors import FlowError

MESSAGE_LIMIT: Final = 2_000
"""Characters of one message, and of each cause. Temporal puts a failure of over 2 MB in place of
ours; an activity's error that large even comes back as one of the server, which it retries."""

TRACE_LIMIT: Final = 8_000
"""Characters of one stack trace, whose end says most."""

CAUSES_TOLD: Final = 4
_OURS: Final = (FlowError, FailureError, UnknownContractError, MissingMigrationError)


class UnreadablePayloadError(ApplicationError):
    """A payload is not what its reader expects; trying again cannot help."""

    def __init__(self, reason: str) -> None:
        message = f"{reason}; whoever wrote it and this program do not fit each other"
        detail = Failure(kind=FailureKind.UNREADABLE, message=message)
        super().__init__(message, detail, type=FailureKind.UNREADABLE.value, non_retryable=True)


class PayloadConverter(CompositePayloadConverter):
    """Pydantic JSON without the fields that nobody set, which keeps histories small."""

    def __init__(self) -> None:
        super().__init__(*_encodings())

    def from_payloads(
        self, payloads: Sequence[Payload], type_hints: list[type] | None = None
    ) -> list[Any]:
        """Decode payloads.

        Raises:
            UnreadablePayloadError: one does not decode. Other errors than this would make a worker
                try the same task for ever.
        """
        pairs = zip_longest(payloads, type_hints or [])
        return [self._read(payload, wanted) for payload, wanted in pairs]

    def _read(self, payload: Payload, wanted: type | None) -> object:
        try:
            [value] = super().from_payloads([payload], [wanted] if wanted else None)
        except (LookupError, RuntimeError, TypeError, ValueError) as error:
            name = getattr(wanted, "__name__", None) or "value"
            # Raised from nothing: the original may quote what it could not read.
            raise UnreadablePayloadError(_why(name, error)) from None
        return value


def _why(name: str, error: Exception) -> str:
    match error:
        # An encoding that is no text at all cannot even be looked up.
        case LookupError() | UnicodeDecodeError():
            return f"the {name} in this run's history has an unknown encoding"
        case ValidationError() if all(each["type"] != "json_invalid" for each in error.errors()):
            return f"the {name} in this run's history does not fit: {places(error)}"
        case _:
            return f"the {name} in this run's history is not JSON"


def places(error: ValidationError) -> str:
    """Name the first five places that do not fit, never what stands there."""
    return "; ".join(
        ".".join(str(part) for part in problem["loc"]) or "the whole"
        for problem in error.errors(include_input=False, include_url=False)[:5]
    )


class FailureConverter(DefaultFailureConverter):
    """Errors as Temporal keeps them: short, without foreign text, the unreadable never retried."""

    def to_failure(
        self,
        exception: BaseException,
        payload_converter: AnyPayloadConverter,
        failure: FailureMessage,
    ) -> None:
        """Convert an error and what caused it; see `FailureConverter.to_failure` of the SDK."""
        told = _unreadable_within(exception) or _without_foreign_text(exception)
        super().to_failure(told, payload_converter, failure)
        failure.message = failure.message[:MESSAGE_LIMIT]
        failure.stack_trace = failure.stack_trace[-TRACE_LIMIT:]
        _cut_causes(failure)


def _unreadable_within(error: BaseException) -> BaseException | None:
    """Find what the SDK wraps in an error of its own that would be retried."""
    return next((each for each in _chain(error) if isinstance(each, UnreadablePayloadError)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    for _ in range(CAUSES_TOLD):
        if current is None:
            return
        yield current
        current = current.__cause__


def _without_foreign_text(error: BaseException) -> BaseException:
    """Put the class in place of a text that nobody of ours wrote: it may quote anything."""
    if isinstance(error, _OURS):
        return error
    name = type(error).__name__
    told = ApplicationError(f"{name}; its text is in the worker's log", type=name)
    told.__traceback__, told.__cause__ = error.__traceback__, error.__cause__
    told.__suppress_context__ = True
    return told


def _cut_causes(failure: FailureMessage) -> None:
    innermost = failure
    for _ in range(CAUSES_TOLD):
        if not innermost.HasField("cause"):
            return
        innermost = innermost.cause
    innermost.ClearField("cause")


@cache
def _encodings() -> tuple[EncodingPayloadConverter, ...]:
    """Build the encodings once: the SDK makes a converter for every activation of a workflow."""
    converter = PydanticPayloadConverter(ToJsonOptions(exclude_unset=True))
    return tuple(converter.converters.values())


def data_converter() -> DataConverter:
    """Build the one converter that every client, worker and replayer uses."""
    return dataclasses.replace(
        DataConverter.default,
        payload_converter_class=PayloadConverter,
        failure_converter_class=FailureConverter,
    )
