"""Apps' output, followed while somebody reads it: one stream from the runtime for an app, however many readers.

It begins with the first reader and ends with the last. Who comes later gets the past from what is kept here, and only
what reaches farther back is asked of the runtime once more.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from scaler.logs.channel import Channel, Joined
from scaler.logs.line import Line
from scaler.logs.past import MOST_OLDER, put_together
from scaler.logs.reader import Reader
from scaler.logs.ring import MOST_LINES
from scaler.runtime import Runtime
from torpor.words import AppId

logger = logging.getLogger(__name__)

MOST_READERS = 100
"""Of one scaler."""
QUEUED = 32 * 1024 * 1024
"""Bytes that wait for all readers, at most; each has an equal share, and no more than `reader.MOST_BYTES`."""
KEPT = 16 * 1024 * 1024
"""Bytes that are kept of all apps for those who come later, at most; by app as by reader, `channel.MOST_BYTES`."""
AT_ONCE = 2
"""Ends of logs that are read at the same time, for those who come later."""


class TooManyReaders(Exception):  # noqa: N818 - reads as what it is
    """One more does not fit in."""


class Logs:
    """The readers of all apps. `tasks` is where streams belong; it must not be asked for before it runs."""

    def __init__(self, runtime: Runtime, tasks: Callable[[], asyncio.TaskGroup]) -> None:
        self._runtime = runtime
        self._tasks = tasks
        self._channels: dict[AppId, Channel] = {}
        self._following: dict[Channel, asyncio.Task[None]] = {}
        self._readers = 0
        self._reading = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def read(self, app: AppId, *, lines: int, since: str = "") -> AsyncIterator[Reader]:
        """The last lines of each container (at most `ring.MOST_LINES`), or with `since` all those after that time, and
        then what is written, until the block is left or the scaler's reign ends. Raises TooManyReaders."""
        if self._readers >= MOST_READERS:
            raise TooManyReaders(f"{MOST_READERS} readers of logs are here already, no more fit in")
        self._readers += 1
        try:
            wanted = None if since else min(lines, MOST_LINES)
            channel = self._channels.get(app) or self._begin(app, wanted, since)
            joined = channel.join(wanted, since)
            self._share()
            try:
                await self._read_past(app, joined, wanted, since)
                yield joined.reader
            finally:
                channel.leave(joined.reader)
                if channel.deserted:
                    self._close(app, channel)
        finally:
            self._readers -= 1
            self._share()

    async def _read_past(self, app: AppId, joined: Joined, lines: int | None, since: str) -> None:
        """What comes meanwhile waits in the reader's queue."""
        older: list[Line] = []
        if not joined.whole:
            async with self._reading:
                older = await self._runtime.log_tail(app, MOST_OLDER if lines is None else lines, since)
        past = put_together(joined.kept, older, joined.reader.coming(), lines, joined.short)
        joined.reader.begin(*past)

    def _share(self) -> None:
        """Everybody gives way to who has come, and takes what who has left had."""
        for channel in self._channels.values():
            channel.may_hold(KEPT // len(self._channels), QUEUED // max(1, self._readers))

    def _begin(self, app: AppId, lines: int | None, since: str) -> Channel:
        tasks, channel = self._tasks(), Channel(lines, since)
        self._channels[app] = channel
        self._following[channel] = tasks.create_task(self._follow(app, channel, lines, since))
        return channel

    async def _follow(self, app: AppId, channel: Channel, lines: int | None, since: str) -> None:
        try:
            await self._runtime.follow(app, channel.take, lines, since)
        except Exception:
            logger.exception("the output of %s cannot be followed", app)
        finally:
            channel.end()
            self._forget(app, channel)

    def _close(self, app: AppId, channel: Channel) -> None:
        if task := self._forget(app, channel):
            task.cancel()

    def _forget(self, app: AppId, channel: Channel) -> "asyncio.Task[None] | None":
        if self._channels.get(app) is channel:
            del self._channels[app]
        return self._following.pop(channel, None)
