"""`orchestra worker`, `gateway`, `model`: the processes that a stack consists of."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from services.cli.exit_code import ExitCode
from services.cli.failing import sentence
from services.cli.logs import log_to_stderr
from services.cli.output import say
from services.errors import FlowError, OrphanedRunsError, SettingsError, UnsafeMemoryError
from services.settings import Settings

log = logging.getLogger(__name__)
Port = Annotated[int, typer.Option("--port", min=1, max=65_535, help="Port to listen on.")]
Host = Annotated[str, typer.Option("--host", help="Address to listen on.")]


def worker(
    health_port: Annotated[
        int,
        typer.Option(
            envvar="ORCHESTRA_WORKER_HEALTH_PORT",
            min=0,
            max=65_535,
            help="Port for GET /healthz; 0 for any free one.",
        ),
    ] = 0,
    health_host: Annotated[
        str, typer.Option(envvar="ORCHESTRA_WORKER_HEALTH_HOST", help="Address for /healthz.")
    ] = "127.0.0.1",
) -> None:
    """Run a worker: hosts flows and agents until SIGTERM.

    It waits for Temporal and memory for up to a minute. On SIGTERM steps in hand are finished.
    """
    # Loaded here, for the other processes need no worker and no Temporal.
    from services.cli.health import Health  # noqa: PLC0415
    from services.cli.worker_process import serve  # noqa: PLC0415

    with _process():
        settings = Settings.from_environ(os.environ)
        uvloop.run(serve(settings, Health(health_host, health_port)))


def gateway() -> None:
    """Serve the HTTP interface until SIGTERM.

    It listens on ORCHESTRA_GATEWAY_HOST and ORCHESTRA_GATEWAY_PORT.
    """
    # Loaded here, for the other processes need no FastAPI.
    from services.cli.patience import patiently  # noqa: PLC0415
    from services.gateway.serve import serve  # noqa: PLC0415

    def ready(url: str) -> None:
        log.info("the gateway serves", extra={"url": url})

    with _process():
        settings = Settings.from_environ(os.environ)
        uvloop.run(patiently(lambda: serve(settings, ready)))


def model(
    port: Port,
    host: Host = "127.0.0.1",
    script: Annotated[
        Path | None,
        typer.Option(help="YAML or JSON: which calls are answered otherwise than well, and how."),
    ] = None,
) -> None:
    """Serve the scripted model over the OpenAI protocol.

    Its answers are built by code from what a prompt shows: no weights, no cost, no key.
    """
    from services.cli.scripted_model import serve  # noqa: PLC0415  # loads all agents

    with _process():
        serve(host, port, script)


@contextmanager
def _process() -> Iterator[None]:
    """Log to standard error, and tell a supervisor when starting again is useless."""
    log_to_stderr()
    try:
        yield
    except (SettingsError, UnsafeMemoryError, OrphanedRunsError) as error:
        say(f"error: {sentence(error)}")
        raise typer.Exit(ExitCode.ENVIRONMENT_UNFIT) from error
    except FlowError:
        raise
    except Exception:
        # Nobody sits before a process and can run it again to see where it failed.
        log.exception("the process ends because of a bug")
        raise
