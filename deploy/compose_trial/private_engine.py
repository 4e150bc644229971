"""A container engine of the trial's own: its data in one folder, nothing left when it stops."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from compose_trial.command import run, works
from compose_trial.outcome import BrokenError, UnfitError

START_SECONDS = 60.0
STOP_SECONDS = 60.0
BRIDGE = "docker0"
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
IDENTITY = Path("/etc/docker/key.json")
"""What older engines write outside their folder."""


@contextmanager
def running(work: Path) -> Iterator[str]:
    """Run an engine for as long as the context is open; gives its address.

    Args:
        work: where it keeps images, volumes and its log; whoever made the folder removes it.

    Raises:
        UnfitError: it cannot be run here.
    """
    _refuse_company()
    rules, forwarding, had_identity = _rules(), FORWARDING.read_text(), IDENTITY.exists()
    engine = _start(work)
    try:
        address = f"unix://{work / 'socket'}"
        _await(engine, address, work)
        yield address
    finally:
        _stop(engine)
        _unmount(work)
        shutil.rmtree(work / "state", ignore_errors=True)
        works("ip", "link", "delete", BRIDGE)
        _remove_rules_but(rules)
        FORWARDING.write_text(forwarding)
        if not had_identity:
            IDENTITY.unlink(missing_ok=True)


def _refuse_company() -> None:
    for program in ("dockerd", "iptables", "iptables-save", "ip"):
        if shutil.which(program) is None:
            raise UnfitError(f"the program {program} is not installed")
    if Path("/sys/class/net", BRIDGE).exists():
        raise UnfitError(
            f"the network {BRIDGE} exists, so another engine runs here that does not answer us;"
            " set DOCKER_HOST to its address"
        )


def _start(work: Path) -> "subprocess.Popen[bytes]":
    command = (
        *("nice", "-n", "10", "dockerd", "--host", f"unix://{work / 'socket'}"),
        *("--data-root", str(work / "data"), "--exec-root", str(work / "state")),
        *("--pidfile", str(work / "pid"), "--config-file", str(work / "none.json")),
    )
    (work / "none.json").write_text("{}")
    with (work / "engine.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603  # our own command line
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def _await(engine: "subprocess.Popen[bytes]", address: str, work: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not works("docker", "--host", address, "version"):
        if engine.poll() is not None or time.monotonic() > deadline:
            lines = (work / "engine.log").read_text(errors="replace").strip().splitlines()
            raise UnfitError(f"an engine cannot be started here: {''.join(lines[-1:])}")
        time.sleep(0.5)


def _stop(engine: "subprocess.Popen[bytes]") -> None:
    engine.terminate()
    try:
        engine.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(engine.pid, signal.SIGKILL)
        engine.wait()


def _unmount(work: Path) -> None:
    """Let go of what an engine that was killed has left mounted, the innermost first."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in reversed([each for each in mounts if each.startswith(f"{work}/")]):
        works("umount", "--lazy", mount)


def _rules() -> dict[str, list[str]]:
    """Read the packet filter: by table, its chains and rules as `iptables-save` writes them."""
    tables: dict[str, list[str]] = {}
    table = ""
    for line in run("iptables-save").splitlines():
        if line.startswith("*"):
            table = line[1:]
            tables[table] = []
        elif line.startswith((":", "-A ")):
            tables[table].append(line)
    return tables


def _remove_rules_but(before: dict[str, list[str]]) -> None:
    """Take back what the engine has added to the packet filter, and the policies it has set."""
    for table, lines in _rules().items():
        kept = before.get(table, [])
        added = [line for line in lines if line.partition(" [")[0] not in _names(kept)]
        for line in (each for each in added if each.startswith("-A ")):
            _change(table, "-D", *line.split()[1:])
        chains = [line[1:].split() for line in added if line.startswith(":")]
        for name in (name for name, policy, *_ in chains if policy == "-"):
            _change(table, "-F", name)
        for name, policy, *_ in chains:
            if policy == "-":
                _change(table, "-X", name)
            else:
                _change(table, "-P", name, _policy(kept, name))


def _names(lines: list[str]) -> set[str]:
    """Leave out the counters, which change by themselves."""
    return {line.partition(" [")[0] for line in lines}


def _policy(kept: list[str], chain: str) -> str:
    """What a built-in chain did before; one that was not there lets everything through."""
    for line in kept:
        if line.startswith(f":{chain} "):
            return line.split()[1]
    return "ACCEPT"


def _change(table: str, *words: str) -> None:
    with suppress(BrokenError):
        run("iptables", "--wait", "--table", table, *words)
