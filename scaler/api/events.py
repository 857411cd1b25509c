"""Events as they happen, as server-sent events (WHATWG HTML, section 9.2): one stream a listener, each on its own.

A listener that reads too slowly loses its own oldest events and is told how many: it then asks for the apps anew.
"""

import asyncio
import json
from itertools import batched

from aiohttp import web
from cachetools import LRUCache

from scaler.api.connection import presence
from scaler.api.port import Control
from scaler.api.problems import SHOWN, Problem
from scaler.api.query import number
from scaler.api.switch import ClientLeft, Stopping, Switch
from scaler.bus import RECENT, Event, Listener
from torpor.words import AppId

MAX_LISTENERS = 200
HEARTBEAT = 15.0
"""Seconds; keeps proxies on the way from cutting a quiet stream."""
WRITE_TIMEOUT = 60.0
"""Seconds for a listener to take what it was sent, before it counts as gone."""
RECONNECT_MS = 2000
"""What a browser is told to wait before it comes back."""
AT_ONCE = 50
"""Events in one write."""


class Events:
    """The handler of `GET /v1/events`."""

    def __init__(self, control: Control, closing: Switch) -> None:
        self._control = control
        self._closing = closing
        self._listeners = 0
        self._written: LRUCache[int, bytes] = LRUCache(RECENT)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send what has been asked for again, then what happens, until the client leaves or the API closes.

        `follow=0` ends the stream where the past ends.
        """
        wanted, follow = self._wanted_app(request), number(request, "follow", default=1, least=0, most=1)
        since, recent = _last_seen(request), number(request, "recent", default=0, least=0, most=RECENT)
        if self._listeners >= MAX_LISTENERS:
            raise Problem(503, f"{MAX_LISTENERS} listeners are here already, no more fit in.", {"Retry-After": "5"})
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=headers)
        self._listeners += 1
        try:
            async with self._closing.block(), presence(request).block():
                with self._control.bus.listen() as listener:
                    past, lost = self._past(since, recent, wanted)
                    await response.prepare(request)
                    await _write(response, f"retry: {RECONNECT_MS}\n\n".encode())
                    await self._send(response, past, lost)
                    if follow:
                        await self._follow(response, listener, wanted)
        except Stopping:
            if not response.prepared:
                raise
            await response.write_eof()
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
            raise ClientLeft("it has stopped reading") from None
        finally:
            self._listeners -= 1
        return response

    async def _follow(self, response: web.StreamResponse, listener: Listener, wanted: AppId | None) -> None:
        told = 0
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT):
                    events = await listener.take()
            except TimeoutError:
                await _write(response, b": still here\n\n")
                continue
            lost, told = listener.lost - told, listener.lost
            await self._send(response, _of(wanted, events), lost)

    async def _send(self, response: web.StreamResponse, events: list[Event], lost: int) -> None:
        if lost:
            await _write(response, b'event: lost\ndata: {"lost": %d}\n\n' % lost)
        for some in batched(events, AT_ONCE, strict=False):
            await _write(response, b"".join(map(self._encode, some)))

    def _encode(self, event: Event) -> bytes:
        """Written once for all listeners."""
        text = self._written.get(event.number)
        if text is None:
            data = json.dumps(event.to_json(), separators=(",", ":"))
            text = f"id: {event.number}\nevent: {event.what}\ndata: {data}\n\n".encode()
            self._written[event.number] = text
        return text

    def _wanted_app(self, request: web.Request) -> AppId | None:
        app = request.query.get("app")
        if app is not None:
            try:
                self._control.status(app)
            except KeyError:
                raise Problem(404, f"There is no app {app[:SHOWN]!r}; GET /v1/apps lists them.") from None
        return app

    def _past(self, since: int | None, recent: int, wanted: AppId | None) -> tuple[list[Event], int]:
        """Events to send again, and how many may be missing before them."""
        bus = self._control.bus
        kept = list(bus.recent)
        lost = 0
        if since is not None and since <= bus.number:
            lost = max(0, kept[0].number - since - 1) if len(kept) == RECENT else 0
            kept = [event for event in kept if event.number > since]
        found = _of(wanted, kept)
        if since is None:
            return found[-recent:] if recent else [], 0
        return found, lost  # all that is kept, for one who comes from an earlier life of Torpor


def _of(wanted: AppId | None, events: list[Event]) -> list[Event]:
    return events if wanted is None else [event for event in events if event.status.id == wanted]


def _last_seen(request: web.Request) -> int | None:
    """The number of the last event that a listener who comes back has seen; a number that is none counts as none."""
    text = request.headers.get("Last-Event-ID", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(WRITE_TIMEOUT):
        await response.write(data)
