"""Runs mitmproxy's sans-io layers for one client's connection, without a task at rest.

mitmproxy's own handler keeps three tasks and two stream readers a connection, reads on while a hook waits, and leaves
a connection half dead after an error in a layer. Here a held visit costs its objects and nothing else: reading stops
when `BACKLOG` bytes wait that nobody takes, what is written to one side waits for the other, and an error ends it.

However it ends, `end` runs once: it tells the addons (`client_disconnected`), where the visit that is still open is
handed back.
"""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Awaitable
from typing import TYPE_CHECKING, cast

from mitmproxy import connection
from mitmproxy.connection import Client, ConnectionState, Server
from mitmproxy.proxy import commands, events, server_hooks
from mitmproxy.proxy.context import Context

from addons.layers.commands import AbortConnection, ClientOverdue, LingerAndClose
from addons.layers.visits import VisitLayer
from addons.upstream import UpstreamSocket

if TYPE_CHECKING:
    from addons.client import ClientSocket
    from addons.listener import Listener

logger = logging.getLogger(__name__)

BACKLOG = 64 * 1024
"""Bytes from a client that may wait in memory before we stop reading."""
CONNECT_TIMEOUT = 5.0
"""Seconds to reach an upstream."""
UPSTREAM_IDLE = 10.0
"""Seconds that an upstream's connection is kept for the client's next visit; some apps wait for it to end theirs."""


