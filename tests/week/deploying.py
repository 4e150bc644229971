"""The stack's workers as builds of one deployment, changed as the product offers it."""

import asyncio
import json
import time
from typing import Any, Final

from services.stack import parts
from tests.chaos.fault import GATEWAY, WORKERS
from tests.chaos.stack import ROOT, ChaosStack

DEPLOYMENT: Final = "letters"
OLD: Final = "build-1"
NEW: Final = "build-2"
FIRST: Final = WORKERS[-1]
"""The worker that is of the new build first; the others stay until nothing needs the old one."""

KNOWN_WITHIN_SECONDS: Final = 60.0
"""How soon Temporal has to learn of a new worker's build."""


class Deployment:
    """Puts workers on builds, and asks `orchestra deploy` about them."""

    def __init__(self, stack: ChaosStack) -> None:
        self._stack = stack

    async def begin(self) -> None:
        """Start all workers anew as the old build, which takes new runs, and the gateway."""
        await asyncio.gather(
            *(self._start(name, OLD) for name in WORKERS), self._start(GATEWAY, "")
        )
        await self._promote(OLD)

    async def deploy(self) -> int:
        """Bring up a build with other prompts and let it take new runs.

        Returns how many open workflows the new program was found to replay.

        Raises:
            RuntimeError: the new program would break one, or Temporal does not take the build.
        """
        self._stack.deploy()
        replayed = await self._orchestra("check")
        await self._start(FIRST, NEW)
        await self._promote(NEW)
        await self._start(GATEWAY, "")
        return len(replayed["open"])

    async def retire(self) -> None:
        """Start the workers of the old build anew as the new one, once nothing open needs it.

        Raises:
            RuntimeError: something still does after a minute.
        """
        deadline = time.monotonic() + KNOWN_WITHIN_SECONDS
        while left := await self._open_on(OLD):
            if time.monotonic() > deadline:
                raise RuntimeError(f"open on {OLD}: {', '.join(left)}")
            await asyncio.sleep(0.5)
        await asyncio.gather(*(self._start(name, NEW) for name in WORKERS if name != FIRST))

    async def _open_on(self, build: str) -> list[str]:
        checked = await self._orchestra("check")
        return [each["workflow"] for each in checked["open"] if each["build"] == build]

    async def _start(self, name: str, build: str) -> None:
        process = self._stack.processes[name]
        await process.end()
        process.extra = _of(build) if build else {}
        await process.start()

    async def _promote(self, build: str) -> None:
        deadline = time.monotonic() + KNOWN_WITHIN_SECONDS
        while True:
            try:
                await self._orchestra("promote", build)
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.5)
            else:
                return

    async def _orchestra(self, *arguments: str) -> Any:  # JSON of several commands
        program = await asyncio.create_subprocess_exec(
            *(*parts.CLI, "deploy", *arguments, "--json"),
            env={**self._stack.processes[FIRST].part.environment, **_of(NEW)},
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        told, errors = await program.communicate()
        if program.returncode:
            raise RuntimeError(
                f"orchestra deploy {' '.join(arguments)}: {(told + errors).decode()}"
            )
        return json.loads(told)


def _of(build: str) -> dict[str, str]:
    return {"ORCHESTRA_DEPLOYMENT": DEPLOYMENT, "ORCHESTRA_BUILD_ID": build}
