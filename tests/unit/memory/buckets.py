"""A real S3 server over a folder, started on a free port."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from obstore.store import S3Store
from pydantic import SecretStr

from services.memory.bucket import Credentials
from services.memory.object_archive import ObjectArchive

KEY, SECRET = "a-key", "a-secret-that-nobody-may-see"


BUCKET = "bucket"


@dataclass(frozen=True)
class Bucket:
    """A bucket of a server, below a prefix of the test's own."""

    endpoint: str
    prefix: str

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}/{self.prefix}?endpoint={self.endpoint}"

    def archive(self, **changes: str) -> ObjectArchive:
        secret = SecretStr(changes.get("secret", SECRET))
        return ObjectArchive(changes.get("url", self.url), Credentials(KEY, secret))

    def objects(self) -> list[str]:
        return sorted(each["path"] for chunk in self._store().list() for each in chunk)

    def damage(self, name: str, body: bytes) -> None:
        """Put other bytes into an object, as a faulty server or a stranger would."""
        self._store().put(name, body, use_multipart=False)

    def delete(self, name: str) -> None:
        self._store().delete(name)

    def _store(self) -> S3Store:
        return S3Store(
            BUCKET,
            prefix=self.prefix,
            endpoint=self.endpoint,
            access_key_id=KEY,
            secret_access_key=SECRET,
            region="us-east-1",
            client_options={"allow_http": True},
        )


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder with one bucket in it; gives the endpoint."""
    (folder / BUCKET).mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    program = Path(sys.executable).with_name("rclone")
    command = [str(program), "serve", "s3", "--addr", f"127.0.0.1:{port}"]
    command += [f"--auth-key={KEY},{SECRET}", "--config=/dev/null"]
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, str(folder)], stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the S3 server did not start")
