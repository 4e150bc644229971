"""One bucket of S3-compatible storage, below a prefix: its requests, and its errors as ours."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from services.errors import SettingsError, StorageError, UnavailableError

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Store

DEADLINE_SECONDS: Final = 30.0
"""How long what belongs together may take in all; a step's own margin is of the same order."""

REQUEST: Final = timedelta(seconds=10)
"""How long one request may take: a value of three megabytes on a slow line, and to spare."""

CONNECT: Final = timedelta(seconds=2)
RETRIES: Final = 2
"""Of one request that met a server error or a broken connection."""

_NO_BUCKET: Final = "NoSuchBucket"
_FORM: Final = "give it as s3://bucket/prefix?endpoint=http://host:port (the endpoint is optional)"


@dataclass(frozen=True)
class Credentials:
    """Who asks; where the key is empty, the client finds an identity of the machine's own."""

    key: str = ""
    secret: SecretStr = field(default=SecretStr(""), repr=False)
    token: SecretStr = field(default=SecretStr(""), repr=False)
    region: str = ""


@dataclass(frozen=True)
class Place:
    """Where objects are: a bucket, how their names begin, and the server if it is not AWS."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""

    @classmethod
    def read(cls, url: str) -> Self:
        """Read `s3://bucket/prefix?endpoint=http://host:port`.

        Raises:
            SettingsError: it is no such address. Nothing of it is shown but its beginning.
        """
        parts = urlsplit(url)
        options = parse_qs(parts.query, keep_blank_values=True)
        if parts.scheme != "s3" or not parts.netloc or parts.username or parts.fragment:
            raise SettingsError(f"ORCHESTRA_ARCHIVE_URL is no address of a bucket; {_FORM}")
        if unknown := set(options) - {"endpoint"}:
            raise SettingsError(
                f"ORCHESTRA_ARCHIVE_URL has unknown options ({', '.join(sorted(unknown))}); {_FORM}"
            )
        [endpoint] = options.get("endpoint", [""])[-1:]
        if endpoint and urlsplit(endpoint).scheme not in ("http", "https"):
            raise SettingsError(f"the endpoint in ORCHESTRA_ARCHIVE_URL has no http(s)://; {_FORM}")
        return cls(parts.netloc, parts.path.strip("/"), endpoint)

    def __str__(self) -> str:
        """Name the place, without options."""
        name = "/".join(part for part in (self.bucket, self.prefix) if part)
        return f"s3://{name} at {self.endpoint}" if self.endpoint else f"s3://{name}"


class Bucket:
    """Objects by name.

    Every method raises StorageError when the bucket cannot be used, and UnavailableError when it
    does not answer.
    """

    def __init__(self, url: str, credentials: Credentials | None = None) -> None:
        """Prepare; nothing is sent yet, and there is nothing to close.

        Raises:
            SettingsError: the address is none of a bucket.
        """
        self.place = Place.read(url)
        self._credentials = credentials or Credentials()
        self._opened: S3Store | None = None

    async def get(self, name: str) -> bytes | None:
        """Read an object; None when there is none."""
        async with self._translated():
            try:
                answer = await self._store().get_async(name)
                return bytes(await answer.bytes_async())
            except FileNotFoundError as error:
                if _NO_BUCKET in str(error):
                    raise
                return None

    async def put(self, name: str, body: bytes) -> None:
        """Write an object, whatever is there."""
        async with self._translated():
            # One request: an object is there whole or not at all.
            await self._store().put_async(name, body, use_multipart=False)

    async def create(self, name: str, body: bytes) -> bool:
        """Write an object where there is none (`If-None-Match: *`); tell whether it was written.

        A server that does not know this header writes in any case.
        """
        from obstore import exceptions  # noqa: PLC0415 - 10 MB that a folder does not need

        async with self._translated():
            try:
                await self._store().put_async(name, body, use_multipart=False, mode="create")
            except exceptions.AlreadyExistsError:
                return False
        return True

    async def exists(self, name: str) -> bool:
        """Whether there is such an object."""
        async with self._translated():
            try:
                await self._store().head_async(name)
            except FileNotFoundError:
                return False
        return True

    async def names(self, folder: str) -> tuple[str, ...]:
        """List the last parts of the names of objects directly below a folder, sorted."""
        async with self._translated():
            found = await self._store().list_with_delimiter_async(folder)
        return _last_parts(each["path"] for each in found["objects"])

    async def folders(self, folder: str) -> tuple[str, ...]:
        """List the folders directly below a folder, sorted."""
        async with self._translated():
            found = await self._store().list_with_delimiter_async(folder)
        return _last_parts(found["common_prefixes"])

    async def delete(self, name: str) -> None:
        """Remove an object; one that is not there is removed."""
        async with self._translated():
            with suppress(FileNotFoundError):
                await self._store().delete_async(name)

    async def together(self, work: Iterable[Coroutine[None, None, None]]) -> None:
        """Do everything within the deadline; the first error ends the rest."""
        tasks = [asyncio.ensure_future(each) for each in work]
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await asyncio.gather(*tasks)
        except TimeoutError as error:
            raise UnavailableError(self._silent()) from error
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _store(self) -> "S3Store":
        if self._opened is None:
            self._opened = _open(self.place, self._credentials)
        return self._opened

    def _silent(self) -> str:
        return f"the archive {self.place} does not answer; check that the server runs"

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        """Turn the client library's errors into ours, once; their texts quote whole requests."""
        from obstore import exceptions  # noqa: PLC0415 - 10 MB that a folder does not need

        try:
            yield
        except FileNotFoundError as error:
            raise StorageError(
                f"the archive {self.place} cannot be used: there is no such bucket;"
                " create it, or mend ORCHESTRA_ARCHIVE_URL"
            ) from error
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
            raise StorageError(
                f"the archive {self.place} cannot be used: access is denied; look at"
                " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and at what they may do there"
            ) from error
        except exceptions.GenericError as error:
            raise _generic(self.place, self._silent(), error) from error
        except (exceptions.BaseError, ValueError) as error:
            raise StorageError(
                f"the archive {self.place} cannot be used: {type(error).__name__};"
                " look at ORCHESTRA_ARCHIVE_URL"
            ) from error


