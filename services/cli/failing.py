"""What a person is told when a command fails: a sentence and what to do, on standard error."""

import sys
import traceback
from pathlib import Path
from typing import Final, NoReturn

from services.cli.exit_code import ExitCode, of_error
from services.cli.output import clean
from services.errors import FlowError, InputInvalidError

PROJECT: Final = Path(__file__).parents[2]
"""Where our packages lie."""

PACKAGES: Final = ("contracts", "workflows", "services")


def end(error: Exception, *, debug: bool) -> NoReturn:
    """Say what went wrong and end the process.

    Args:
        error: what came up to the edge.
        debug: add the traceback.
    """
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    sys.stderr.write(f"error: {sentence(error)}\n")
    sys.exit(ExitCode.FINDINGS if unloadable(error) else of_error(error))


def sentence(error: Exception) -> str:
    """Write an error for a person; only ours say what to do."""
    if isinstance(error, InputInvalidError) and error.problems:
        return _listed(error)
    if isinstance(error, FlowError):
        return clean(str(error), lines=True)
    if told := unloadable(error):
        return told
    detail = clean(str(error))[:300]
    return (
        f"an unexpected {type(error).__name__}{': ' if detail else ''}{detail}; this is a bug:"
        " report it with the output of the same command after `orchestra --debug`"
    )


def unloadable(error: Exception) -> str:
    """Say which module of ours does not load, where and why; empty when all that is used does.

    Whoever edits a contract or an agent meets this before any check can look at it. A package
    that is not installed is nobody's edit, and told as before.
    """
    if isinstance(error, FlowError | ModuleNotFoundError):
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    loading = [at for at, frame in enumerate(frames) if frame.name == "<module>"]
    # The last file of ours that was being loaded, and the last line of it.
    found = (
        [frame for frame in frames[loading[-1] :] if _is_ours(frame.filename)] if loading else []
    )
    if not found:
        return ""
    place = Path(found[-1].filename).relative_to(PROJECT)
    why = f"{type(error).__name__}: {clean(str(error))[:300]}"
    return (
        f"{place} does not load: line {found[-1].lineno}, `{clean(found[-1].line or '')}`: {why}."
        " Mend this line, or bring back what it names: until the module loads, nothing can be"
        " checked or run."
    )


def _is_ours(file: str) -> bool:
    path = Path(file)
    return path.is_relative_to(PROJECT) and path.relative_to(PROJECT).parts[0] in PACKAGES


def _listed(error: InputInvalidError) -> str:
    """Write one problem a line, instead of the sentence that lists them all."""
    first, *_ = str(error).split(": ", 1)
    lines = [
        f"  {clean(problem.pointer) or '(whole)'}: {clean(problem.message)}"
        for problem in error.problems
    ]
    return "\n".join([clean(first), *lines])
