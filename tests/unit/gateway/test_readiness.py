"""Readiness names the part that fails and answers soon in any case."""

import time
from pathlib import Path

import httpx

from services.gateway.state import Services
from services.memory.folder_archive import FolderArchive
from tests.unit.gateway.recorded import FlakyStore, RecordedRuns


async def test_a_missing_temporal_server_is_named_soon(caller: httpx.AsyncClient) -> None:
    """With nobody at Temporal's address the gateway is not ready, and says why within seconds."""
    began = time.monotonic()

    reply = await caller.get("/readyz")

    found = {check["name"]: check["ok"] for check in reply.json()["checks"]}
    assert (reply.status_code, reply.json()["ready"]) == (503, False)
    assert found == {
        "temporal": False,
        "search_attributes": False,
        "memory": True,
        "archive": True,
        "flows": True,
        "workers": False,
        "webhooks": True,
    }
    assert time.monotonic() - began < 4


async def test_a_missing_memory_is_named(caller: httpx.AsyncClient, runs: RecordedRuns) -> None:
    """The memory that does not answer is told with what to do about it."""
    store = runs.memory.store
    assert isinstance(store, FlakyStore)
    store.is_down = True

    reply = await caller.get("/readyz")

    [memory] = [check for check in reply.json()["checks"] if check["name"] == "memory"]
    assert memory == {
        "name": "memory",
        "ok": False,
        "required": True,
        "detail": "the memory at nowhere does not answer",
    }


async def test_an_archive_that_cannot_be_used_is_named(
    caller: httpx.AsyncClient, runs: RecordedRuns, tmp_path: Path
) -> None:
    """A run could not keep its large values: that is told before one is started."""
    blocked = tmp_path / "archive"
    blocked.write_text("a file")
    runs.memory.archive = FolderArchive(blocked)

    reply = await caller.get("/readyz")

    [archive] = [check for check in reply.json()["checks"] if check["name"] == "archive"]
    assert (archive["ok"], archive["required"]) == (False, True)
    assert "cannot be used" in archive["detail"]


async def test_a_refused_flow_file_is_named(caller: httpx.AsyncClient, services: Services) -> None:
    """A file with findings is not offered and named; the others are served all the same."""
    services.shelf.refused["mine"] = "mine.yaml:3: FO102"

    reply = await caller.get("/readyz")

    [flows] = [check for check in reply.json()["checks"] if check["name"] == "flows"]
    assert (flows["ok"], flows["required"]) == (False, False)
    assert "mine" in flows["detail"]
