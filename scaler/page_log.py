"""The last lines of an app that wakes, for its waiting page: only where its policy says so, and few of them."""

import asyncio
import logging
from typing import Protocol

from scaler.app import App
from scaler.logs.line import printable
from scaler.logs.logs import Logs, TooManyReaders
from scaler.logs.reader import Ended, Reader
from scaler.telling import Telling
from torpor.link import LAST_LINES, LONGEST_LINE
from torpor.words import AppId, Phase

logger = logging.getLogger(__name__)

MOST = 20
"""Apps whose lines are followed at once for their pages; others show none."""
BEAT = 0.5
"""Seconds between two words to the proxies about one app's lines."""


class House(Protocol):
    """What it needs of the scaler."""

    apps: dict[AppId, App]
    logs: Logs
    telling: Telling


class PageLog:
    """Follows one wake at a time of each app."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._following = 0

    async def follow(self, app: App) -> None:
        """Tell the lines of the wake that has just begun, and the last of them when it has failed."""
        if self._following >= MOST:
            return
        self._following += 1
        began = app.life
        try:
            async with self._house.logs.read(app.spec.id, lines=0) as reader:
                while app.life is began and self._house.apps.get(app.spec.id) is app:
                    await self._tell(app, reader)
                if app.life.phase is Phase.FAILED:
                    await self._tell(app, reader)
        except (Ended, TooManyReaders) as error:
            logger.info("the waiting page of %s shows no lines: %s", app.spec.id, error)
        finally:
            self._following -= 1

    async def _tell(self, app: App, reader: Reader) -> None:
        """What has come within a beat."""
        await asyncio.sleep(BEAT)
        try:
            async with asyncio.timeout(BEAT):
                _, batches = await reader.take()
        except TimeoutError:
            return
        told = (
            printable(line.text, LONGEST_LINE) for batch in batches[-LAST_LINES:] for line in batch.lines[-LAST_LINES:]
        )
        lines = (*app.last_lines, *(words for words in told if words))[-LAST_LINES:]
        if lines != app.last_lines:
            app.last_lines = lines
            self._house.telling.moved(app)
