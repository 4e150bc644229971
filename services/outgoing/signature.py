"""Signatures as Standard Webhooks 1.0.0 asks for them: HMAC-SHA256 of `id.timestamp.body`.

The scheme and its limits are from github.com/standard-webhooks/standard-webhooks.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

from services.errors import SettingsError

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
SHORTEST_BYTES: Final = 24
LONGEST_BYTES: Final = 64
"""Standard Webhooks allows 192 to 512 bits."""


def new_secret() -> str:
    """Make a secret of 256 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """Read the key out of a secret, with or without its prefix.

    Raises:
        SettingsError: it is no secret of 24 to 64 bytes. Nothing of it is shown.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not SHORTEST_BYTES <= len(key) <= LONGEST_BYTES:
        raise SettingsError(
            f"a signing secret has to be `{PREFIX}` and the base64 of {SHORTEST_BYTES} to"
            f" {LONGEST_BYTES} bytes"
        )
    return key


def signed_headers(
    keys: Sequence[str], message: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """Write the headers of a signed post.

    Args:
        keys: the secrets that hold now; several while one is replaced, newest first.
        message: the id, the same at every repetition, without a full stop.
        timestamp: Unix seconds of this attempt.
        body: exactly the bytes that are sent.
    """
    signatures = (_signature(key_of(key), message, timestamp, body) for key in keys)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _signature(key: bytes, message: str, timestamp: int, body: bytes) -> str:
    signed = f"{message}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
