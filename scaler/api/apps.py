"""Apps over REST: look at them, wake them, put them to sleep, read their logs.

An id may hold a slash, so an app and what is asked of it share one path and are told apart by which app exists.
"""

import asyncio
import bisect
import difflib
import json
import math
from collections.abc import Awaitable, Callable
from itertools import batched

from aiohttp import web

from scaler.api.logs import AppLogs, Check
from scaler.api.port import Control
from scaler.api.problems import SHOWN, Problem, wrong_method
from scaler.api.switch import Switch
from scaler.errors import NotManaged, SleepRefused, WakeFailed
from scaler.status import AppStatus
from torpor.words import AppId, Cause

AT_ONCE = 500
"""Apps written to JSON before others get their turn."""
NEIGHBOURS = 250
"""Names before and after an unknown one, by the alphabet, that are looked at for a near one."""

_READ = ("GET", "HEAD")
_METHODS = {"": _READ, "logs": _READ, "wake": ("POST",), "sleep": ("POST",)}


class Apps:
    """The handlers of `/v1/apps` and all below."""

    def __init__(self, control: Control, closing: Switch, check_reader: Check) -> None:
        """`check_reader` lets a request see an app's output, or raises Problem."""
        self._control = control
        self._closing = closing
        self._verbs: dict[str, Callable[[AppId, web.Request], Awaitable[web.StreamResponse]]] = {
            "": self._show,
            "logs": AppLogs(control, closing, check_reader).handle,
            "wake": self._wake,
            "sleep": self._sleep,
        }

    async def index(self, request: web.Request) -> web.Response:
        """`GET /v1/apps`."""
        parts = []
        for statuses in batched(self._control.statuses(), AT_ONCE, strict=False):
            parts.append(", ".join(json.dumps(status.to_json()) for status in statuses))
            await asyncio.sleep(0)
        return web.Response(text=f'{{"apps": [{", ".join(parts)}]}}\n', content_type="application/json")

    async def one(self, request: web.Request) -> web.StreamResponse:
        """Everything at `/v1/apps/{id}` and below."""
        app, verb = self._aim(request)
        return await self._verbs[verb](app, request)

    def _aim(self, request: web.Request) -> tuple[AppId, str]:
        """Which app, and what is asked of it. Of two readings of a path, the one whose app exists and that fits."""
        whole = request.match_info["rest"]
        before, _, last = whole.rpartition("/")
        readings = [(whole, "")]
        if before and last in _METHODS:
            readings.append((before, last))
        known = [(app, verb) for app, verb in readings if self._exists(app)]
        for app, verb in known:
            if request.method in _METHODS[verb]:
                return app, verb
        if known:
            raise wrong_method(request, [method for _, verb in known for method in _METHODS[verb]])
        raise self._unknown(readings[-1][0])

    def _exists(self, app: AppId) -> bool:
        try:
            self._control.status(app)
        except KeyError:
            return False
        return True

    def _unknown(self, app: AppId) -> Problem:
        names = sorted(status.id for status in self._control.statuses())
        near = nearest(app, names)
        there = f"Near it: {', '.join(near)}." if near else f"There are {len(names)} others; GET /v1/apps lists them."
        return Problem(404, f"There is no app {app[:SHOWN]!r}. {there}", near=near)

    async def _show(self, app: AppId, request: web.Request) -> web.Response:
        return _json(self._control.status(app))

    async def _wake(self, app: AppId, request: web.Request) -> web.Response:
        try:
            async with self._closing.block():
                return _json(await self._control.wake(app, _cause(request)))
        except WakeFailed as error:
            again = {"Retry-After": str(max(1, math.ceil(error.retry_in)))}
            detail = f"{app} did not wake: {error.reason}"
            raise Problem(502, detail, again, reason=error.reason, retry_in=round(error.retry_in, 3)) from None
        except NotManaged as error:
            raise Problem(409, f"{app} cannot be woken: {error.reason}", reason=error.reason) from None

    async def _sleep(self, app: AppId, request: web.Request) -> web.Response:
        try:
            async with self._closing.block():
                return _json(await self._control.sleep(app))
        except (SleepRefused, NotManaged) as error:
            raise Problem(409, f"{app} was not put to sleep: {error.reason}", reason=error.reason) from None


def nearest(name: str, names: list[str]) -> list[str]:
    """Up to three of the sorted names that may have been meant."""
    name = name[:SHOWN]
    at = bisect.bisect(names, name)
    around = names[max(0, at - NEIGHBOURS) : at + NEIGHBOURS]
    elsewhere = [other for other in names if other.endswith(f"/{name}")]
    return list(dict.fromkeys([*elsewhere, *difflib.get_close_matches(name, around, n=3, cutoff=0.5)]))[:3]


def _cause(request: web.Request) -> Cause:
    agent = "".join(c for c in request.headers.get("User-Agent", "")[:SHOWN] if c.isprintable())
    client = request.remote or ""
    note = f"over the API from {client} ({agent or 'no user agent'})"
    return Cause("operator", request.method, request.path[:SHOWN], agent, client, note)


def _json(status: AppStatus) -> web.Response:
    return web.json_response(status.to_json())
