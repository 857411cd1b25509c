"""An app for the tests: starts as the environment says, and answers every request with JSON about itself and it.

Only the standard library, so that it starts quickly and under any Python. Settings: NAME, START_DELAY (seconds
before it listens), GATE (a file before which it does not listen), NEEDS_FILE (a file without which it exits at once),
STARTS (a file that gets a line a start).
Paths: /slow?seconds= answers late, /stream?seconds= dribbles chunks, /bytes?n= sends bytes, /status?code= a status,
/hints sends 103 before 200, /echo is a WebSocket that sends back what it gets, /die ends the process without a word.
"""

import asyncio
import hashlib
import json
import os
import socket
import sys
import time
from urllib.parse import parse_qsl, urlsplit

NAME = os.environ.get("NAME", "app")
PIECE = 256 * 1024
HEAD_ONLY = {204, 304}

listening_at = 0.0


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, request after request."""
    try:
        while await answer(reader, writer):
            pass
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """One request; whether the connection lives on."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = [tuple(line.split(": ", 1)) for line in head[1:] if line]
    named = {name.lower(): value for name, value in headers}
    if named.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    length, digest = await receive(reader, named)
    url = urlsplit(target)
    asked = dict(parse_qsl(url.query))
    status = int(asked.get("code", "200")) if url.path == "/status" else 200
    match url.path:
        case "/die":
            os._exit(9)
        case "/slow":
            await asyncio.sleep(float(asked["seconds"]))
        case "/stream":
            await stream(writer, float(asked["seconds"]))
            return True
        case "/echo":
            from frames import echo

            await echo(named["sec-websocket-key"], reader, writer)
            return False
        case "/hints":
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n")
    if url.path == "/bytes":
        body = b"x" * int(asked["n"])
    else:
        body = json.dumps(
            {
                "app": NAME,
                "pid": os.getpid(),
                "listening_at": listening_at,
                "method": method,
                "target": target,
                "headers": headers,
                "length": length,
                "sha256": digest,
            }
        ).encode()
    head_lines = [f"HTTP/1.1 {status} Whatever", "Content-Type: application/json", f"X-App: {NAME}"]
    if status not in HEAD_ONLY:
        head_lines.append(f"Content-Length: {len(body)}")
    if method == "HEAD" or status in HEAD_ONLY:
        body = b""
    writer.write("\r\n".join([*head_lines, "", ""]).encode() + body)  # in one piece, or it waits for the other's ACK
    await writer.drain()
    return named.get("connection", "").lower() != "close"


async def receive(reader: asyncio.StreamReader, headers: dict[str, str]) -> tuple[int, str]:
    """Read the body without keeping it: its length and its SHA-256."""
    digest, length = hashlib.sha256(), 0

    async def take(rest: int) -> None:
        nonlocal length
        while rest:
            piece = await reader.read(min(rest, PIECE))
            if not piece:
                raise ConnectionResetError("the body ended early")
            digest.update(piece)
            length += len(piece)
            rest -= len(piece)

    if "chunked" in headers.get("transfer-encoding", ""):
        while size := int((await reader.readline()).split(b";")[0], 16):
            await take(size)
            await reader.readline()
        await reader.readline()
    else:
        await take(int(headers.get("content-length", "0")))
    return length, digest.hexdigest()


async def stream(writer: asyncio.StreamWriter, seconds: float) -> None:
    """A chunk each 50 ms."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        writer.write(b"5\r\ntick\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def main() -> None:
    """Listen until somebody ends it."""
    global listening_at
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
    listening_at = time.monotonic()
    server = await asyncio.start_server(serve, sock=listener, limit=PIECE)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    if starts := os.environ.get("STARTS"):
        with open(starts, "a") as file:  # noqa: PTH123 - a line at once, whoever else writes
            file.write(json.dumps({"app": NAME, "pid": os.getpid(), "at": time.monotonic()}) + "\n")
    if (needed := os.environ.get("NEEDS_FILE")) and not os.path.exists(needed):  # noqa: PTH110 - pathlib is slow to load
        sys.stderr.write(f"{needed} is missing\n")
        sys.exit(3)
    time.sleep(float(os.environ.get("START_DELAY", "0")))
    while (gate := os.environ.get("GATE")) and not os.path.exists(gate):  # noqa: PTH110 - as above
        time.sleep(0.01)
    asyncio.run(main())
