"""HAProxy's runtime socket: commands in, answers out, each on a connection of its own, one at a time."""

import asyncio
import socket
import sys
from collections.abc import Iterable
from pathlib import Path

from proxy.lanes import LaneError

DEADLINE = 5.0
"""Seconds for one exchange."""
BATCH = 12 * 1024
"""Bytes sent at once; HAProxy takes what fits its buffer of 16 KiB."""
MAX_FDS = 253
"""As many as the kernel passes at once."""
LONGEST = 64 * 1024 * 1024
"""Bytes of an answer."""


class RuntimeSocket:
    """Speaks with a running HAProxy. Every method raises LaneError when that does not answer, in words."""

    def __init__(self, path: Path, prefix: str = "") -> None:
        """`prefix` goes before each command line: a master passes what begins with `@!PID` on to that worker."""
        self._path = path
        self._prefix = prefix
        self._turn = asyncio.Lock()

    async def ask(self, command: str, answers: int = 1) -> str:
        """One command line and the answer to it; with `;` in between it is as many commands, and answers."""
        async with self._turn:
            try:
                async with asyncio.timeout(DEADLINE):
                    return await self._exchange(command, answers)
            except TimeoutError:
                raise LaneError(f"HAProxy has not answered within {DEADLINE:g}s") from None
            except OSError as error:
                raise LaneError(f"HAProxy does not answer: {error.strerror or error}") from None

    async def listeners(self) -> list[socket.socket]:
        """Duplicates of all sockets on which HAProxy listens; the caller closes them."""
        async with self._turn:
            try:
                return await asyncio.to_thread(self._listeners)
            except OSError as error:
                raise LaneError(f"HAProxy does not hand out its listeners: {error.strerror or error}") from None

    def _listeners(self) -> list[socket.socket]:
        """The exchange that HAProxy has with its successor on a reload: a count, then descriptors with their names."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(DEADLINE)
            connection.connect(str(self._path))
            connection.sendall(b"_getsocks\n")
            count = int.from_bytes(connection.recv(4), sys.byteorder)
            found: list[int] = []
            while len(found) < count:
                said, more, _, _ = socket.recv_fds(connection, 64 * 1024, MAX_FDS)
                if not said:
                    raise OSError("it closed the connection")
                found += more
                if len(found) < count:  # it waits for a word after each full message
                    connection.sendall(len(found).to_bytes(4, sys.byteorder))
        return [socket.socket(fileno=fd) for fd in found]

    async def do(self, commands: Iterable[str]) -> None:
        """Commands that say nothing when they succeed, in order, as many at once as fit."""
        batch: list[str] = []
        size = 0
        for command in commands:
            if batch and size + len(command.encode()) > BATCH:
                await self._quietly(self._together(batch), len(batch))
                batch, size = [], 0
            batch.append(command)
            size += len(command.encode()) + len(self._prefix) + 2
        if batch:
            await self._quietly(self._together(batch), len(batch))

    async def replace(self, map_name: str, entries: Iterable[tuple[str, str]]) -> None:
        """Give a map other contents, all at once."""
        said = await self.ask(f"prepare map {map_name}")
        version = said.rpartition(":")[2].strip()
        if not version.isdecimal():
            raise LaneError(f"HAProxy did not prepare {map_name}: {said.strip()[:200]}")
        lines: list[str] = []
        size = 0
        for key, value in entries:
            line = f"{key} {value}\n"
            if lines and size + len(line.encode()) > BATCH:
                await self._quietly(f"add map @{version} {map_name} <<\n{''.join(lines)}")
                lines, size = [], 0
            lines.append(line)
            size += len(line.encode())
        if lines:
            await self._quietly(f"add map @{version} {map_name} <<\n{''.join(lines)}")
        await self._quietly(f"commit map @{version} {map_name}")

    def _together(self, commands: list[str]) -> str:
        return f"; {self._prefix}".join(commands)

    async def _quietly(self, command: str, answers: int = 1) -> None:
        if said := (await self.ask(command, answers)).strip():
            raise LaneError(f"HAProxy refused {command[:80]!r}: {said[:200]}")

    async def _exchange(self, command: str, answers: int) -> str:
        """`answers` is for who cannot tell by the end of the connection."""
        reader, writer = await asyncio.open_unix_connection(self._path)
        try:
            writer.write(f"{self._prefix}{command}\n".encode())
            writer.write_eof()  # the master's socket waits for more commands until then
            await writer.drain()
            answer = bytearray()
            while piece := await reader.read(256 * 1024):
                answer += piece
                if len(answer) > LONGEST:
                    raise OSError("its answer does not end")
            if not answer:
                raise OSError("it closed the connection")
            return answer.decode("utf-8", "replace")
        finally:
            writer.transport.abort()
