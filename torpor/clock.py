"""Time as an argument: the clock of the machine, and one that tests turn by hand.

Durations are measured on the monotonic clock, so a jump of the wall clock neither wakes nor sleeps anything; the wall
clock is for showing, and for hours of the day that people have written.
"""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds, twice: `now` for measuring, `wall` for showing."""

    def now(self) -> float:
        """Monotonic seconds from an arbitrary start."""

    def wall(self) -> float:
        """Unix seconds."""

    async def wait(self, event: asyncio.Event, until: float | None) -> bool:
        """Wait for the event or the time, whichever is first; whether it was the event. None waits for ever."""


class MachineClock:
    """The real one."""

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    async def wait(self, event: asyncio.Event, until: float | None) -> bool:
        if event.is_set():
            return True
        delay = None if until is None else max(0.0, until - self.now())
        try:
            async with asyncio.timeout(delay):
                await event.wait()
        except TimeoutError:
            return event.is_set()
        return True


class HandClock:
    """For tests: time stands still until somebody advances it."""

    def __init__(self, start: float = 1_000_000.0) -> None:
        self._now = start
        self._turned = asyncio.Event()

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._now + 1_700_000_000.0

    def advance(self, seconds: float) -> None:
        """Let time pass; those who waited for it find out when the loop runs next."""
        self._now += seconds
        self._turned.set()
        self._turned = asyncio.Event()

    async def wait(self, event: asyncio.Event, until: float | None) -> bool:
        while not event.is_set() and (until is None or self._now < until):
            turned = self._turned
            async with asyncio.TaskGroup() as group:
                waits = [group.create_task(event.wait()), group.create_task(turned.wait())]
                try:
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in waits:
                        task.cancel()
        return event.is_set()
