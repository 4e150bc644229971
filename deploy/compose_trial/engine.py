"""Finds the container engine for the trial, or starts one; and finds or makes the base image."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from compose_trial import debian, private_engine
from compose_trial.command import MINUTE, run, works
from compose_trial.outcome import BrokenError, UnfitError

OFFICIAL_BASE = "python:3.11-slim"
OWN_BASE = "flow-orchestra-base:trial"
HOW = "install Docker with Compose 2, or run this as root on Debian with --install"


@dataclass(frozen=True)
class Engine:
    """An engine that answers."""

    environment: Mapping[str, str]
    """For the programs that talk to it."""

    work: Path
    """A folder of the trial's own."""

    is_private: bool
    may_install: bool
    """Whether Debian's packages may be installed for what is missing."""

    def run(self, *words: str, timeout_seconds: float = 2 * MINUTE) -> str:
        """Run a command of `docker`; raises `BrokenError` as `command.run` does."""
        command = ("docker", *words)
        return run(*command, environment=self.environment, timeout_seconds=timeout_seconds)

    def works(self, *words: str) -> bool:
        """Tell whether a command of `docker` ends with 0."""
        return works("docker", *words, environment=self.environment)

    def description(self) -> str:
        """Name it and its version."""
        kind = "a private one" if self.is_private else "the one that answers"
        version = self.run("version", "--format", "{{.Server.Version}}").strip()
        compose = self.run("compose", "version", "--short").strip()
        return f"{kind}: {version}, Compose {compose}"


@contextmanager
def opened(*, may_install: bool, kept: Path | None) -> Iterator[Engine]:
    """Use the engine that answers; else run a private one for as long as the context is open.

    Args:
        may_install: whether Debian's packages may be installed where an engine is missing.
        kept: where a private engine keeps its images for the next time; else they are removed.

    Raises:
        UnfitError: none answers and none can be run here.
    """
    with ExitStack() as stack:
        work = kept or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="compose-")))
        work.mkdir(parents=True, exist_ok=True)
        environment = dict(os.environ)
        if not _answers(environment):
            _provide_program(may_install=may_install)
        # Where services are started when they are installed, one answers by now.
        is_private = not _answers(environment)
        if is_private:
            environment["DOCKER_HOST"] = stack.enter_context(private_engine.running(work.resolve()))
        _provide_plugins(environment, work, may_install=may_install)
        yield Engine(environment, work, is_private, may_install)


def base_image(engine: Engine) -> str:
    """Give the image that ours are built on; one is made where none can be fetched.

    Raises:
        UnfitError: it can neither be fetched nor made.
        BrokenError: making it fails.
    """
    asked = os.environ.get("PYTHON_IMAGE", OFFICIAL_BASE)
    for name in (asked, OWN_BASE):
        if engine.works("image", "inspect", name):
            return name
    try:
        engine.run("pull", "--quiet", asked, timeout_seconds=5 * MINUTE)
    except BrokenError as error:
        has_maker = engine.may_install or shutil.which(debian.MAKER)
        if not (has_maker and debian.is_root_on_debian()):
            raise UnfitError(
                f"the image {asked} cannot be fetched, and one can be made only by root on Debian"
                f" with {debian.MAKER} (--install); or name one that is here in PYTHON_IMAGE"
            ) from error
        if shutil.which(debian.MAKER) is None:
            debian.install(debian.MAKER)
        _make_base(engine)
        return OWN_BASE
    return asked


def _answers(environment: Mapping[str, str]) -> bool:
    return works("docker", "version", environment=environment)


def _provide_program(*, may_install: bool) -> None:
    if not debian.is_root_on_debian():
        raise UnfitError(
            f"no container engine answers, and only root on Debian can start one; {HOW}"
        )
    if shutil.which("dockerd") is None:
        if not may_install:
            raise UnfitError(f"no container engine answers, and none is installed; {HOW}")
        debian.install(*debian.ENGINE_PACKAGES)


def _provide_plugins(environment: dict[str, str], work: Path, *, may_install: bool) -> None:
    """See that `docker compose` works; where it does not, use plugins of the trial's own."""
    if works("docker", "compose", "version", environment=environment):
        return
    configuration = work / "client"
    plugins = configuration / "cli-plugins"
    if not plugins.is_dir():
        if not (may_install and debian.is_root_on_debian()):
            raise UnfitError(f"`docker compose` (version 2) is not installed; {HOW}")
        debian.fetch_plugins(work, plugins)
    environment["DOCKER_CONFIG"] = str(configuration)


def _make_base(engine: Engine) -> None:
    root = engine.work / "base"
    shutil.rmtree(root, ignore_errors=True)
    debian.make_root(root)
    bundle = f"/{debian.CERTIFICATES}"
    changes = (f"ENV SSL_CERT_FILE={bundle}", f"ENV PIP_CERT={bundle}")
    options = [word for change in changes for word in ("--change", change)]
    command = ("docker", "import", *options, "-", OWN_BASE)
    packed = subprocess.Popen(("tar", "-C", root, "-c", "."), stdout=subprocess.PIPE)  # noqa: S603, S607
    imported = subprocess.run(  # noqa: S603
        command, stdin=packed.stdout, env=dict(engine.environment), capture_output=True, check=False
    )
    if packed.wait() or imported.returncode:
        raise BrokenError(f"the base image cannot be loaded: {imported.stderr.decode()[-300:]}")
    shutil.rmtree(root)
