"""An app's output over REST: the end of it, or as it is written, for people as text and for programs as JSON lines.

A reader that reads too slowly loses its own oldest lines and is told how many. JSON lines have a sign of life in them,
with the time here: who comes back asks for what was written since, and leaves out what he has.
"""

import asyncio
import time
from collections.abc import Callable

from aiohttp import web

from scaler.api.connection import presence
from scaler.api.port import Control
from scaler.api.problems import Problem
from scaler.api.query import number
from scaler.api.switch import ClientLeft, Stopping, Switch
from scaler.api.turns import Turns
from scaler.logs.batch import Batch
from scaler.logs.line import read_time, written_at
from scaler.logs.logs import TooManyReaders
from scaler.logs.reader import Ended, Reader
from scaler.logs.ring import MOST_LINES
from torpor.words import AppId

MAX_LINES = 10_000
HEARTBEAT = 15.0
"""Seconds; keeps proxies on the way from cutting a quiet stream."""
WRITE_TIMEOUT = 60.0
"""Seconds for a reader to take what it was sent, or the whole end of a log, before it counts as gone."""
AT_ONCE = 4
"""Ends of logs that are read and sent at the same time."""
WAITING = 20
"""Of those that wait for that."""
BEAT = 0.05
"""Seconds between two writes to one reader: many small ones cost far more than few large ones."""
NDJSON = "application/x-ndjson"

type Check = Callable[[web.Request], None]
"""Lets a request pass, or raises Problem."""


class AppLogs:
    """The handler of `GET /v1/apps/{id}/logs`."""

    def __init__(self, control: Control, closing: Switch, check: Check) -> None:
        self._control = control
        self._closing = closing
        self._check = check
        self._turns = Turns("ends of logs are asked for", at_once=AT_ONCE, waiting=WAITING)

    async def handle(self, app: AppId, request: web.Request) -> web.StreamResponse:
        """`lines` of each container, those after `since`; with `follow=1` all that follow, until the client leaves."""
        self._check(request)
        shape = _Json() if NDJSON in request.headers.get("Accept", "") else _Text()
        since = _time(request)
        if number(request, "follow", default=0, least=0, most=1) and request.method == "GET":
            lines = number(request, "lines", default=100, least=0, most=MOST_LINES)
            return await self._follow(app, request, shape, lines, since)
        lines = number(request, "lines", default=100, least=1, most=MAX_LINES)
        async with self._closing.block(), presence(request).block(), self._turns.turn():
            return await self._tail(app, request, shape, lines, since)

    async def _tail(self, app: AppId, request: web.Request, shape: "_Text", lines: int, since: str) -> web.Response:
        batch = Batch(await self._control.log_tail(app, lines, since))
        body = await asyncio.to_thread(shape.tail, batch)
        response = web.Response(body=body, headers={"Content-Type": shape.content_type})
        try:
            async with asyncio.timeout(WRITE_TIMEOUT):
                await response.prepare(request)
                await response.write_eof()
        except TimeoutError:
            raise _cut_off(request) from None
        return response

    async def _follow(
        self, app: AppId, request: web.Request, shape: "_Text", lines: int, since: str
    ) -> web.StreamResponse:
        headers = {"Content-Type": shape.content_type, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=headers)
        try:
            async with (
                self._closing.block(),
                presence(request).block(),
                self._control.logs(app, lines, since) as reader,
            ):
                await response.prepare(request)
                await _write(response, shape.alive())
                await _send(response, shape, reader)
        except TooManyReaders as error:
            raise Problem(503, f"{error}.", {"Retry-After": "5"}) from None
        except (Stopping, Ended):
            if not response.prepared:
                raise Problem(503, "This scaler does not lead any more; ask again.", {"Retry-After": "2"}) from None
            await response.write_eof()
        except TimeoutError:
            raise _cut_off(request) from None
        return response


async def _send(response: web.StreamResponse, shape: "_Text", reader: Reader) -> None:
    """Until there are no more lines. Raises Ended."""
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT):
                lost, batches = await reader.take()
        except TimeoutError:
            await _write(response, shape.alive())
            continue
        await _write(response, (shape.lost(lost) if lost else b"") + b"".join(map(shape.encode, batches)))
        await asyncio.sleep(BEAT)


def _cut_off(request: web.Request) -> ClientLeft:
    if request.transport is not None:
        request.transport.abort()
    return ClientLeft("it has stopped reading")


class _Text:
    """For people."""

    content_type = "text/plain; charset=utf-8"
    encode: Callable[[Batch], bytes] = staticmethod(lambda batch: batch.text)

    def tail(self, batch: Batch) -> bytes:
        """Lines of one container only are as it wrote them."""
        several = len({line.source for line in batch.lines}) > 1
        return batch.text if several else "".join(f"{line.text}\n" for line in batch.lines).encode("utf-8", "replace")

    def lost(self, lines: int) -> bytes:
        """So many are missing here."""
        return f"({lines} lines are missing here: this reader is too slow)\n".encode()

    def alive(self) -> bytes:
        """A sign of life; of text at least the head is sent."""
        return b""


class _Json(_Text):
    """For programs."""

    content_type = NDJSON
    encode = staticmethod(lambda batch: batch.ndjson)

    def tail(self, batch: Batch) -> bytes:
        return batch.ndjson

    def lost(self, lines: int) -> bytes:
        return b'{"lost":%d}\n' % lines

    def alive(self) -> bytes:
        return b'{"now":"%s"}\n' % written_at(time.time()).encode()


def _time(request: web.Request) -> str:
    written = request.query.get("since", "")
    if not written:
        return ""
    try:
        return read_time(written)
    except ValueError:
        detail = f"since={written[:40]!r} is not allowed; allowed is a time such as 2026-01-02T03:04:05Z."
        raise Problem(400, detail) from None


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(WRITE_TIMEOUT):
        await response.write(data)
