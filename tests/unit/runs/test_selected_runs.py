"""Which runs a selection means."""

import pytest

from contracts.many_runs import Selection
from contracts.run import RunStatus
from services.errors import InputInvalidError
from services.runs.many import selected_since


@pytest.mark.parametrize("moment", ["2026-02-31T08:00:00Z", "0001-01-01T00:00:00+23:59"])
def test_a_moment_that_there_is_not_is_named(moment: str) -> None:
    """A date may look like one and be none: whoever sent it is told, and nothing is touched."""
    selection = Selection(status=RunStatus.FAILED, since=moment)

    with pytest.raises(InputInvalidError, match="is no moment; write one as"):
        selected_since(selection)


def test_moments_are_compared_in_universal_time() -> None:
    """A moment is the same whichever zone it is written in."""
    selection = Selection(status=RunStatus.FAILED, since="2026-11-23T09:00:00+01:00")

    assert selected_since(selection) == "2026-11-23T08:00:00+00:00"
    assert selected_since(Selection(status=RunStatus.FAILED)) == ""
