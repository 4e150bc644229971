"""Opens the embedded model, which listens on loopback alone, to the other containers. Stdlib only.

The model runs as a child process; connections from outside are carried to it byte for byte. A
client that hangs up is hung up on there too, so that nothing is generated for nobody. Ends when
the model ends, with its exit code.
"""

import asyncio
import contextlib
import signal
import sys

COMMAND = (sys.executable, "-m", "services.stack.embedded_model")
HOST = "127.0.0.1"
INNER_PORT = 8090
OUTER_PORT = 8091
CHUNK_BYTES = 64 * 1024


async def main() -> int:
    """Run the model until it ends or SIGTERM comes; give its exit code."""
    model = await asyncio.create_subprocess_exec(*COMMAND, "--port", str(INNER_PORT))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _end, model)
    # Other containers are the only ones who can reach this: the port is not published.
    server = await asyncio.start_server(_carry, "0.0.0.0", OUTER_PORT)  # noqa: S104
    try:
        code = await model.wait()
    finally:
        server.close()
    return 128 - code if code < 0 else code


def _end(model: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        model.terminate()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one connection both ways until either side is done."""
    try:
        inner_reader, inner_writer = await asyncio.open_connection(HOST, INNER_PORT)
    except OSError:
        writer.close()
        return
    ways = {
        asyncio.create_task(_pump(reader, inner_writer)),
        asyncio.create_task(_pump(inner_reader, writer)),
    }
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        writer.close()
        inner_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
