"""Decides where answers come from: the user's endpoint, the embedded model, or scripted ones."""

import signal
import subprocess
import sys
from collections.abc import Mapping

from services.errors import SettingsError
from services.settings import ModelSource, Settings
from services.stack.record import ModelChoice

ENDPOINT_NAMES = ("ORCHESTRA_MODEL", "ORCHESTRA_OPENAI_", "OPENAI_")
"""Beginnings of what describes an endpoint and must not reach the clients of a local model."""

CHECK_SECONDS = 30
CHECK = (sys.executable, "-m", "services.stack.embedded_model", "--check")


def choose_model(
    environ: Mapping[str, str], settings: Settings, check: tuple[str, ...] = CHECK
) -> ModelChoice:
    """Take what is asked for; else an endpoint if one is set; else the best that runs here.

    Args:
        environ: to see whether a source was asked for.
        settings: the same environment, read.
        check: a program that ends with 0 when the embedded model can run here.

    Raises:
        SettingsError: what is asked for cannot be had.
    """
    endpoint = bool(settings.openai_base_url or settings.openai_api_key.get_secret_value())
    if environ.get("ORCHESTRA_MODEL_SOURCE"):
        return _asked(settings.model_source, endpoint=endpoint, check=check)
    if endpoint:
        return ModelChoice(source=ModelSource.ENDPOINT)
    problem = embedded_problem(check)
    source = ModelSource.SCRIPTED if problem else ModelSource.EMBEDDED
    return ModelChoice(source=source, reason=problem)


def embedded_problem(check: tuple[str, ...] = CHECK) -> str:
    """Say why the embedded model cannot run here, found out in a process that may crash."""
    try:
        tried = subprocess.run(  # noqa: S603  # our own program
            check, capture_output=True, text=True, timeout=CHECK_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"trying to load it took longer than {CHECK_SECONDS} s"
    except OSError as error:
        return f"it could not be tried: {error.strerror}"
    if tried.returncode == 0:
        return ""
    if tried.returncode < 0:
        return f"loading it ended the process with {_signal_name(-tried.returncode)}"
    return (tried.stderr.strip().splitlines() or [f"exit code {tried.returncode}"])[-1]


def without_endpoint(environ: Mapping[str, str], source: ModelSource) -> dict[str, str]:
    """Drop what describes an endpoint from an environment, unless the endpoint is used."""
    if source is ModelSource.ENDPOINT:
        return dict(environ)
    return {name: value for name, value in environ.items() if not name.startswith(ENDPOINT_NAMES)}


def _asked(source: ModelSource, *, endpoint: bool, check: tuple[str, ...]) -> ModelChoice:
    if source is ModelSource.ENDPOINT and not endpoint:
        raise SettingsError(
            "ORCHESTRA_MODEL_SOURCE=endpoint needs OPENAI_BASE_URL or OPENAI_API_KEY"
        )
    if source is ModelSource.EMBEDDED and (problem := embedded_problem(check)):
        raise SettingsError(f"ORCHESTRA_MODEL_SOURCE=embedded cannot be had: {problem}")
    return ModelChoice(source=source)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
