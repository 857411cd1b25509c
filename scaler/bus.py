"""Events for whoever listens: the status page, `torpor events`, `torpor wake`. A slow listener loses its own only."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from scaler.moments import rfc3339
from scaler.status import AppStatus

QUEUE = 1_000
"""Events kept for one listener that does not read."""
RECENT = 500
"""Events kept for those who come later."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an app. `what` is one of phase, progress, activity, changed, removed."""

    number: int
    at: float
    what: str
    status: AppStatus
    text: str
    """One sentence for people; empty where there is nothing to say."""

    def to_json(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "number": self.number,
            "at": rfc3339(self.at),
            "what": self.what,
            "text": self.text,
            "app": self.status.to_json(),
        }


class Listener:
    """One reader's queue."""

    def __init__(self, *, activity: bool) -> None:
        self.activity = activity
        self._queue: deque[Event] = deque()
        self._news = asyncio.Event()
        self.lost = 0

    def put(self, event: Event) -> None:
        """Add an event; drop the oldest when the reader is too slow."""
        if len(self._queue) >= QUEUE:
            self._queue.popleft()
            self.lost += 1
        self._queue.append(event)
        self._news.set()

    async def take(self) -> list[Event]:
        """All events that wait here, oldest first; waits for one when there is none. Cancelling it loses none."""
        while not self._queue:
            self._news.clear()
            await self._news.wait()
        events = list(self._queue)
        self._queue.clear()
        return events

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            while self._queue:
                yield self._queue.popleft()
            self._news.clear()
            await self._news.wait()


class Bus:
    """Where events are published and listened to."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._number = 0
        self.recent: deque[Event] = deque(maxlen=RECENT)

    @property
    def number(self) -> int:
        """The number of the last event; 0 before the first."""
        return self._number

    @property
    def activity_wanted(self) -> bool:
        """Somebody listens for how busy the apps are, which is not worth working out for nobody."""
        return any(listener.activity for listener in self._listeners)

    def publish(self, at: float, what: str, status: AppStatus, text: str) -> None:
        """Tell every listener. What has no sentence, such as activity, is for those who listen now, and is not kept."""
        self._number += 1
        event = Event(self._number, at, what, status, text)
        if text:
            self.recent.append(event)
        for listener in self._listeners:
            if what != "activity" or listener.activity:
                listener.put(event)

    @contextmanager
    def listen(self, *, activity: bool = True) -> Iterator[Listener]:
        """A listener for the length of the block: `with bus.listen() as news: async for event in news: …`."""
        listener = Listener(activity=activity)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
