"""What Temporal refuses is told from what it cannot answer now."""

import pytest
from temporalio.service import RPCError, RPCStatusCode

from services.errors import OperatorError, UnavailableError
from services.runs.runs import unavailable


def _error(status: RPCStatusCode) -> RPCError:
    return RPCError("search attribute FoFlow is not defined", status, b"")


@pytest.mark.guarantee("only-the-passing-is-retried")
@pytest.mark.parametrize(
    ("status", "may_pass"),
    [
        (RPCStatusCode.UNAVAILABLE, True),
        (RPCStatusCode.DEADLINE_EXCEEDED, True),
        (RPCStatusCode.RESOURCE_EXHAUSTED, True),
        (RPCStatusCode.INTERNAL, True),
        (RPCStatusCode.INVALID_ARGUMENT, False),
        (RPCStatusCode.PERMISSION_DENIED, False),
    ],
    ids=lambda each: each.name if isinstance(each, RPCStatusCode) else str(each),
)
def test_nobody_is_told_to_try_again_in_vain(status: RPCStatusCode, may_pass: bool) -> None:
    """A refusal is not called an absence: it says what Temporal said, and is no `unavailable`."""
    told = unavailable(_error(status))

    assert isinstance(told, OperatorError)
    assert isinstance(told, UnavailableError) is may_pass
    assert ("is not defined" in str(told)) is not may_pass
