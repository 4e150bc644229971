"""What containers and images must not be: root, writable, reachable from outside, indiscreet."""

import json
import re
from collections.abc import Iterator
from itertools import chain

from pydantic import BaseModel, Field

from compose_trial.outcome import BrokenError
from compose_trial.project import ROOT, Container, Made, Project
from services.stack.parts import SEARCH_ATTRIBUTES

LOOPBACK = "127.0.0.1"
SECRET = re.compile(r"(key|token|secret|password|passwd|credential)[^=]*=\s*\S", re.IGNORECASE)


class Image(BaseModel):
    """An image as the engine describes it."""

    made: Made = Field(alias="Config")
    size_bytes: int = Field(alias="Size")


def check_files(project: Project) -> str:
    """See that the compose files are valid and give Temporal what the local stack gives it.

    Raises:
        BrokenError: they are not.
    """
    text = project.compose("config")
    missing = [
        name
        for name, kind in SEARCH_ATTRIBUTES.items()
        if f"--search-attribute={name}={kind}" not in text
    ]
    _refuse(f"docker-compose.yml does not give Temporal {name}" for name in missing)
    if project.canary in text:
        raise BrokenError("docker-compose.yml hands a key on that the embedded model does not need")
    both = ("-f", "docker-compose.yml", "-f", "deploy/compose.endpoint.yml")
    laid_over = [word if word == "-f" else str(ROOT / word) for word in both]
    services = project.compose(*laid_over, "config", "--services").split()
    if "model" in services:
        raise BrokenError("deploy/compose.endpoint.yml still starts the embedded model")
    return f"{len(SEARCH_ATTRIBUTES)} search attributes; with an endpoint: {', '.join(services)}"


def check_containers(project: Project) -> str:
    """See that each runs as nobody in particular, read-only, and listens on loopback at most.

    Raises:
        BrokenError: one does not; all faults are told.
    """
    found = project.containers()
    _refuse(chain.from_iterable(_faults(project, each) for each in found))
    return f"{len(found)} containers: user 10001, read-only, no capabilities, loopback ports"


def check_images(project: Project) -> str:
    """See that neither history nor settings of the images hold anything like a secret.

    Raises:
        BrokenError: one does; all faults are told.
    """
    images = sorted({each.image for each in project.containers()})
    described = json.loads(project.engine.run("image", "inspect", *images))
    found = [Image.model_validate(each) for each in described]
    _refuse(chain.from_iterable(_leaks(project, name) for name in images))
    root = [each.made.user for each in found if each.made.user != "10001:10001"]
    _refuse(f"an image runs as user {user!r} by default" for user in root)
    sizes = " or ".join(sorted({f"{each.size_bytes / 1e6:.0f} MB" for each in found}))
    return f"{len(images)} images ({sizes}): no secret in history or environment, no root"


def _faults(project: Project, container: Container) -> Iterator[str]:
    name, limits = container.service, container.limits
    user = project.engine.run("exec", container.id, "id", "-u").strip()
    if user != "10001":
        yield f"{name} runs as user {user}"
    if limits.privileged or limits.dropped != ("ALL",):
        yield f"{name} has capabilities"
    if not limits.read_only:
        yield f"{name} may write to its image"
    if not limits.memory_bytes:
        yield f"{name} may take all memory"
    for port, bindings in (limits.ports or {}).items():
        if any(binding.host != LOOPBACK for binding in bindings):
            yield f"{name} publishes {port} beyond loopback"
    if project.canary in "".join(container.made.environment or ()):
        yield f"{name} was given a key that it does not need"


def _leaks(project: Project, image: str) -> Iterator[str]:
    history = project.engine.run("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
    (described,) = json.loads(project.engine.run("image", "inspect", image))
    environment = Image.model_validate(described).made.environment or ()
    for line in (*history.splitlines(), *environment):
        if SECRET.search(line) or project.canary in line:
            yield f"image {image[:19]} holds what looks like a secret: {line[:80]}"


def _refuse(faults: Iterator[str]) -> None:
    if told := "; ".join(faults):
        raise BrokenError(told)
