"""Many visits at once, on plain sockets: as little as possible stands between the socket and the clock."""

import asyncio
import contextlib
import resource
import time
from collections.abc import Iterator
from typing import NamedTuple

STREAM_LIMIT = 16 * 1024


class Seen(NamedTuple):
    """One answer, as its visitor saw it."""

    status: int
    first_byte: float
    """Reading of the monotonic clock, which all processes share on Linux."""
    body: bytes


async def visit(address: tuple[str, int], app: str, path: str = "/") -> Seen:
    """One request on a connection of its own."""
    reader, writer = await asyncio.open_connection(*address, limit=STREAM_LIMIT)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {app}.localhost\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        first = await reader.read(1)
        at = time.monotonic()
        head, _, body = (first + await reader.read()).partition(b"\r\n\r\n")
        return Seen(int(head.split(b" ", 2)[1]), at, body)
    finally:
        writer.close()


async def visits(address: tuple[str, int], app: str, number: int, within: float) -> list[Seen]:
    """So many visits at once."""
    async with asyncio.timeout(within), asyncio.TaskGroup() as group:
        tasks = [group.create_task(visit(address, app)) for _ in range(number)]
    return [task.result() for task in tasks]


@contextlib.contextmanager
def many_files() -> Iterator[None]:
    """As many open files as the system allows, for the length of the block."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
