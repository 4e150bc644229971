"""A gateway that answers from a table, on a free port: what the commands talk to in these tests."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

RUN = "01K000000000000000000000AA"


@dataclass
class CannedGateway:
    """Answers by method and path; keeps what it was asked."""

    answers: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    url: str = ""

    def has(self, request: str, body: object, status: int = 200) -> None:
        """Answer `GET /v1/runs` and alike with JSON."""
        kind = "application/json" if status < 400 else "application/problem+json"
        self.answers[request] = (status, kind, json.dumps(body).encode())

    def streams(self, request: str, *events: tuple[str, object]) -> None:
        """Answer with an event stream."""
        text = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)
        self.answers[request] = (200, "text/event-stream", text.encode())


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[CannedGateway]:
    """A canned gateway that the environment names."""
    canned = CannedGateway()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_PUT(self) -> None:
            self._answer()

        def do_PATCH(self) -> None:
            self._answer()

        def do_DELETE(self) -> None:
            self._answer()

        def _answer(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            body = json.loads(self.rfile.read(length) or b"null")
            request = f"{self.command} {self.path}"
            canned.asked.append((request, dict(self.headers), body))
            missing = b'{"status": 404, "title": "no", "detail": "not canned"}'
            bare = request.partition("?")[0]
            unknown = (404, "application/problem+json", missing)
            status, kind, content = canned.answers.get(request, canned.answers.get(bare, unknown))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    canned.url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("ORCHESTRA_GATEWAY_URL", canned.url)
    monkeypatch.setenv("ORCHESTRA_DATA_DIR", str(tmp_path / "data"))
    yield canned
    server.shutdown()
    thread.join()
    server.server_close()
