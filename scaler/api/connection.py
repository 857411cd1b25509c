"""Connections of the API: they notice a client that leaves, and answer what is not HTTP in problem JSON as well."""

import asyncio
import logging
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from scaler.api.problems import Problem
from scaler.api.switch import ClientLeft, Switch
from scaler.keep_alive import ask_after

logger = logging.getLogger(__name__)

KEEP_ALIVE = 75.0
"""Seconds that a connection may be idle, or take to send a request's head."""
SILENCE = 30
"""Seconds: a client that is gone without a word is noticed within twice as many."""
LINGER = 2.0
"""Seconds to go on reading a body that was refused, so that the client sees the answer and not a reset."""


class RequestLog(AbstractAccessLogger):
    """One line a request, for those who look closely."""

    @property
    def enabled(self) -> bool:
        """Only at DEBUG."""
        return self.logger.isEnabledFor(logging.DEBUG)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write the line; `time` is seconds."""
        self.logger.debug(
            "%s %s %r %d %.1fms", request.remote, request.method, request.path, response.status, 1000 * time
        )


class Connection(web.RequestHandler):
    """One client's connection."""

    __slots__ = ("_left",)

    def __init__(self, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=KEEP_ALIVE,
            lingering_time=LINGER,
            access_log=logger,
            access_log_class=RequestLog,
        )
        self._left = Switch(ClientLeft)

    @property
    def left(self) -> Switch:
        """Thrown when the client has left."""
        return self._left

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come."""
        super().connection_made(transport)
        if (sock := transport.get_extra_info("socket")) is not None:
            ask_after(sock, SILENCE)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The client has left, or was cut off."""
        super().connection_lost(exc)
        self._left.throw()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what the framework could not parse; nobody's typing mistake is worth a traceback in the log."""
        if isinstance(exc, ConnectionError):
            raise exc  # the framework closes the connection
        logger.debug("%s sent what is not HTTP: %r", request.remote, exc)
        response = Problem(status, "This is not an HTTP request that Torpor can read.").response()
        response.force_close()
        return response


class Server(web.Server):
    """Makes connections. A client that leaves does not cancel what it has asked for."""

    def __init__(self, handler: Any, request_factory: Any) -> None:
        super().__init__(handler, request_factory=request_factory, handler_cancellation=False)

    def __call__(self) -> web.RequestHandler:
        """One more client."""
        return Connection(self, asyncio.get_running_loop())


def presence(request: web.Request) -> Switch:
    """The switch that is thrown when this client leaves."""
    connection = request.protocol
    if not isinstance(connection, Connection):
        raise TypeError(f"{connection!r} was not made by this server")
    return connection.left
