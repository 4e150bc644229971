"""Finds the gateway: of the stack on the data folder, or the one that the environment names."""

import os
from collections.abc import Mapping
from pathlib import Path

from services.cli.client import Gateway
from services.errors import UnavailableError
from services.settings import Settings
from services.stack.connection import connected
from services.stack.record import read_record, stack_state


def settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings, completed by the addresses of the running stack.

    Raises:
        SettingsError: the environment is wrong.
        StorageError: there is a record of a stack that cannot be read.
    """
    return Settings.from_environ(connected(os.environ if environ is None else environ))


def gateway() -> Gateway:
    """Open the gateway that commands talk to; raises as `settings` does.

    Raises:
        UnavailableError: the data folder that the environment names has no running stack. What
            listens at the usual address would be another installation's.
    """
    found = settings()
    folder = found.data_dir.resolve()
    is_meant = "ORCHESTRA_DATA_DIR" in os.environ or read_record(folder) is not None
    if is_meant and "ORCHESTRA_GATEWAY_URL" not in os.environ and stack_state(folder) is None:
        raise UnavailableError(
            f"no stack runs on {found.data_dir}; start it with `orchestra up`, or name a"
            " gateway with ORCHESTRA_GATEWAY_URL"
        )
    return Gateway(found.gateway_url)


def published(where: str, folder: Path) -> str:
    """Name a published text: by its whole path when it is on this machine, else as it is."""
    path = folder.resolve() / where
    return str(path) if path.is_file() else where
