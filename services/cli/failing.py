"""What a person is told when a command fails: a sentence and what to do, on standard error."""

import sys
import traceback
from typing import NoReturn

from services.cli.exit_code import of_error
from services.cli.output import clean
from services.errors import FlowError, InputInvalidError


def end(error: Exception, *, debug: bool) -> NoReturn:
    """Say what went wrong and end the process.

    Args:
        error: what came up to the edge.
        debug: add the traceback.
    """
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    sys.stderr.write(f"error: {sentence(error)}\n")
    sys.exit(of_error(error))


def sentence(error: Exception) -> str:
    """Write an error for a person; only ours say what to do."""
    if isinstance(error, InputInvalidError) and error.problems:
        return _listed(error)
    if isinstance(error, FlowError):
        return clean(str(error), lines=True)
    detail = clean(str(error))[:300]
    return (
        f"an unexpected {type(error).__name__}{': ' if detail else ''}{detail}; this is a bug:"
        " report it with the output of the same command after `orchestra --debug`"
    )


def _listed(error: InputInvalidError) -> str:
    """Write one problem a line, instead of the sentence that lists them all."""
    first, *_ = str(error).split(": ", 1)
    lines = [
        f"  {clean(problem.pointer) or '(whole)'}: {clean(problem.message)}"
        for problem in error.problems
    ]
    return "\n".join([clean(first), *lines])
