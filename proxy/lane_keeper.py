"""Keeps the engine's fast lane in line with the table, and says of a draining app when its lane is closed.

The table changes at once; the lane follows as fast as the engine takes it. A drain is acknowledged only after both, and
with what was read after both, so no visit can slip between.
"""

import asyncio
import logging
from collections.abc import Callable, Collection

from proxy.lanes import LaneError, Lanes
from proxy.ledger import Ledger
from proxy.table import AppTable
from torpor import link
from torpor.words import AppId, Phase

logger = logging.getLogger(__name__)

RETRY = 0.2
"""Seconds before an engine that failed is asked again."""


class LaneKeeper:
    """Works off what the link tells, in order; changes of one app that follow each other quickly become one."""

    def __init__(
        self, lanes: Lanes, table: AppTable, ledger: Ledger, acknowledge: Callable[[link.Drained], None]
    ) -> None:
        self._lanes = lanes
        self._table = table
        self._ledger = ledger
        self._acknowledge = acknowledge
        self._changed: dict[AppId, None] = {}
        self._all = False
        self._news = asyncio.Event()

    def changed(self, app: AppId) -> None:
        """The table has a new word on this app."""
        self._changed[app] = None
        self._news.set()

    def renewed(self) -> None:
        """The table was filled anew, or the scaler is not heard any more."""
        self._all = True
        self._news.set()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                async with asyncio.timeout(link.HEARTBEAT):
                    await self._news.wait()
            except TimeoutError:
                pass  # nothing new: see how the visits stand
            self._news.clear()
            try:
                await self._once()
            except LaneError as error:
                logger.debug("the fast lane did not follow: %s", error)
                self._news.set()
                await asyncio.sleep(RETRY)

    async def _once(self) -> None:
        everything, changed = self._all, self._changed
        self._all, self._changed = False, {}
        draining = self._draining(None if everything else changed)
        try:
            if everything:
                await self._lanes.renew()
            elif changed:
                await self._lanes.change(changed)
            else:
                await self._lanes.look()
        except BaseException:
            self._all = self._all or everything
            self._changed = changed | self._changed
            raise
        for app, epoch in self._draining(draining).items():
            if draining[app] == epoch:
                self._acknowledge(link.Drained(app=app, epoch=epoch, work=self._ledger.work(app)))

    def _draining(self, apps: Collection[AppId] | None) -> dict[AppId, int]:
        """The epochs of those apps (None is all) that drain."""
        if not self._table.linked:
            return {}
        all_known = iter(self._table) if apps is None else (self._table.get(app) for app in apps)
        return {
            known.view.id: known.view.epoch
            for known in all_known
            if known is not None and known.view.phase is Phase.DRAINING
        }
