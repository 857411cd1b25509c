"""An answer of server-sent events while something goes on: its own work never waits for whoever reads."""

import asyncio
import json
from collections import deque
from typing import Any

from aiohttp import web

MOST = 2_000
"""Events that wait to be written; the oldest of more are dropped."""
HEARTBEAT = 15.0
"""Seconds; keeps proxies on the way from cutting a quiet stream."""
WRITE_TIMEOUT = 30.0
"""Seconds for the reader to take what it was sent, before it counts as gone."""


class Stream:
    """`put` what happens, `run` it in a task, `end` it. It begins with the first event, or after a heartbeat."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        self.response = web.StreamResponse(headers=headers)
        self._waiting: deque[bytes] = deque(maxlen=MOST)
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        """All is written, or nobody reads any more."""
        self._ending = False

    @property
    def begun(self) -> bool:
        """The head of the answer is on its way."""
        return self.response.prepared or bool(self._waiting)

    def put(self, event: str, data: dict[str, Any]) -> None:
        """Something has happened. Returns at once."""
        text = json.dumps(data, separators=(",", ":"))
        self._waiting.append(f"event: {event}\ndata: {text}\n\n".encode())
        self._news.set()

    async def run(self) -> None:
        """Write until the end. A reader who has gone is nobody's trouble."""
        try:
            while not (self._ending and not self._waiting):
                await self._next()
            await self.response.write_eof()
        except (ConnectionError, TimeoutError):
            if self._request.transport is not None:
                self._request.transport.abort()
        finally:
            self._over.set()

    async def end(self) -> None:
        """Returns when all is written, or nobody is there."""
        self._ending = True
        self._news.set()
        await self._over.wait()

    async def _next(self) -> None:
        if not self._waiting:
            self._news.clear()
            try:
                async with asyncio.timeout(HEARTBEAT):
                    await self._news.wait()
            except TimeoutError:
                self._waiting.append(b": still here\n\n")
        async with asyncio.timeout(WRITE_TIMEOUT):
            if not self.response.prepared:
                await self.response.prepare(self._request)
            while self._waiting:
                await self.response.write(self._waiting.popleft())
