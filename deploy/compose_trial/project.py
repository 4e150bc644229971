"""One compose project on an engine: built, brought up, looked at, broken, taken down."""

import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, Field

from compose_trial.command import MINUTE
from compose_trial.engine import Engine
from compose_trial.outcome import BrokenError

ROOT = Path(__file__).parents[2]
BUILD_SECONDS = 30 * MINUTE
UP_SECONDS = 5 * MINUTE
RESTART_SECONDS = 60.0
SETTINGS = ("ORCHESTRA_", "OPENAI_", "COMPOSE_", "TEMPORAL_", "REDIS_", "PYTHON_IMAGE")
"""Beginnings of what would make the trial run something else than what the files say."""


class Health(BaseModel):
    """What the engine's own checks say."""

    status: str = Field(alias="Status")


class State(BaseModel):
    """How a container stands."""

    status: str = Field(alias="Status")
    pid: int = Field(alias="Pid")
    health: Health | None = Field(alias="Health", default=None)


class Binding(BaseModel):
    """Where a port is published."""

    host: str = Field(alias="HostIp")


class Limits(BaseModel):
    """What a container may do on its host."""

    privileged: bool = Field(alias="Privileged")
    read_only: bool = Field(alias="ReadonlyRootfs")
    dropped: tuple[str, ...] | None = Field(alias="CapDrop")
    memory_bytes: int = Field(alias="Memory")
    ports: dict[str, tuple[Binding, ...]] | None = Field(alias="PortBindings")


class Made(BaseModel):
    """What a container or image was made with."""

    user: str = Field(alias="User", default="")
    environment: tuple[str, ...] | None = Field(alias="Env", default=None)
    labels: dict[str, str] | None = Field(alias="Labels", default=None)


class Container(BaseModel):
    """A container as the engine describes it."""

    id: str = Field(alias="Id")
    name: str = Field(alias="Name")
    image: str = Field(alias="Image")
    restarts: int = Field(alias="RestartCount")
    state: State = Field(alias="State")
    limits: Limits = Field(alias="HostConfig")
    made: Made = Field(alias="Config")

    @property
    def service(self) -> str:
        """The service it belongs to."""
        return (self.made.labels or {}).get("com.docker.compose.service", "")

    @property
    def is_healthy(self) -> bool:
        """Whether it runs and its check is content."""
        return bool(self.state.health and self.state.health.status == "healthy")


@dataclass(frozen=True)
class Project:
    """The stack of this checkout's compose file, under a name of its own."""

    engine: Engine
    name: str
    gateway_url: str
    ui_url: str
    canary: str
    """Stands in the environment in the place of a key, and must be found nowhere."""

    def compose(self, *words: str, timeout_seconds: float = 2 * MINUTE) -> str:
        """Run a command of `docker compose`; raises `BrokenError` as `command.run` does."""
        where = ("--project-directory", str(ROOT), "--env-file", os.devnull)
        return self.engine.run("compose", *where, *words, timeout_seconds=timeout_seconds)

    def containers(self, service: str = "") -> tuple[Container, ...]:
        """Look at all containers, or those of one service, also at such as have ended."""
        ids = self.compose("ps", "--all", "--quiet", *([service] if service else [])).split()
        found = json.loads(self.engine.run("inspect", *ids)) if ids else []
        return tuple(Container.model_validate(each) for each in found)

    def kill(self, container: Container) -> None:
        """End its process with SIGKILL, as a crash would; what follows is up to its policy.

        `docker kill` would count as an order to stay down.
        """
        code = f"import os; os.kill({container.state.pid}, 9)"
        options = ("--rm", "--pid", "host", "--user", "0", "--entrypoint", "python3")
        self.engine.run("run", *options, container.image, "-c", code)

    def await_restart(self, container: Container) -> float:
        """Wait until a killed container is back and healthy; gives the seconds it took.

        Raises:
            BrokenError: it is not back within a minute.
        """

        def is_back() -> bool:
            (now,) = (
                each for each in self.containers(container.service) if each.id == container.id
            )
            return now.restarts > container.restarts and now.is_healthy

        return until(is_back, f"{container.service} is back after SIGKILL", RESTART_SECONDS)

    def logs(self, lines: int = 12) -> str:
        """Give the end of each container's log."""
        told = self.compose("logs", "--no-color", "--tail", str(lines))
        # Compose clears lines even where it was told that nobody watches.
        return told.replace("\x1b[2K", "")


@contextmanager
def described(engine: Engine, base: str) -> Iterator[Project]:
    """Describe a project on free ports; whatever it has become is removed at the end."""
    name = f"orchestra-trial-{secrets.token_hex(3)}"
    gateway, ui = _free_ports(2)
    canary = f"sk-trial-{secrets.token_hex(12)}"
    kept = {k: v for k, v in engine.environment.items() if not k.startswith(SETTINGS)}
    environment = kept | {
        "COMPOSE_PROJECT_NAME": name,
        "COMPOSE_ANSI": "never",
        "COMPOSE_PROGRESS": "plain",
        "ORCHESTRA_GATEWAY_PORT": str(gateway),
        "TEMPORAL_UI_PORT": str(ui),
        "PYTHON_IMAGE": base,
        "OPENAI_API_KEY": canary,
    }
    urls = (f"http://127.0.0.1:{gateway}", f"http://127.0.0.1:{ui}")
    project = Project(replace(engine, environment=environment), name, *urls, canary)
    try:
        yield project
    finally:
        take_down(project)


def take_down(project: Project) -> None:
    """Remove containers, networks, volumes and images of the project; again is no error.

    Raises:
        BrokenError: something of it is left.
    """
    down = ("down", "--volumes", "--remove-orphans", "--rmi", "local", "--timeout", "30")
    project.compose(*down, timeout_seconds=3 * MINUTE)
    mine = ("--quiet", "--filter", f"label=com.docker.compose.project={project.name}")
    for kind in (("ps", "--all"), ("volume", "ls"), ("network", "ls"), ("image", "ls")):
        if left := project.engine.run(*kind, *mine).split():
            raise BrokenError(f"`docker compose down` has left {' '.join(kind)}: {left}")


def until(
    is_so: Callable[[], bool], what: str, seconds: float, pause_seconds: float = 0.5
) -> float:
    """Wait until something is so; gives the seconds it took.

    Raises:
        BrokenError: it is not so in time; `what` says what should have been.
    """
    started = time.monotonic()
    while not is_so():
        if time.monotonic() - started > seconds:
            raise BrokenError(f"not within {seconds:g} s: {what}")
        time.sleep(pause_seconds)
    return time.monotonic() - started


def _free_ports(count: int) -> tuple[int, ...]:
    """Choose ports on loopback that nobody listens on just now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = tuple(each.getsockname()[1] for each in sockets)
    for each in sockets:
        each.close()
    return ports
