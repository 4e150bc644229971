"""Runs programs for the trial. Whatever is run is named in the error when it fails."""

import os
import subprocess
from collections.abc import Mapping, Sequence

from compose_trial.outcome import BrokenError

MINUTE = 60.0
SHOWN_LINES = 15
"""Of what a failed program wrote; the end of it, where the reason stands."""


def run(
    *words: str,
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float = 2 * MINUTE,
    cwd: str | None = None,
) -> str:
    """Run a program to its end and give what it wrote on standard output.

    Raises:
        BrokenError: it cannot be run, ends with another code than 0, or takes too long.
    """
    try:
        done = subprocess.run(  # noqa: S603  # our own command lines
            words,
            env=dict(os.environ if environment is None else environment),
            cwd=cwd,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_seconds,
            check=False,
        )
    except FileNotFoundError as error:
        raise BrokenError(f"the program {words[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise BrokenError(f"`{_shown(words)}` took longer than {timeout_seconds:g} s") from error
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-SHOWN_LINES:]
        reason = "\n  ".join(last)
        raise BrokenError(f"`{_shown(words)}` ended with {done.returncode}:\n  {reason}")
    return done.stdout


def works(*words: str, environment: Mapping[str, str] | None = None) -> bool:
    """Tell whether a program ends with 0 within half a minute."""
    try:
        run(*words, environment=environment, timeout_seconds=MINUTE / 2)
    except BrokenError:
        return False
    return True


def _shown(words: Sequence[str]) -> str:
    line = " ".join(words)
    return line if len(line) <= 120 else f"{line[:120]}..."
