"""Reads a model's answer: the one place where a reply's text becomes data or is rejected.

The kinds are told apart here: `empty` has no content where content is required, `malformed` does
not fit the form that was asked for, `rule_broken` fits and breaks a rule on meaning.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

from pydantic import BaseModel, RootModel, ValidationError
from pydantic_core import ErrorDetails

from contracts.failure import FailureKind
from services.errors import AnswerRejectedError

Form = TypeVar("Form", bound=BaseModel)

_MOST_REASONS: Final = 20
_LONGEST_REASON: Final = 300
"""Characters. Reasons go back to the model: a reply of megabytes must not make them as long."""


class _Choices(RootModel[dict[str, str]]):
    """An object whose every value is a string."""


def read(text: str, form: type[Form]) -> Form:
    """Read a reply as JSON of one form; what the form does not know is an error.

    Raises:
        AnswerRejectedError: `empty` or `malformed`, with a reason for each place.
    """
    if not text.strip():
        raise AnswerRejectedError(
            FailureKind.EMPTY, "the model answered nothing", reasons=["answer with a JSON object"]
        )
    try:
        return form.model_validate_json(text, extra="forbid")
    except ValidationError as error:
        problems = error.errors(include_url=False)
        reasons = [_reason(problem) for problem in problems]
        if all(_is_empty(problem) for problem in problems):
            message = "the answer leaves required content empty"
            raise AnswerRejectedError(
                FailureKind.EMPTY, message, reasons=reasons[:_MOST_REASONS]
            ) from error
        raise _malformed(reasons) from error


def read_choices(text: str, options: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Read a reply that chooses one of the listed options for every key.

    Raises:
        AnswerRejectedError: `empty` or `malformed`; the reasons list the options there are.
    """
    chosen = read(text, _Choices).root
    require_keys(chosen, options, "answer")
    for key, option in chosen.items():
        require_known([option], options[key], key)
    return chosen


def require_keys(given: Mapping[str, object], wanted: Iterable[str], place: str) -> None:
    """Demand that an object has exactly these keys.

    Raises:
        AnswerRejectedError: `malformed`, with a reason for each key missing or strange.
    """
    expected = list(wanted)
    reasons = [f"{place}: {key} is missing" for key in expected if key not in given]
    reasons += [f"{place}: {key} is not asked for" for key in given if key not in expected]
    if reasons:
        raise _malformed(reasons)


def require_known(given: Iterable[str], known: Iterable[str], place: str) -> None:
    """Demand that every value is one of those that the schema listed.

    Raises:
        AnswerRejectedError: `malformed`; the reason lists strange values and those there are.
    """
    options = list(known)
    strange = [value for value in dict.fromkeys(given) if value not in options]
    if strange:
        raise _malformed([f"{place}: {', '.join(strange)} is none of {', '.join(options)}"])


def require_rules(reasons: Sequence[str], subject: str) -> None:
    """Demand that no rule on meaning is broken.

    Raises:
        AnswerRejectedError: `rule_broken`, with every reason.
    """
    if reasons:
        message = f"the {subject} breaks {len(reasons)} rule{'s' if len(reasons) > 1 else ''}"
        raise AnswerRejectedError(FailureKind.RULE_BROKEN, message, reasons=reasons)


def _malformed(reasons: Sequence[str]) -> AnswerRejectedError:
    shown = [reason[:_LONGEST_REASON] for reason in reasons[:_MOST_REASONS]]
    return AnswerRejectedError(
        FailureKind.MALFORMED, "the answer does not fit its schema", reasons=shown
    )


def _reason(problem: ErrorDetails) -> str:
    place = ".".join(str(part) for part in problem["loc"]) or "answer"
    return f"{place}: {problem['msg']}"


def _is_empty(problem: ErrorDetails) -> bool:
    """Whether the place was filled, but with nothing: a blank text, an empty list or null."""
    if problem["type"] == "missing":
        return False
    if problem["type"] == "too_short":
        # Items that were turned down do not count: their own problems say what they are.
        return bool(problem["ctx"]["actual_length"] == 0)
    given = problem["input"]
    return given in (None, []) or (isinstance(given, str) and not given.strip())
