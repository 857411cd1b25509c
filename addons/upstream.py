"""The socket to an upstream, on behalf of one client's connection."""

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING, cast

from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import commands

from addons.keep_alive import ask_after_silent_peers

if TYPE_CHECKING:
    from addons.connection import Connection

RESCUE = 256 * 1024
"""Bytes of an answer that are still read from a connection that broke under a request's body."""
FLUSH = 10.0
"""Seconds an upstream has to take what was written to it before the connection was closed."""


class UpstreamSocket(asyncio.BufferedProtocol):
    """One connection to an upstream; all it learns goes to the layers of its client's connection."""

    def __init__(self, owner: "Connection", command: commands.OpenConnection, buffer: memoryview) -> None:
        self.out: list[bytes] = []
        """To be written when the current event has been dealt with."""
        self.full = False
        """It takes no more for now."""
        self._owner: Connection | None = owner
        self._command = command
        self._server = command.connection
        self._buffer = buffer
        self._reading = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.state = ConnectionState.OPEN
        ask_after_silent_peers(transport.get_extra_info("socket"))
        if self._owner is not None:
            self._owner.upstream_opened(self._command, self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._owner is not None:
            self._owner.upstream_received(self._server, bytes(self._buffer[:nbytes]))

    def eof_received(self) -> bool:
        self._lost()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and self._owner is not None:
            self._rescue()
        self._lost()

    def pause_writing(self) -> None:
        self.full = True
        if self._owner is not None:
            self._owner.regulate()

    def resume_writing(self) -> None:
        self.full = False
        if self._owner is not None:
            self._owner.regulate()

    def read(self, *, wanted: bool) -> None:
        """Whether somebody takes what it sends."""
        if wanted != self._reading and not self._transport.is_closing():
            self._reading = wanted
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def flush(self) -> None:
        """Write what has been collected."""
        if self.out:
            data, self.out = self.out, []
            self._transport.write(data[0] if len(data) == 1 else b"".join(data))

    def close(self) -> None:
        """Close when all is written; nothing is heard from it any more."""
        self.flush()
        self._owner = None
        self._server.state = ConnectionState.CLOSED
        self._transport.close()
        if self._transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(FLUSH, self._transport.abort)

    def abort(self) -> None:
        """Close now."""
        self._owner = None
        self._server.state = ConnectionState.CLOSED
        self._transport.abort()

    def _lost(self) -> None:
        owner, self._owner = self._owner, None
        self._server.state = ConnectionState.CLOSED
        if owner is not None:
            owner.upstream_closed(self._server)

    def _rescue(self) -> None:
        """An upstream that refuses a body answers and closes; our writing then fails before we read the answer."""
        sock = self._transport.get_extra_info("socket")
        left = RESCUE
        with contextlib.suppress(OSError):
            while left > 0 and self._owner is not None and (data := os.read(sock.fileno(), min(left, 65536))):
                left -= len(data)
                self._owner.upstream_received(self._server, data)
