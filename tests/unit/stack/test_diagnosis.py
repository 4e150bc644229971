"""What the doctor finds, and what it advises."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.settings import ModelSource, Settings
from services.stack import diagnosis
from services.stack.identity import ProcessIdentity
from services.stack.record import ModelChoice, Phase, StackRecord, write_record

Memory = Callable[..., Awaitable[Settings]]


@pytest.fixture
async def memory() -> AsyncIterator[Memory]:
    """Start a memory server that reports the settings it is given."""
    async with AsyncExitStack() as open_servers:

        async def start(policy: str, aof: str, fsync: bytes) -> Settings:
            infos = [f"maxmemory_policy:{policy}\r\n", f"# Persistence\r\naof_enabled:{aof}\r\n"]
            texts = [f"${len(info)}\r\n{info}\r\n".encode() for info in infos]
            answers = {b"PING": b"+PONG\r\n", b"memory": texts[0], b"persistence": texts[1]}

            async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                while asked := await reader.read(4096):
                    writer.write(answers.get(asked.split()[-1], fsync))
                writer.close()

            server = await asyncio.start_server(talk, "127.0.0.1", 0)
            await open_servers.enter_async_context(server)
            port = server.sockets[0].getsockname()[1]
            return Settings(redis_url=f"redis://127.0.0.1:{port}/0")

        yield start


async def test_safe_memory_passes(memory: Memory) -> None:
    """A memory that never evicts and writes through is fine, and the finding says so."""
    check = await diagnosis.check_memory(
        await memory("noeviction", "1", b"*2\r\n$11\r\nappendfsync\r\n$6\r\nalways\r\n")
    )

    assert check.ok
    assert check.detail.endswith("policy noeviction, append-only file on, written through always")


async def test_memory_that_keeps_its_settings_to_itself_passes(memory: Memory) -> None:
    """A managed memory that refuses CONFIG is judged by what it tells."""
    check = await diagnosis.check_memory(await memory("noeviction", "1", b"-ERR unknown\r\n"))

    assert check.ok


@pytest.mark.parametrize(("policy", "aof"), [("allkeys-lru", "1"), ("noeviction", "0")])
async def test_forgetful_memory_is_found(memory: Memory, policy: str, aof: str) -> None:
    """A memory that may evict or forget is a finding with its remedy."""
    check = await diagnosis.check_memory(await memory(policy, aof, b"-ERR unknown\r\n"))

    assert not check.ok
    assert check.remedy == "set maxmemory-policy noeviction and appendonly yes on that server"


async def test_everything_missing_is_told_at_once(tmp_path: Path) -> None:
    """The doctor looks at everything, answers or not, and advises on each finding."""
    nowhere = Settings(
        data_dir=tmp_path,
        redis_url="redis://127.0.0.1:1/0",
        temporal_address="127.0.0.1:1",
        gateway_url="http://127.0.0.1:1",
        openai_base_url="http://127.0.0.1:1/v1",
    )

    checks = {check.name: check for check in await diagnosis.diagnose(nowhere)}

    failed = {name for name, check in checks.items() if not check.ok}
    assert failed >= {"memory", "temporal", "model", "gateway"}
    assert all(checks[name].remedy for name in failed)
    assert checks["stack"].detail == f"none runs on {tmp_path}"


def test_old_python_is_found() -> None:
    """A Python that is too old is named with the one that is needed."""
    assert diagnosis.check_python((3, 10)).remedy == "use 3.11 or later"
    assert diagnosis.check_python((3, 14)).ok


def test_full_disk_is_found(tmp_path: Path) -> None:
    """A disk with little room left is a finding before it stops the stack."""
    check = diagnosis.check_folder(tmp_path, needed_bytes=1 << 62)

    assert not check.ok
    assert check.remedy == "make room"


def test_missing_folder_is_not_made(tmp_path: Path) -> None:
    """Looking changes nothing."""
    assert diagnosis.check_folder(tmp_path / "data").ok
    assert list(tmp_path.iterdir()) == []


async def test_wrong_temporal_address_is_found() -> None:
    """An address without a port is a finding that names the setting."""
    check = await diagnosis.check_temporal(Settings(temporal_address="cluster"))

    assert check.remedy == "set ORCHESTRA_TEMPORAL_ADDRESS"


def test_crashed_stack_is_found(tmp_path: Path) -> None:
    """A stack that failed is a finding that keeps saying why until it is started again."""
    record = StackRecord(
        supervisor=ProcessIdentity(pid=2**22 - 1, created=1.0),
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        phase=Phase.FAILED,
        failure="worker ended 5 times",
        model=ModelChoice(source=ModelSource.ENDPOINT),
    )
    write_record(tmp_path, record)

    check, running = diagnosis.check_stack(tmp_path)

    assert not check.ok
    assert check.detail == "worker ended 5 times"
    assert running is None


async def test_running_stack_is_asked_at_its_own_addresses(tmp_path: Path) -> None:
    """Where a stack runs, the doctor looks at it and not at the default ports."""
    supervisor = ProcessIdentity.of(1)
    assert supervisor is not None
    record = StackRecord(
        supervisor=supervisor,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        phase=Phase.RUNNING,
        model=ModelChoice(source=ModelSource.ENDPOINT),
        environment={"ORCHESTRA_REDIS_URL": "redis://127.0.0.1:2/0"},
    )
    write_record(tmp_path, record)

    checks = {check.name: check for check in await diagnosis.diagnose(Settings(data_dir=tmp_path))}

    assert checks["stack"].ok
    assert "127.0.0.1:2" in checks["memory"].detail
