"""Torpor's side of the keeper: starts it, speaks with it, and kills what is left when it has been killed itself."""

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from scaler.runtimes.process.keeper import procfs

_DIRECTORY = Path(__file__).with_name("keeper")
_FAREWELL = 12.0
"""Seconds for a keeper to end what it still has and then itself; see the graces in keeper/loop.py."""
_SWEEP = 3.0


class Keeper:
    """A running keeper process. Messages are described in keeper/__init__.py."""

    def __init__(
        self, process: Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, nonce: str
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self.nonce = nonce
        self.alive = True

    @classmethod
    async def hire(cls) -> Self:
        """Start one. Raises OSError. Apps inherit Torpor's environment of now, less what is Torpor's own in it."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TORPOR_")}
        nonce = secrets.token_hex(8)
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    *("-I", "-S", str(_DIRECTORY), str(theirs.fileno()), nonce),
                    stdin=DEVNULL,
                    stdout=DEVNULL,
                    cwd="/",
                    env=environment,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            reader, writer = await asyncio.open_connection(sock=ours)
        except BaseException:
            ours.close()
            raise
        return cls(process, reader, writer, nonce)

    @property
    def pid(self) -> int:
        """The keeper's own process."""
        return self._process.pid

    def send(self, **order: object) -> None:
        """Give an order; one to a keeper that has died is lost with it."""
        self._writer.write(json.dumps(order).encode() + b"\n")

    async def reports(self) -> AsyncIterator[dict[str, Any]]:
        """What it reports, until it has ended."""
        with suppress(ConnectionError):
            async for line in self._reader:
                yield json.loads(line)
        self.alive = False

    def dismiss(self) -> None:
        """Let it end what it still has, and itself."""
        self._writer.close()

    async def ended(self) -> int:
        """Its exit code, or minus the signal, once it has ended; it is killed when it takes too long."""
        self._writer.close()
        try:
            async with asyncio.timeout(_FAREWELL):
                return await self._process.wait()
        except TimeoutError:
            self._process.kill()
            return await self._process.wait()


def sweep(nonce: str, sessions: Collection[int]) -> None:
    """Kill what a dead keeper's apps have left: their sessions, and who carries the keeper's mark. Blocks for a while.

    The apps' main processes died with their keeper; who they had started did not.
    """
    end = time.monotonic() + _SWEEP
    while time.monotonic() < end:
        left = [
            process.pid
            for process in procfs.table().values()
            if process.session in sessions or procfs.marked(process.pid, nonce) != procfs.STRAY
        ]
        if not left:
            return
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
