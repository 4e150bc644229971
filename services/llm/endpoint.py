"""The connection to one endpoint that speaks the OpenAI protocol, shared by chat and embeddings."""

from ipaddress import ip_address
from types import TracebackType
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

from services.errors import SettingsError
from services.llm.bounds import bounded

OPENAI_URL: Final = "https://api.openai.com/v1"

CONNECT_SECONDS: Final = 10.0
"""How long the endpoint may take to accept a connection; the reply has its own deadline."""


class Endpoint:
    """One base URL with one key. Whoever makes it closes it."""

    def __init__(self, base_url: str = "", api_key: str = "") -> None:
        """Make the client; nothing is sent yet.

        Args:
            base_url: up to and with `/v1`; empty for OpenAI itself.
            api_key: empty for servers that ask for none.

        Raises:
            SettingsError: the address or the key cannot be used.
        """
        address = _address(base_url or OPENAI_URL)
        self.host = address.netloc.rpartition("@")[2]
        """Host and port, for messages."""

        self.is_openai = _is_openai(address.hostname or "")
        """Whether OpenAI (or its models at Azure) answers here, and not a lookalike."""

        self.client = AsyncOpenAI(
            base_url=address.geturl(),
            api_key=_key(api_key),
            max_retries=0,
            timeout=Timeout(None, connect=CONNECT_SECONDS),
            # A compressed reply could unpack to any size after it was counted.
            default_headers={"Accept-Encoding": "identity"},
            http_client=DefaultAsyncHttpxClient(
                event_hooks={"response": [bounded]},
                # The environment may name a proxy, which cannot reach this machine's own ports.
                trust_env=not _is_loopback(address.hostname or ""),
            ),
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self.client.close()

    async def __aenter__(self) -> Self:
        """Use it as a context that closes it."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all connections."""
        await self.aclose()


def _address(base_url: str) -> SplitResult:
    # The address is not repeated in the message: it may hold a password.
    mend = "OPENAI_BASE_URL is no address: write it like http://127.0.0.1:8000/v1"
    try:
        address = urlsplit(base_url.strip())
        named = address.scheme in {"http", "https"} and address.hostname and address.port != 0
        usable = named and base_url.strip().isprintable()
    except ValueError as error:
        raise SettingsError(mend) from error
    if not usable:
        raise SettingsError(mend)
    return address


def _key(api_key: str) -> str:
    key = api_key.strip()
    if not (key.isascii() and key.isprintable()):
        raise SettingsError("OPENAI_API_KEY holds characters that no key has: copy it again")
    return key or "none"


def _is_openai(hostname: str) -> bool:
    return hostname.endswith((".openai.com", ".openai.azure.com"))


def _is_loopback(hostname: str) -> bool:
    try:
        return ip_address(hostname).is_loopback
    except ValueError:
        return hostname == "localhost"
