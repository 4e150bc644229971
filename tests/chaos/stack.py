"""The stack under test: real processes on free ports, with a proxy before each server."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
from redis.asyncio import Redis

from services.llm.scripted.script import Line
from services.stack import parts
from services.stack.part import Part
from services.stack.ports import choose_ports
from services.stack.probes import HttpProbe
from tests.chaos.fault import GATEWAY, LINKS, MEMORY, MODEL, TEMPORAL, WORKERS
from tests.chaos.model import slow
from tests.chaos.processes import PartProcess
from tests.chaos.proxy import Proxy

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("contracts", "services", "workflows")
NAMESPACE: Final = "default"
TENANT: Final = "chaos"
PREFERRED: Final = (TEMPORAL, "temporal-ui", MEMORY, MODEL, GATEWAY, *WORKERS)


class ChaosStack:
    """Every process and every proxy. Faults are done to it from outside."""

    def __init__(self, folder: Path, proxies: dict[str, Proxy], ports: dict[str, int]) -> None:
        self.folder = folder
        self.proxies = proxies
        self.tenant = TENANT
        self.revision = 1
        """Of the code and the flow that workers and gateway run."""

        self.delay_ms = 20
        """How long the model takes for an answer."""

        self._ports = ports
        # Copied, so that nobody's editing changes the code under a running trial.
        self._original = self._code = folder / "revision-1"
        _copy_code(ROOT, self._code)
        self.flows = folder / "flows"
        self.flows.mkdir()
        shutil.copy(Path(__file__).with_name("outlined.yaml"), self.flows)
        self.processes = {
            each.name: PartProcess(each, folder / f"{each.name}.log", ROOT)
            for each in (*self._servers(), *self._ours())
        }

    @property
    def gateway_url(self) -> str:
        """Where the gateway answers, without a proxy before it."""
        return parts.gateway_url(parts.HOST, self._ports[GATEWAY])

    @property
    def temporal_address(self) -> str:
        """Where the server itself answers, without a proxy before it."""
        return f"{parts.HOST}:{self._ports[TEMPORAL]}"

    @property
    def redis_url(self) -> str:
        """Where memory itself answers, without a proxy before it."""
        return parts.redis_url(self._ports[MEMORY])

    @property
    def model_url(self) -> str:
        """Where the model's control interface answers."""
        return f"http://{parts.HOST}:{self._ports[MODEL]}"

    @property
    def calls(self) -> Path:
        """The model's log."""
        return self.folder / "calls.jsonl"

    @property
    def published(self) -> Path:
        """The folder of published articles."""
        return self.folder / "published"

    @property
    def archive(self) -> Path:
        """The folder of archived values."""
        return self.folder / "archive"

    async def start(self) -> None:
        """Start all: servers first, then what needs them."""
        servers = (MEMORY, TEMPORAL, MODEL)
        await asyncio.gather(*(self.processes[name].start() for name in servers))
        await asyncio.gather(*(self.processes[name].start() for name in (*WORKERS, GATEWAY)))

    async def forget(self) -> None:
        """Empty memory, the archive and the publishing folder; Temporal keeps its histories."""
        async with memory_of(self.redis_url) as memory:
            await memory.flushall()
        for each in (self.archive, self.published):
            await asyncio.to_thread(shutil.rmtree, each, ignore_errors=True)

    async def pace(self, delay_ms: int, *first: Line) -> None:
        """Let the model take so long for an answer, also when it is started anew.

        Lines that come first are for the model as it runs now.
        """
        self.delay_ms = delay_ms
        self.processes[MODEL].part = self._model()
        script = slow(delay_ms, *first).model_dump(mode="json", exclude_unset=True)
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"{self.model_url}/control/script", json=script)
            answer.raise_for_status()

    def deploy(self) -> None:
        """Write another revision of prompts and flow, for whoever is started from now on."""
        self.revision += 1
        self._code = self.folder / f"revision-{self.revision}"
        _copy_code(self._original, self._code)
        for prompt in (self._code / "services" / "agents" / "prompts").glob("*.md"):
            with prompt.open("a", encoding="utf-8") as text:
                text.write(f"\nRevision {self.revision} of this prompt.\n")
        flow = self.flows / "outlined.yaml"
        written = flow.read_text("utf-8")
        before, after = f"version: {self.revision - 1}\n", f"version: {self.revision}\n"
        flow.write_text(written.replace(before, after), "utf-8")
        self._replace_ours()

    async def stop(self) -> None:
        """Kill everything."""
        await asyncio.gather(*(each.kill() for each in self.processes.values()))

    def _replace_ours(self) -> None:
        for part in self._ours():
            self.processes[part.name].part = part

    def _servers(self) -> tuple[Part, ...]:
        ports, data = self._ports, self.folder
        for name in (parts.VALKEY, TEMPORAL):
            (data / name).mkdir()
        memory = parts.valkey_part(ports[MEMORY], data, os.environ)
        both = ports[TEMPORAL], ports["temporal-ui"]
        temporal = parts.temporal_part(*both, data, NAMESPACE, os.environ)
        return _renamed(memory, MEMORY), temporal, self._model()

    def _model(self) -> Part:
        port = self._ports[MODEL]
        command = (sys.executable, "-m", "tests.chaos.model", "--port", str(port))
        return Part(
            name=MODEL,
            command=(*command, "--log", str(self.calls), "--delay-ms", str(self.delay_ms)),
            environment=parts.bare(os.environ) | {"PYTHONUNBUFFERED": "1"},
            probe=HttpProbe(f"{self.model_url}/health"),
            address=self.model_url,
            ready_seconds=parts.READY_SECONDS,
        )

    def _ours(self) -> tuple[Part, ...]:
        environ = self._environ()
        workers = (
            _renamed(parts.worker_part(self._ports[name], environ, ()), name) for name in WORKERS
        )
        gateway = parts.gateway_part(parts.HOST, self._ports[GATEWAY], environ, ())
        return (*workers, gateway)

    def _environ(self) -> dict[str, str]:
        """Write the environment that leads workers and gateway through the proxies."""
        return parts.bare(os.environ) | {
            "PYTHONPATH": str(self._code),
            # Else the working directory comes first, and every revision runs the same code.
            "PYTHONSAFEPATH": "1",
            "ORCHESTRA_TENANT": self.tenant,
            "ORCHESTRA_DATA_DIR": str(self.folder / "data"),
            "ORCHESTRA_ARCHIVE_DIR": str(self.archive),
            "ORCHESTRA_PUBLISH_DIR": str(self.published),
            "ORCHESTRA_CORPORA_URI": str(self.folder / "corpora"),
            "ORCHESTRA_FLOWS_DIR": str(self.flows),
            "ORCHESTRA_TEMPORAL_ADDRESS": f"{parts.HOST}:{self.proxies[TEMPORAL].port}",
            "ORCHESTRA_REDIS_URL": parts.redis_url(self.proxies[MEMORY].port),
            "ORCHESTRA_GATEWAY_PORT": str(self._ports[GATEWAY]),
            "ORCHESTRA_MODEL_SOURCE": "scripted",
            "ORCHESTRA_MODEL": "scripted",
            "OPENAI_BASE_URL": parts.model_url(self.proxies[MODEL].port),
            "OPENAI_API_KEY": "none",
        }


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[ChaosStack]:
    """Run a stack in an empty folder that there is until the context closes."""
    ports = choose_ports(dict.fromkeys(PREFERRED, 0))
    async with AsyncExitStack() as opened:
        proxies = {name: await opened.enter_async_context(Proxy(ports[name])) for name in LINKS}
        stack = ChaosStack(folder, proxies, ports)
        opened.push_async_callback(stack.stop)
        await stack.start()
        yield stack


def _renamed(part: Part, name: str) -> Part:
    return Part(**{**vars(part), "name": name})


def _copy_code(source: Path, target: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(source / package, target / package)


@asynccontextmanager
async def memory_of(url: str) -> AsyncIterator[Redis]:
    """Reach memory itself, without a proxy before it."""
    memory = Redis.from_url(url)
    try:
        yield memory
    finally:
        await memory.aclose()
