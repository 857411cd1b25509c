"""Moves the bytes of one client: runs mitmproxy's sans-io layers on asyncio's transports, without a task at rest.

mitmproxy's own handler keeps three tasks and two stream readers a connection, reads on while a hook waits, and lives
on half dead after an error in a layer. A held visit here costs its objects and nothing else: reading stops when
`BACKLOG` bytes wait that nobody takes, what is written to one side waits for the other, and an error ends it.

Whatever happens, `_end` runs once and first: it tells the addons (`client_disconnected`), where the visit that is
still open is handed back.
"""

import asyncio
import logging
import socket
import time
from collections import deque
from collections.abc import Awaitable
from typing import TYPE_CHECKING, cast

from mitmproxy import connection
from mitmproxy.connection import Client, ConnectionState, Server
from mitmproxy.proxy import commands, events, server_hooks
from mitmproxy.proxy.context import Context

from addons.layers.commands import AbortConnection, HeadOverdue, LingerAndClose
from addons.layers.visits import VisitLayer
from addons.upstream import UpstreamSocket

if TYPE_CHECKING:
    from addons.listener import Listener

logger = logging.getLogger(__name__)

BACKLOG = 64 * 1024
"""Bytes from a client that may wait in memory before we stop reading."""
LINGER = 2.0
"""Seconds and bytes that are read over after an answer that ends the connection early."""
LINGER_BYTES = 64 * 1024 * 1024
FLUSH = 30.0
"""Seconds without progress in which a client takes nothing of what is left for it."""
CONNECT_TIMEOUT = 5.0
"""Seconds to reach an upstream."""

_TCP_CLOSE, _TCP_CLOSE_WAIT = 7, 8


