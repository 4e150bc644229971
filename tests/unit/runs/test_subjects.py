"""Who says what a run is about, and what happens where another is about the same."""

import pytest

from contracts.compiled import CompiledFlow
from contracts.double_start import DoubleStart
from services.errors import InputInvalidError
from services.runs.subjects import subject_of
from tests.servers.small_flows import ONE
from tests.toys import HEAD, Note, toy, toy_flow
from workflows import names

VALUES = {"start": Note(text="Soil", score=7)}


def _flow(*declared: str) -> CompiledFlow:
    head = HEAD.replace("budget:", "".join(f"{each}\n" for each in declared) + "budget:")
    return toy_flow(ONE, toy("one", lambda given: given.one("start", Note)), head=head).flow


@pytest.mark.parametrize(
    ("declared", "subject", "wanted", "expected"),
    [
        ((), "", None, ("", DoubleStart.ALLOW)),
        ((), "soil", None, ("soil", DoubleStart.REFUSE)),
        ((), "soil", DoubleStart.QUEUE, ("soil", DoubleStart.QUEUE)),
        ((), "soil", DoubleStart.ALLOW, ("", DoubleStart.ALLOW)),
        (("subject: start.text",), "", None, ("soil", DoubleStart.REFUSE)),
        (("subject: start.score",), "", None, ("7", DoubleStart.REFUSE)),
        (("subject: start.text", "double_start: queue"), "", None, ("soil", DoubleStart.QUEUE)),
        (("subject: start.text", "double_start: allow"), "", None, ("", DoubleStart.ALLOW)),
        (("subject: start.text",), "water", None, ("water", DoubleStart.REFUSE)),
        (("double_start: replace",), "soil", None, ("soil", DoubleStart.REPLACE)),
        (("double_start: replace",), "", None, ("", DoubleStart.ALLOW)),
    ],
)
def test_the_caller_comes_before_the_flow(
    declared: tuple[str, ...],
    subject: str,
    wanted: DoubleStart | None,
    expected: tuple[str, DoubleStart],
) -> None:
    """What whoever starts says holds, else what the flow declares, else one of two is refused."""
    text, policy = expected
    key = names.subject_key("toy", text) if text else ""

    assert subject_of(_flow(*declared), VALUES, subject, wanted) == (key, policy)


def test_turns_on_nothing_are_refused() -> None:
    """Who wants a run to queue says behind what."""
    with pytest.raises(InputInvalidError, match="what the run is about"):
        subject_of(_flow(), VALUES, on_conflict=DoubleStart.QUEUE)


def test_a_subject_is_kept_as_a_digest_of_its_words() -> None:
    """Case and spaces make no other subject, another flow does, and no word of it is kept."""
    key = names.subject_key("toy", "Soil and Water")

    assert names.subject_key("toy", " soil  and water ") == key
    assert names.subject_key("other", "Soil and Water") != key
    assert "soil" not in key
