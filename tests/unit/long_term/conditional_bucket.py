"""An S3 server in this process that honours `If-None-Match: *`, as Amazon's does."""

import asyncio
import hashlib
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from xml.sax.saxutils import escape, unescape

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class ConditionalBucket:
    """Objects in a dictionary, behind the few requests that an archive makes."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.conditions: list[str] = []
        """The `If-None-Match` headers that came."""

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/{bucket}/{name:path}", self._object, methods=["GET", "HEAD"]),
                Route("/{bucket}/{name:path}", self._put, methods=["PUT"]),
                Route("/{bucket}", self._list, methods=["GET"]),
                Route("/{bucket}", self._delete, methods=["POST"]),
            ]
        )

    async def _put(self, request: Request) -> Response:
        name, body = request.path_params["name"], await request.body()
        condition = request.headers.get("if-none-match", "")
        self.conditions.append(condition)
        if condition == "*" and name in self.objects:
            return Response(status_code=412)
        self.objects[name] = body
        return Response(headers={"ETag": _etag(body)})

    async def _object(self, request: Request) -> Response:
        name = request.path_params["name"]
        if not name:
            return await self._list(request)
        if name not in self.objects:
            return Response("<Error><Code>NoSuchKey</Code></Error>", status_code=404)
        body = self.objects[name]
        dated = {"ETag": _etag(body), "Last-Modified": "Mon, 05 Jan 2026 10:00:00 GMT"}
        return Response(body, headers=dated)

    async def _delete(self, request: Request) -> Response:
        names = re.findall("<Key>([^<]*)</Key>", (await request.body()).decode())
        for name in names:
            self.objects.pop(unescape(name), None)
        told = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in names)
        return Response(f"<DeleteResult>{told}</DeleteResult>", media_type="application/xml")

    async def _list(self, request: Request) -> Response:
        prefix = request.query_params.get("prefix", "")
        below = sorted(name for name in self.objects if name.startswith(prefix))
        files = [name for name in below if "/" not in name.removeprefix(prefix)]
        folders = sorted(
            {
                prefix + name.removeprefix(prefix).partition("/")[0] + "/"
                for name in below
                if "/" in name.removeprefix(prefix)
            }
        )
        contents = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(self.objects[name])}</Size>"
            "<LastModified>2026-01-05T10:00:00.000Z</LastModified><ETag>e</ETag></Contents>"
            for name in files
        )
        prefixes = "".join(
            f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in folders
        )
        answer = f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}{prefixes}"
        return Response(f"{answer}</ListBucketResult>", media_type="application/xml")


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


@asynccontextmanager
async def served(bucket: ConditionalBucket) -> AsyncIterator[str]:
    """Serve a bucket on a free port; gives the endpoint."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # so that a request waits for the server to begin
        config = uvicorn.Config(bucket.app(), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await task
