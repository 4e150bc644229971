"""What the trial takes from Debian where no engine and no image can be had otherwise.

Which mirror is used is read from the machine's own package sources.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from compose_trial.command import MINUTE, run
from compose_trial.outcome import BrokenError, UnfitError

ENGINE_PACKAGES = ("docker.io", "iptables", "iproute2")
MAKER = "debootstrap"
"""Program and package that base images are made with."""

PLUGIN_SUITE = "trixie"
"""The first Debian with Compose 2 and BuildKit's client; its programs run on the one before."""

PLUGINS = {"docker-compose": "docker-compose", "docker-buildx": "docker-buildx"}
"""Package by plugin."""

BASE_SUITE = "bookworm"
"""Its Python is 3.11."""

BASE_PACKAGES = ("ca-certificates", "python3", "python3-venv")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
CERTIFICATES = Path("etc/ssl/certs/ca-certificates.crt")
"""In the base image, from its root."""


def is_root_on_debian() -> bool:
    """Tell whether packages can be had here the way this module has them."""
    return os.geteuid() == 0 and _release().get("ID") == "debian"


def install(*packages: str) -> None:
    """Install packages with what they need and nothing that they only recommend.

    Raises:
        BrokenError: apt fails.
    """
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "update", "-qq", environment=quiet, timeout_seconds=5 * MINUTE)
    command = ("apt-get", "install", "-qq", "--yes", "--no-install-recommends")
    run(*command, *packages, environment=quiet, timeout_seconds=10 * MINUTE)


def fetch_plugins(work: Path, plugins: Path) -> None:
    """Unpack Compose and BuildKit's client into a folder of plugins; nothing is installed.

    Raises:
        BrokenError: apt fails.
        UnfitError: the machine's package sources name no mirror of Debian.
    """
    lists = work / "apt"
    (lists / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    source = lists / "sources.list"
    source.write_text(f"deb [signed-by={KEYRING}] {mirror()} {PLUGIN_SUITE} main\n")
    options = (
        *("-o", f"Dir::State::lists={lists / 'lists'}", "-o", f"Dir::Cache={lists}"),
        *("-o", f"Dir::Etc::sourcelist={source}", "-o", "Dir::Etc::sourceparts=-"),
        *("-o", "APT::Sandbox::User=root"),
    )
    run("apt-get", *options, "update", "-qq", timeout_seconds=5 * MINUTE)
    run(
        *("apt-get", *options, "download", "-qq", *PLUGINS.values()),
        cwd=str(lists),
        timeout_seconds=5 * MINUTE,
    )
    for package in sorted(lists.glob("*.deb")):
        run("dpkg", "-x", str(package), str(lists / "unpacked"))
    plugins.mkdir(parents=True, exist_ok=True)
    for name in PLUGINS:
        shutil.copy2(_only(lists.glob(f"unpacked/**/cli-plugins/{name}")), plugins / name)
    shutil.rmtree(lists)


def make_root(root: Path) -> None:
    """Make a small Debian with Python in a folder, trusting whom this machine trusts.

    Raises:
        BrokenError: debootstrap fails.
        UnfitError: the machine's package sources name no mirror of Debian.
    """
    run(
        *("nice", "-n", "10", MAKER, "--variant=minbase"),
        *(f"--include={','.join(BASE_PACKAGES)}", BASE_SUITE, str(root), mirror()),
        timeout_seconds=15 * MINUTE,
    )
    for pattern in ("var/cache/apt/archives/*.deb", "var/lib/apt/lists/*_*"):
        for file in root.glob(pattern):
            file.unlink()
    # Where a network brings certificates of its own, builds in containers need them too.
    bundle = Path(os.environ.get("SSL_CERT_FILE") or Path("/") / CERTIFICATES)
    if bundle.is_file():
        shutil.copyfile(bundle, root / CERTIFICATES)


def mirror() -> str:
    """Read from the machine's package sources where Debian comes from.

    Raises:
        UnfitError: they do not say.
    """
    targets = run(
        *(
            "apt-get",
            "indextargets",
            "--format",
            "$(CREATED_BY) $(COMPONENT) $(CODENAME) $(REPO_URI)",
        ),
    )
    wanted = ["Packages", "main", _release().get("VERSION_CODENAME", "")]
    for line in targets.splitlines():
        *kind, address = line.split()
        if kind == wanted:
            return address
    raise UnfitError("the machine's package sources name no mirror of Debian")


def _release() -> dict[str, str]:
    path = Path("/etc/os-release")
    lines = path.read_text().splitlines() if path.is_file() else []
    pairs = (line.split("=", 1) for line in lines if "=" in line)
    return {name: value.strip('"') for name, value in pairs}


def _only(found: Iterator[Path]) -> Path:
    for path in found:
        return path
    raise BrokenError(f"the packages of {PLUGIN_SUITE} hold no plugin where they used to")