def _last_parts(paths: Iterable[str]) -> tuple[str, ...]:
    # A server may list an object twice while it is being written.
    return tuple(sorted({path.rpartition("/")[2] for path in paths}))


def _generic(place: Place, silent: str, error: Exception) -> StorageError | UnavailableError:
    """Tell a server that refuses from one that is not there: the text is all there is to go by."""
    told = str(error)
    if "Server returned non-2xx status code: 507" in told or "StorageFull" in told:
        return StorageError(f"the archive {place} cannot be used: it is full; free some space")
    if "Server returned non-2xx status code: 4" in told:
        return StorageError(
            f"the archive {place} cannot be used: the request is refused, there or where an"
            " identity was asked for; look at ORCHESTRA_ARCHIVE_URL, AWS_ACCESS_KEY_ID, AWS_REGION"
        )
    return UnavailableError(silent)


def _open(place: Place, credentials: Credentials) -> "S3Store":
    """Open the client. What is not given it reads from the usual AWS variables by itself."""
    from obstore.store import S3Store  # noqa: PLC0415 - 10 MB that a folder does not need

    config: S3Config = {"region": credentials.region or "us-east-1"}
    if credentials.key:
        config["access_key_id"] = credentials.key
        config["secret_access_key"] = credentials.secret.get_secret_value()
    if credentials.token.get_secret_value():
        config["session_token"] = credentials.token.get_secret_value()
    if place.endpoint:
        config["endpoint"] = place.endpoint
    return S3Store(
        place.bucket,
        prefix=place.prefix or None,
        config=config,
        client_options={
            "allow_http": place.endpoint.startswith("http://"),
            "timeout": REQUEST,
            "connect_timeout": CONNECT,
        },
        retry_config={
            "max_retries": RETRIES,
            "retry_timeout": REQUEST,
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=1),
                "base": 2,
            },
        },
    )
