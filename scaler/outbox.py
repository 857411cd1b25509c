"""What one proxy has not been told yet.

Only the ids of views that changed: what is sent is the view as it stands when its turn comes. So a slow proxy gets
fewer words, never stale ones, and costs at most one entry per view.
"""

import asyncio

from torpor.words import AppId


class Outbox:
    """The views that a proxy has not been told about, oldest change first."""

    def __init__(self) -> None:
        self._views: dict[AppId, None] = {}
        self._news = asyncio.Event()

    def put(self, view: AppId) -> None:
        """It has changed, or is gone."""
        self._views[view] = None
        self._news.set()

    async def get(self, patience: float) -> AppId | None:
        """The next view to tell about; None when there is none for this many seconds."""
        if not self._views:
            self._news.clear()
            try:
                async with asyncio.timeout(patience):
                    await self._news.wait()
            except TimeoutError:
                return None
        view = next(iter(self._views))
        del self._views[view]
        return view
