"""Finds the gateway: of the stack on the data folder, or the one that the environment names."""

import os
from collections.abc import Mapping
from pathlib import Path

from services.cli.client import Gateway
from services.settings import Settings
from services.stack.connection import connected


def settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings, completed by the addresses of the running stack.

    Raises:
        SettingsError: the environment is wrong.
        StorageError: there is a record of a stack that cannot be read.
    """
    return Settings.from_environ(connected(os.environ if environ is None else environ))


def gateway() -> Gateway:
    """Open the gateway that commands talk to; raises as `settings` does."""
    return Gateway(settings().gateway_url)


def published(where: str, folder: Path) -> str:
    """Name a published text: by its whole path when it is on this machine, else as it is."""
    path = folder.resolve() / where
    return str(path) if path.is_file() else where
