"""What is asked of Torpor itself: what it is and what it saves, whether it is well, its metrics, a reload."""

import asyncio
import json

from aiohttp import web

from scaler.api.port import Control
from scaler.api.problems import Problem
from torpor.config import ConfigError


class Service:
    """The handlers of `/v1/info`, `/v1/savings`, `/v1/reload`, `/metrics`, `/healthz` and `/readyz`."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def info(self, request: web.Request) -> web.Response:
        """`GET /v1/info`."""
        return web.json_response(self._control.info())

    async def savings(self, request: web.Request) -> web.Response:
        """`GET /v1/savings`. Of thousands of apps the sums and the text are a thread's work."""
        text = await asyncio.to_thread(json.dumps, await self._control.savings())
        return web.Response(text=text, content_type="application/json")

    async def reload(self, request: web.Request) -> web.Response:
        """`POST /v1/reload`: what changed, or 422 with every mistake and its line."""
        try:
            report = await self._control.reload()
        except ConfigError as error:
            mistakes = [{"line": mistake.line, "message": mistake.message} for mistake in error.mistakes]
            raise Problem(422, str(error), file=error.file, mistakes=mistakes) from None
        return web.json_response(report.to_json())

    async def metrics(self, request: web.Request) -> web.Response:
        """`GET /metrics`, for Prometheus."""
        body, content_type = await self._control.metrics.render(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def healthz(self, request: web.Request) -> web.Response:
        """`GET /healthz`: the process answers."""
        return web.Response(text="ok\n")

    async def readyz(self, request: web.Request) -> web.Response:
        """`GET /readyz`: a visit would be served; 503 with what is missing otherwise."""
        if missing := self._control.ready():
            raise Problem(503, f"Not ready: {missing}.", {"Retry-After": "1"})
        return web.Response(text="ready\n")
