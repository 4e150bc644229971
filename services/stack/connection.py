"""How another process of this machine finds the stack that runs on its data folder."""

from collections.abc import Mapping

from services.settings import Settings
from services.stack.model_choice import without_endpoint
from services.stack.record import StackRecord, stack_state

PREFERENCES = ("ORCHESTRA_GATEWAY_PORT",)
"""What a stack takes as a wish; the port that it really uses is in its record."""


def connected(environ: Mapping[str, str]) -> dict[str, str]:
    """Complete an environment with the addresses of the running stack, if one runs.

    An address that the environment names itself stays, so that a command can be sent to another
    installation. The model is the stack's in any case: half of one and half of another fits none.

    Raises:
        SettingsError: the environment is wrong.
        StorageError: there is a record of a stack that cannot be read.
    """
    record = stack_state(Settings.from_environ(environ).data_dir.resolve())
    return led_by(record, environ) if record else dict(environ)


def led_by(record: StackRecord, environ: Mapping[str, str]) -> dict[str, str]:
    """Complete an environment with the addresses of a stack."""
    kept = without_endpoint(environ, record.model.source)
    for name in PREFERENCES:
        kept.pop(name, None)
    return record.environment | kept
