"""Listens for clients, counts them, looks after them every second, and drains them at the end."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Coroutine

from mitmproxy.options import Options

from addons.client import ClientSocket
from addons.doorman import Doorman
from addons.hooks import Hooks
from addons.keep_alive import ask_after_silent_peers
from addons.layers.answers import own, whole

logger = logging.getLogger(__name__)

BACKLOG = 4096
"""Connections that the kernel keeps for us; Linux cuts it to net.core.somaxconn."""
TURNING_AWAY = 256
"""Clients that may take a moment, at once, to read that there is no room for them."""
RETRY = "1"
"""Seconds after which one who is turned away may try again."""
TICK = 1.0
READ = 64 * 1024
"""Bytes read at once from any socket."""


class Listener:
    """All clients' connections, and what they share."""

    def __init__(
        self, doorman: Doorman, hooks: Hooks, options: Options, tasks: asyncio.TaskGroup, *, max_connections: int
    ) -> None:
        self.hooks = hooks
        self.options = options
        self.refuse = doorman.refuse
        self.buffer = memoryview(bytearray(READ))
        """Every read goes here first: it is copied before the next one, and no connection needs its own."""
        self.now = 0.0
        """The loop's clock at the last tick; precise enough for timeouts of many seconds."""
        self.turned_away = 0
        """Connections refused because there were too many."""
        self._turning_away = 0
        self._tasks = tasks
        self._max_connections = max_connections
        self._connections: set[ClientSocket] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._draining = False
        self._servers: list[asyncio.Server] = []
        self._timer: asyncio.TimerHandle | None = None

    async def open(self, address: tuple[str, int]) -> None:
        """Listen. Raises OSError that names the address."""
        host, port = address
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(lambda: ClientSocket(self), host, port, backlog=BACKLOG)
        except (OSError, OverflowError) as error:
            number = getattr(error, "errno", None)
            reason = os.strerror(number) if number and number > 0 else str(error)
            raise OSError(number, f"cannot listen on {host}:{port}: {reason}") from None
        for sock in server.sockets:
            ask_after_silent_peers(sock)  # accepted sockets inherit it
        self._servers.append(server)
        self._tick()

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens; for port 0 the real one."""
        return [sock.getsockname()[:2] for server in self._servers for sock in server.sockets]

    def __len__(self) -> int:
        return len(self._connections)

    def is_draining(self) -> bool:
        """Whether connections end with the visit under way."""
        return self._draining

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run something that has to wait, for a connection."""
        return self._tasks.create_task(work)

    def enter(self, client: ClientSocket) -> bool:
        """A client has come; returns whether there is room."""
        if self._draining or len(self._connections) >= self._max_connections:
            self.turned_away += 1
            return False
        self._connections.add(client)
        self._empty.clear()
        return True

    def may_stay(self) -> bool:
        """Whether one for whom there is no room may take a moment to read that; then `has_read` follows."""
        if self._turning_away >= TURNING_AWAY:
            return False
        self._turning_away += 1
        return True

    def has_read(self) -> None:
        """One who was turned away is gone."""
        self._turning_away -= 1

    def leave(self, client: ClientSocket) -> None:
        """A client's connection is closed."""
        self._connections.discard(client)
        if not self._connections:
            self._empty.set()

    def busy(self) -> bytes:
        """What a client reads for whom there is no room."""
        reason = "Torpor is shutting down." if self._draining else "Too many connections; try again in a moment."
        answer = self.refuse(503, reason)
        answer.headers.append(("Retry-After", RETRY))
        return whole(own(answer))

    async def close(self, grace: float, linger: float = 0.0) -> int:
        """Stop listening at once, let visits in flight end for `grace` seconds, cut the rest; returns how many.

        Connections without a visit are closed after `linger` seconds: one more visit is answered, and told to leave.
        """
        for server in self._servers:
            server.close()
        self._draining = True
        cut, now = 0, asyncio.get_running_loop().time()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(now + min(linger, grace)):
                await self._empty.wait()
        for client in list(self._connections):
            client.drain()
        try:
            async with asyncio.timeout_at(now + grace):
                await self._empty.wait()
        except TimeoutError:
            cut = sum(client.busy for client in self._connections)
            for client in list(self._connections):
                client.cut()
            await self._empty.wait()
        if self._timer is not None:
            self._timer.cancel()
        return cut

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        self.now = loop.time()
        self._timer = loop.call_later(TICK, self._tick)
        for client in list(self._connections):
            client.tick(self.now)
