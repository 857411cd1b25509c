"""The socket of one client: reads, writes, and the several ways to part."""

import asyncio
import socket
import time
from typing import TYPE_CHECKING, cast

from mitmproxy.connection import Client, ConnectionState

from addons.connection import Connection

if TYPE_CHECKING:
    from addons.listener import Listener

LINGER = 2.0
"""Seconds and bytes that are read over after an answer that ends the connection early."""
LINGER_BYTES = 64 * 1024 * 1024
STUCK = 300.0
"""Seconds in which a client takes nothing at all of an answer under way, before it is cut off."""
FLUSH = 30.0
"""Seconds in which a client takes nothing at all of what is left for it, before it is cut off."""
BUSY = 1.0
"""Seconds for a client that is turned away to read why."""

_CLOSE, _CLOSE_WAIT = 7, 8  # states of a TCP connection in <linux/tcp.h>


class ClientSocket(asyncio.BufferedProtocol):
    """What asyncio tells of a client's connection, and what can be done to it."""

    __slots__ = (
        "_deadline",
        "_half_closed",
        "_lingered",
        "_listener",
        "_owner",
        "_reading",
        "_transport",
        "_turned_away",
        "_unsent",
        "full",
    )

    def __init__(self, listener: "Listener") -> None:
        self.full = False
        """It takes no more for now."""
        self._listener = listener
        self._owner: Connection | None = None
        self._reading = True
        self._deadline = 0.0
        """Only while parting, and while it is full."""
        self._lingered = -1
        """Bytes read over since the goodbye; -1 before it."""
        self._unsent = 0
        self._half_closed = False
        """It sends no more."""
        self._turned_away = False

    # From asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        if peer is None:
            self._transport.abort()  # it has left already
        elif self._listener.enter(self):
            client = Client(
                peername=peer[:2],
                sockname=transport.get_extra_info("sockname")[:2],
                timestamp_start=time.time(),
                state=ConnectionState.OPEN,
            )
            self._owner = Connection(self, client, self._listener)
        else:
            self._transport.write(self._listener.busy())
            if self._listener.may_stay():
                self._turned_away = True
                self.linger()
                asyncio.get_running_loop().call_later(BUSY, self._transport.abort)
            else:
                self._transport.close()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._listener.buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._lingered >= 0:
            self._lingered += nbytes
            if self._lingered > LINGER_BYTES:
                self._transport.abort()
        elif self._owner is not None:
            self._owner.received(bytes(self._listener.buffer[:nbytes]))

    def eof_received(self) -> bool:
        self._half_closed = True
        if self._owner is None:
            self.close()
        elif not self._owner.waits_for_last_answer:
            self._owner.end(flush=True)
            self.close()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.cut()
        if self._turned_away:
            self._listener.has_read()
        self._listener.leave(self)

    def pause_writing(self) -> None:
        self.full = True
        if self._owner is not None:
            self._unsent = self._transport.get_write_buffer_size()
            self._deadline = self._listener.now + STUCK
            self._owner.client_full()

    def resume_writing(self) -> None:
        self.full = False
        if self._owner is not None:
            self._owner.client_ready()
        elif self._lingered >= 0:
            self._say_goodbye()

    # From the connection

    def write(self, data: bytes) -> None:
        """Send; what the kernel does not take waits in memory, and `full` says so."""
        self._transport.write(data)

    def read(self, *, wanted: bool) -> None:
        """Whether somebody takes what it sends."""
        if wanted != self._reading:
            self._reading = wanted
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def close(self) -> None:
        """Close when all is written."""
        self._owner = None
        self._lingered = -1
        self._unsent = self._transport.get_write_buffer_size()
        self._deadline = self._listener.now + FLUSH
        self._transport.close()

    def linger(self) -> None:
        """Say goodbye, read over what still comes for a moment, then close."""
        if self._half_closed:
            self.close()
            return
        self._owner = None
        self._lingered = 0
        self._deadline = self._listener.now + LINGER
        self.read(wanted=True)
        self._transport.set_write_buffer_limits(high=0)
        if not self.full:
            self._say_goodbye()

    def _say_goodbye(self) -> None:
        try:
            self._transport.write_eof()
        except OSError:  # the other side is gone, and nobody has told us yet
            self._transport.abort()

    def reset(self) -> None:
        """Close so that even an answer that ends with its connection is seen to be cut short."""
        self._owner = None
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self._transport.abort()

    # From the listener

    @property
    def busy(self) -> bool:
        """A visit is held or in flight."""
        return self._owner is not None and self._owner.busy

    def tick(self, now: float) -> None:
        """Look after it; called every second."""
        if self._owner is not None:
            if not (self._reading or self._half_closed) and self._has_left():
                self.cut()
            elif self.full and now >= self._deadline and not self._takes(now + STUCK):
                self._owner.end()
                self.reset()
            else:
                self._owner.tick(now)
        elif now < self._deadline:
            pass
        elif self._lingered >= 0:
            self.close()
        elif not self._takes(now + FLUSH):
            self._transport.abort()

    def drain(self) -> None:
        """No more visits after the one under way."""
        if self._owner is not None and self._owner.idle:
            self._owner.end()
            self.close()

    def cut(self) -> None:
        """Close now."""
        if self._owner is not None:
            self._owner.end()
            self._owner = None
        self._transport.abort()

    def _takes(self, deadline: float) -> bool:
        """Whether it has taken something since the last deadline; the next one is this."""
        before, self._unsent = self._unsent, self._transport.get_write_buffer_size()
        self._deadline = deadline
        return self._unsent != before

    def _has_left(self) -> bool:
        """While we do not read, only the kernel knows."""
        if not hasattr(socket, "TCP_INFO"):
            return False
        sock = self._transport.get_extra_info("socket")
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in (_CLOSE, _CLOSE_WAIT)
