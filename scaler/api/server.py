"""The API's listener: puts the handlers on their routes, starts, and stops in bounded time."""

import errno
from types import TracebackType
from typing import Self, cast

from aiohttp import web

from scaler.api.apps import Apps
from scaler.api.connection import Server
from scaler.api.events import Events
from scaler.api.forward import Forward, Leader
from scaler.api.guard import APPLY, MAX_BODY, SETS, Deployers, Guard
from scaler.api.port import Control, Link
from scaler.api.problems import Errors
from scaler.api.service import Service
from scaler.api.sets import Sets
from scaler.api.status_files import StatusFiles
from scaler.api.switch import Stopping, Switch
from torpor import link as wire
from torpor.words import Address

GOODBYE = 1.0
"""Seconds for streams, links and waits to end by themselves when the API closes."""
CUT_OFF = 0.5
"""Seconds for a request to be answered after that, and as long again to be cancelled."""

ROUTES = (
    "/",
    "/healthz",
    "/metrics",
    "/readyz",
    "/v1/apply",
    "/v1/apps",
    "/v1/apps/{id}",
    "/v1/apps/{id}/logs",
    "/v1/apps/{id}/sleep",
    "/v1/apps/{id}/wake",
    "/v1/events",
    "/v1/info",
    "/v1/reload",
    "/v1/sets",
    "/v1/sets/{name}",
    "/v1/savings",
)
"""As people are told of them."""

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "torpor",
    "X-Content-Type-Options": "nosniff",
}


class Api:
    """Listens while the block runs: `async with Api(…) as api`. Entering raises OSError that says what to do."""

    def __init__(
        self,
        control: Control,
        *,
        link: Link,
        token: str | None,
        listen: tuple[str, int],
        leader: Leader | None = None,
        deployers: Deployers | None = None,
    ) -> None:
        """With `leader`, what is asked is forwarded to the API that leads, where that is another one. `deployers` know
        who may apply manifests."""
        self._listen = listen
        self._closing = Switch(Stopping)
        self._application = self._routed(control, link, Guard(token, listen, deployers), leader)
        self._handlers = web.AppRunner(self._application)
        self._runner: web.ServerRunner | None = None

    @property
    def addresses(self) -> list[Address]:
        """Where it listens; for port 0 the port it was given."""
        return [Address(*name[:2]) for name in self._runner.addresses] if self._runner else []

    async def __aenter__(self) -> Self:
        await self._handlers.setup()
        made = cast(web.Server, self._handlers.server)
        server = Server(Errors(made.request_handler, ROUTES), made.request_factory)
        self._runner = web.ServerRunner(server, shutdown_timeout=CUT_OFF)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, *self._listen).start()
        except OSError as error:
            await self._close()
            raise _explained(error, self._listen) from error
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Refuse new connections, let streams and links say goodbye, answer the rest, cut off what is left."""
        for site in self._runner.sites if self._runner else ():
            await site.stop()
        self._closing.throw()
        await self._closing.none_left(GOODBYE)
        await self._close()

    async def _close(self) -> None:
        if self._runner:
            await self._runner.cleanup()
        await self._handlers.cleanup()

    def _routed(self, control: Control, link: Link, guard: Guard, leader: Leader | None) -> web.Application:
        async def linked(request: web.Request) -> web.StreamResponse:
            async with self._closing.block():
                return await link(request)

        apps, service, page = Apps(control, self._closing, guard.check_reader), Service(control), StatusFiles()
        events, sets = Events(control, self._closing), Sets(control, self._closing)
        application = web.Application(middlewares=[guard.middleware], client_max_size=MAX_BODY)
        if leader is not None:
            forward = Forward(leader)
            application.middlewares.append(forward.middleware)
            application.cleanup_ctx.append(forward.session)
        application.on_response_prepare.append(_add_headers)
        application.add_routes(
            [
                web.get("/", page.index),
                web.get("/static/{name}", page.static),
                web.get("/healthz", service.healthz),
                web.get("/readyz", service.readyz),
                web.get("/metrics", service.metrics),
                web.get("/v1/info", service.info),
                web.get("/v1/savings", service.savings),
                web.post("/v1/reload", service.reload),
                web.get("/v1/events", events.stream, allow_head=False),
                web.get(wire.PATH, linked, allow_head=False),
                web.post(APPLY, sets.apply),
                web.get(SETS, sets.index),
                web.delete(SETS + "/{name:.+}", sets.delete),
                web.get("/v1/apps", apps.index),
                web.route("*", "/v1/apps/{rest:.+}", apps.one),
            ]
        )
        return application


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")


def _explained(error: OSError, listen: tuple[str, int]) -> OSError:
    """The same error with words that help; `str()` of it is the whole sentence."""
    host, port = listen
    hint = {
        errno.EADDRINUSE: "something listens there already, maybe another Torpor; "
        f"`ss -ltnp sport = :{port}` says what",
        errno.EACCES: "ports below 1024 are for root; choose a higher one",
    }.get(error.errno or 0)
    if hint is None:
        hint = f"{error.strerror or error}; is that an address of this machine? 127.0.0.1 always is"
    explained = OSError(f"the API cannot listen on {Address(host, port)}: {hint} (setting: api)")
    explained.errno = error.errno
    return explained
