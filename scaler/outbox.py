"""What one proxy has not been told yet.

Only the ids of views that changed: what is sent is the view as it stands when its turn comes. So a slow proxy gets
fewer words, never stale ones, and costs at most one entry per view.

A route that moves from one view to another is told of the taker first: the loser keeps it until the taker is known, and
no visit in between finds that it leads nowhere.
"""

import asyncio

from torpor.words import AppId


class Outbox:
    """The views that a proxy has not been told about, oldest change first; the losers of routes last in each step."""

    def __init__(self) -> None:
        self._views: dict[AppId, None] = {}
        self._losing: dict[AppId, None] = {}
        self._news = asyncio.Event()

    def put(self, view: AppId, *, losing: bool = False) -> None:
        """It has changed, or is gone; `losing`: a route leads there no more."""
        if losing or view in self._losing:
            self._views.pop(view, None)
            self._losing[view] = None
        else:
            self._views[view] = None
        self._news.set()

    async def get(self, patience: float) -> AppId | None:
        """The next view to tell about; None when there is none for this many seconds."""
        if not (self._views or self._losing):
            self._news.clear()
            try:
                async with asyncio.timeout(patience):
                    await self._news.wait()
            except TimeoutError:
                return None
        self._views |= self._losing  # whoever takes over has been put in the same step of the loop
        self._losing.clear()
        view = next(iter(self._views))
        del self._views[view]
        return view