class Connection:
    """A client's connection: its layers, its upstream connections, and what they wait for."""

    __slots__ = (
        "_client",
        "_deadline",
        "_ended",
        "_events",
        "_layer",
        "_listener",
        "_opening",
        "_out",
        "_running",
        "_since",
        "_socket",
        "_timers",
        "_turn",
        "_upstreams",
    )

    def __init__(self, client_socket: "ClientSocket", client: Client, listener: "Listener") -> None:
        self._socket = client_socket
        self._client = client
        self._listener = listener
        self._layer = VisitLayer(Context(client, listener.options), listener.refuse, listener.is_draining)
        self._events: deque[events.Event] = deque()
        self._running = False
        self._ended = False
        self._out: list[bytes] = []
        self._upstreams: dict[Server, UpstreamSocket] = {}
        self._opening: asyncio.Task[None] | None = None
        self._timers: dict[commands.RequestWakeup, asyncio.TimerHandle | None] = {}
        self._since = 0.0
        """When it became somebody else's turn."""
        self._deadline: float | None = None
        self._turn: tuple[float | None, tuple[int, int]] | None = None
        self._hook(server_hooks.ClientConnectedHook(client))
        self._set_deadline(self._layer.patience)

    # From the client's socket

    @property
    def busy(self) -> bool:
        """A visit is held or in flight."""
        return self._layer.busy

    @property
    def idle(self) -> bool:
        """Nothing has been asked that is not answered."""
        return self._layer.idle

    @property
    def waits_for_last_answer(self) -> bool:
        """It may have closed its sending side only; a client that says nothing more has left otherwise."""
        return self._layer.waits_for_last_answer

    def received(self, data: bytes) -> None:
        """The client has sent something."""
        self._dispatch(events.DataReceived(self._client, data))

    def client_full(self) -> None:
        """The client takes no more for now."""
        for upstream in self._upstreams.values():
            upstream.read(wanted=False)

    def client_ready(self) -> None:
        """The client takes more."""
        for upstream in self._upstreams.values():
            upstream.read(wanted=True)
        for timer in [timer for timer, handle in self._timers.items() if handle is None]:
            self._wake(timer)

    def tick(self, now: float) -> None:
        """Called every second."""
        if self._deadline is not None and now >= self._deadline:
            self._deadline = None
            self._dispatch(ClientOverdue())
        elif self._upstreams and not self._layer.busy and now >= self._since + UPSTREAM_IDLE:
            for server in list(self._upstreams):
                self._upstreams[server].close()
                self.upstream_closed(server)

    # From the upstreams' sockets

    def upstream_opened(self, command: commands.OpenConnection, upstream: UpstreamSocket) -> None:
        """The connect has succeeded."""
        self._opening = None
        if self._ended:
            upstream.abort()
            return
        self._upstreams[command.connection] = upstream
        if self._socket.full:
            upstream.read(wanted=False)
        self._dispatch(events.OpenConnectionCompleted(command, None))

    def upstream_received(self, server: Server, data: bytes) -> None:
        """The upstream has sent something."""
        self._dispatch(events.DataReceived(server, data))

    def upstream_closed(self, server: Server) -> None:
        """The upstream has said its last word."""
        if self._upstreams.pop(server, None) is not None:
            self._dispatch(events.ConnectionClosed(server))

    def regulate(self) -> None:
        """Read from the client as long as somebody takes it; and it cannot be late while nobody does."""
        if not self._ended:
            full = any(upstream.full for upstream in self._upstreams.values())
            self._socket.read(wanted=not full and self._layer.backlog <= BACKLOG)
            self._set_deadline(None if full else self._layer.patience)

    # The layers

    def _dispatch(self, event: events.Event) -> None:
        """Let the layers see an event and do what they want done."""
        if self._ended:
            return
        self._events.append(event)
        if self._running:
            return
        self._running = True
        try:
            while self._events:
                for command in self._layer.handle_event(self._events.popleft()):
                    self._execute(command)
            self._flush()
            self.regulate()
        except Exception:
            logger.exception("an error in the engine; the connection of %s is cut", self._client.peername[0])
            self._socket.cut()
        finally:
            self._running = False

    def _execute(self, command: commands.Command) -> None:
        if isinstance(command, commands.SendData):
            self._send(command)
        elif isinstance(command, commands.StartHook):
            self._hook(command)
        elif isinstance(command, commands.CloseConnection):
            if command.connection is self._client:
                self._part(command)
            else:
                self._close_upstream(command.connection)
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
        if command.connection is self._client:
            self._out.append(command.data)
        elif (upstream := self._upstreams.get(cast(Server, command.connection))) is not None:
            upstream.out.append(command.data)

    def _flush(self) -> None:
        """What one event caused goes out in one piece."""
        if self._out:
            data, self._out = self._out, []
            self._socket.write(data[0] if len(data) == 1 else b"".join(data))
        for upstream in self._upstreams.values():
            upstream.flush()

    def _hook(self, hook: commands.StartHook) -> None:
        waiting = self._listener.hooks.run(hook)
        if waiting is not None:
            self._listener.spawn(self._wait(hook, waiting))
        elif hook.blocking:
            self._dispatch(events.HookCompleted(hook))

    async def _wait(self, hook: commands.StartHook, waiting: Awaitable[None]) -> None:
        await waiting
        if hook.blocking:
            self._dispatch(events.HookCompleted(hook))

    def _wake(self, command: commands.RequestWakeup) -> None:
        if self._socket.full:
            self._timers[command] = None  # not before the client has taken the answers it has
        else:
            self._timers.pop(command, None)
            self._dispatch(events.Wakeup(command))

    async def _open(self, command: commands.OpenConnection) -> None:
        host, port = cast(tuple[str, int], command.connection.address)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await asyncio.get_running_loop().create_connection(
                    lambda: UpstreamSocket(self, command, self._listener.buffer), host, port
                )
            return
        except TimeoutError:
            error = f"no connection within {CONNECT_TIMEOUT:g} s"
        except Exception as failure:  # noqa: BLE001 - an address that cannot even be tried has refused, too
            number = getattr(failure, "errno", None)
            error = (os.strerror(number) if number else str(failure)).lower()
        self._opening = None
        if command.connection not in self._upstreams:
            self._dispatch(events.OpenConnectionCompleted(command, error))

    def _set_deadline(self, patience: float | None) -> None:
        turn = (patience, self._layer.turn)
        if turn != self._turn:
            self._turn = turn
            self._since = self._listener.now
            self._deadline = None if patience is None else self._since + patience

    # Endings

    def end(self, *, flush: bool = False) -> None:
        """No more visits, no more layers. `flush`: the upstreams still get what has been written for them."""
        if self._ended:
            return
        self._ended = True
        self._events.clear()
        for handle in self._timers.values():
            if handle is not None:
                handle.cancel()
        self._timers.clear()
        if self._opening is not None:
            self._opening.cancel()
        for upstream in self._upstreams.values():
            upstream.close() if flush else upstream.abort()
        self._upstreams.clear()
        self._client.state = ConnectionState.CLOSED
        self._hook(server_hooks.ClientDisconnectedHook(self._client))

    def _part(self, command: commands.CloseConnection) -> None:
        """The layers have had enough of the client."""
        self._flush()
        self.end()
        if isinstance(command, AbortConnection):
            self._socket.reset()
        elif isinstance(command, LingerAndClose):
            self._socket.linger()
        else:
            self._socket.close()

    def _close_upstream(self, server: connection.Connection) -> None:
        if (upstream := self._upstreams.pop(cast(Server, server), None)) is not None:
            upstream.close()