class Connection(asyncio.BufferedProtocol):
    """A client's connection, its layers and its upstream connections."""

    def __init__(self, listener: "Listener") -> None:
        self._listener = listener
        self._events: deque[events.Event] = deque()
        self._running = False
        self._out: list[bytes] = []
        self._upstreams: dict[Server, UpstreamSocket] = {}
        self._opening: asyncio.Task[None] | None = None
        self._timers: dict[commands.RequestWakeup, asyncio.TimerHandle | None] = {}
        self._reading = True
        self._full = False
        """The client's socket takes no more for now."""
        self._ended = False
        self._lingering = -1
        """Bytes read over since the goodbye; -1 before it."""
        self._unsent = 0
        self._deadline: float | None = None
        self._turn: tuple[float | None, int] | None = None

    # From the client's socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        if not peer or not self._listener.enter(self):
            self._ended = True
            if peer:
                self._transport.write(self._listener.busy())
            self._transport.close()
            return
        self.client = Client(
            peername=peer[:2],
            sockname=transport.get_extra_info("sockname")[:2],
            timestamp_start=time.time(),
            state=ConnectionState.OPEN,
        )
        context = Context(self.client, self._listener.options)
        self.layer = VisitLayer(context, self._listener.refuse, self._listener.is_draining)
        self._hook(server_hooks.ClientConnectedHook(self.client))
        self._set_deadline()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._listener.buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._lingering >= 0:
            self._lingering += nbytes
            if self._lingering > LINGER_BYTES:
                self._transport.abort()
        elif not self._ended:
            self.dispatch(events.DataReceived(self.client, bytes(self._listener.buffer[:nbytes])))

    def eof_received(self) -> bool:
        """A client that has said its last word does not wait for ours either; mitmproxy and nginx see it so too."""
        self._end(flush=True)
        self._close()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        self._listener.leave(self)

    def pause_writing(self) -> None:
        self._full = True
        for upstream in self._upstreams.values():
            upstream.read(wanted=False)

    def resume_writing(self) -> None:
        self._full = False
        for upstream in self._upstreams.values():
            upstream.read(wanted=True)
        for timer in [timer for timer, handle in self._timers.items() if handle is None]:
            self._wake(timer)

    # From the upstream's sockets

    def upstream_opened(self, command: commands.OpenConnection, upstream: UpstreamSocket) -> None:
        """The connect has succeeded."""
        self._opening = None
        self._upstreams[command.connection] = upstream
        if self._full:
            upstream.read(wanted=False)
        self.dispatch(events.OpenConnectionCompleted(command, None))

    def upstream_closed(self, server: Server) -> None:
        """The upstream has said its last word."""
        if self._upstreams.pop(server, None) is not None:
            self.dispatch(events.ConnectionClosed(server))

    # The layers

    def dispatch(self, event: events.Event) -> None:
        """Let the layers see an event and do what they want done."""
        self._events.append(event)
        if self._running or self._ended:
            return
        self._running = True
        try:
            while self._events and not self._ended:
                for command in self.layer.handle_event(self._events.popleft()):
                    self._execute(command)
        except Exception:
            logger.exception("an error in the engine; the connection of %s is cut", self.client.peername[0])
            self.abort()
        finally:
            self._running = False
        self._flush()
        self.regulate()
        self._set_deadline()

    def _execute(self, command: commands.Command) -> None:
        if isinstance(command, commands.SendData):
            self._send(command)
        elif isinstance(command, commands.StartHook):
            self._hook(command)
        elif isinstance(command, commands.CloseConnection):
            if command.connection is not self.client:
                self._close_upstream(command.connection)
            elif isinstance(command, AbortConnection):
                self._break_off()
            else:
                self._end()
                if isinstance(command, LingerAndClose):
                    self._linger()
                else:
                    self._close()
        elif isinstance(command, commands.OpenConnection):
            self._opening = self._listener.spawn(self._open(command))
        elif isinstance(command, commands.RequestWakeup):
            loop = asyncio.get_running_loop()
            self._timers[command] = loop.call_later(command.delay, self._wake, command)
        elif isinstance(command, commands.Log):
            logger.log(command.level, "%s", command.message)
        else:
            raise TypeError(f"unexpected command: {command!r}")

    def _send(self, command: commands.SendData) -> None:
        if command.connection is self.client:
            self._out.append(command.data)
        elif (upstream := self._upstreams.get(cast(Server, command.connection))) is not None:
            upstream.out.append(command.data)

    def _flush(self) -> None:
        """What one event caused goes out in one piece."""
        if self._out:
            data, self._out = b"".join(self._out), []
            self._transport.write(data)
        for upstream in self._upstreams.values():
            upstream.flush()

    def _hook(self, hook: commands.StartHook) -> None:
        waiting = self._listener.hooks.run(hook)
        if waiting is not None:
            self._listener.spawn(self._wait(hook, waiting))
        elif hook.blocking:
            self.dispatch(events.HookCompleted(hook))

    async def _wait(self, hook: commands.StartHook, waiting: Awaitable[None]) -> None:
        await waiting
        if hook.blocking:
            self.dispatch(events.HookCompleted(hook))

    def _wake(self, command: commands.RequestWakeup) -> None:
        if self._full:
            self._timers[command] = None  # not before the client has taken the answers it has
        else:
            self._timers.pop(command, None)
            self.dispatch(events.Wakeup(command))

    async def _open(self, command: commands.OpenConnection) -> None:
        server = command.connection
        host, port = cast(tuple[str, int], server.address)
        error = "the connect failed"
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await asyncio.get_running_loop().create_connection(
                    lambda: UpstreamSocket(self, command, self._listener.buffer), host, port
                )
            return
        except TimeoutError:
            error = f"no connection within {CONNECT_TIMEOUT:g} s"
        except OSError as failure:
            error = (failure.strerror or str(failure) or error).lower()
        self._opening = None
        self.dispatch(events.OpenConnectionCompleted(command, error))

    # Flow control and patience

    def regulate(self) -> None:
        """Read from the client as long as somebody takes it."""
        if self._ended:
            return
        wanted = self.layer.backlog <= BACKLOG and not any(upstream.full for upstream in self._upstreams.values())
        if wanted != self._reading:
            self._reading = wanted
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _set_deadline(self) -> None:
        if self._ended:
            return
        turn = (self.layer.patience, self.layer.visits)
        if turn != self._turn:
            self._turn = turn
            self._deadline = None if turn[0] is None else self._listener.now + turn[0]

    def tick(self, now: float) -> None:
        """Look after this connection; called every second."""
        if self._deadline is not None and now >= self._deadline:
            self._deadline = None
            if not self._ended:
                self.dispatch(HeadOverdue())
            elif self._lingering >= 0:
                self._close()
            elif (unsent := self._transport.get_write_buffer_size()) != self._unsent:
                self._unsent, self._deadline = unsent, now + FLUSH
            else:
                self._transport.abort()
        elif not self._reading and not self._ended and self._has_left():
            self.abort()

    def _has_left(self) -> bool:
        """While we do not read, only the kernel knows."""
        sock = self._transport.get_extra_info("socket")
        if not hasattr(socket, "TCP_INFO") or sock is None:
            return False
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in (_TCP_CLOSE, _TCP_CLOSE_WAIT)

    # Endings

    @property
    def busy(self) -> bool:
        """A visit is held or in flight."""
        return not self._ended and self.layer.busy

    def drain(self) -> None:
        """No more visits after the one under way."""
        if not self._ended and self.layer.idle:
            self._end()
            self._close()

    def abort(self) -> None:
        """Cut it off now."""
        self._end()
        self._transport.abort()

    def _end(self, *, flush: bool = False) -> None:
        """No more visits and no more layers. `flush`: the upstream still gets what has been written for it."""
        if self._ended:
            return
        self._ended = True
        self._events.clear()
        self._flush()
        for handle in self._timers.values():
            if handle is not None:
                handle.cancel()
        self._timers.clear()
        if self._opening is not None:
            self._opening.cancel()
        for upstream in self._upstreams.values():
            upstream.close() if flush else upstream.abort()
        self._upstreams.clear()
        self.client.state = ConnectionState.CLOSED
        self._hook(server_hooks.ClientDisconnectedHook(self.client))

    def _close(self) -> None:
        """Close when all is written."""
        self._lingering = -1
        self._unsent = self._transport.get_write_buffer_size()
        self._deadline = self._listener.now + FLUSH
        self._transport.close()

    def _linger(self) -> None:
        self._lingering = 0
        self._deadline = self._listener.now + LINGER
        if self._transport.can_write_eof():
            self._transport.write_eof()
        if not self._reading:
            self._transport.resume_reading()

    def _break_off(self) -> None:
        """A reset: even an answer that ends with its connection is seen to be cut short."""
        self._end()
        if (sock := self._transport.get_extra_info("socket")) is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self._transport.abort()

    def _close_upstream(self, server: connection.Connection) -> None:
        if (upstream := self._upstreams.pop(cast(Server, server), None)) is not None:
            upstream.close()
