"""A scaler that stands by answers with what the one that leads says, so that it does not matter which one is asked."""

import asyncio
from collections.abc import AsyncIterator, Callable

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from scaler.api.connection import presence
from scaler.api.problems import Problem
from scaler.keep_alive import asked_after
from torpor import link

type Leader = Callable[[], str | None]
"""The base URL of the API that leads; None: it is this one; empty: nobody leads, or nobody knows who."""

OWN = ("/", "/healthz", "/metrics", "/readyz", link.PATH)
"""What everybody answers for himself."""
SILENCE = 12
"""Seconds: a leader that is gone without a word is noticed within twice as many, and streams from it end."""
CONNECT = 2.0
"""Seconds for a connection to the leader."""
FORWARDED = "Torpor-Forwarded"
"""Says that a request has come this way once already."""
_HOPS = frozenset(
    ("connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)
PIECE = 64 * 1024


class Forward:
    """Stands before all else. `session` is to be a cleanup context of the application."""

    def __init__(self, leader: Leader) -> None:
        self._leader = leader
        self._session: aiohttp.ClientSession | None = None

    async def session(self, application: web.Application) -> AsyncIterator[None]:
        """One connection pool, as long as the application runs. It grows with those who ask: streams go on for long."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT)
        connector = aiohttp.TCPConnector(limit=0, socket_factory=lambda address: asked_after(address, SILENCE))
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as self._session:
            yield

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer here, or with the leader's answer. Raises Problem."""
        leader = self._leader()
        if leader is None or request.path in OWN or request.path.startswith("/static/"):
            return await handler(request)
        if not leader or FORWARDED in request.headers:
            raise Problem(503, "No scaler leads just now; one will in a few seconds.", {"Retry-After": "2"})
        return await self._ask(request, leader)

    async def _ask(self, request: web.Request, leader: str) -> web.StreamResponse:
        if self._session is None:
            raise Problem(503, "This scaler is just starting.", {"Retry-After": "1"})
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOPS}
        headers[FORWARDED] = "1"
        try:
            async with self._session.request(
                *(request.method, leader + request.path_qs),
                headers=headers,
                data=await request.read() if request.can_read_body else None,
                allow_redirects=False,
            ) as answer:
                return await _pass_on(request, answer)
        except (aiohttp.ClientError, TimeoutError, OSError):
            detail = "The scaler that leads does not answer; another one will lead in a few seconds."
            raise Problem(503, detail, {"Retry-After": "2"}) from None


async def _pass_on(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, reason=answer.reason)
    for name, value in answer.headers.items():
        if name.lower() not in _HOPS:
            response.headers.add(name, value)
    await response.prepare(request)
    await response.write(b"")  # the head: its body may be long in coming
    try:
        async with presence(request).block():  # else a quiet stream would outlive who reads it
            async for piece in answer.content.iter_chunked(PIECE):
                await response.write(piece)
    except (aiohttp.ClientError, asyncio.IncompleteReadError, ConnectionError):
        pass  # it ends here too; whoever reads a stream connects again
    return response
