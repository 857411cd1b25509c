"""What an engine does beside the doorman: the fast lane, on which visits to awake apps pass without a question.

The port that an engine with such a lane fits; and the engine without one, whose every visit the doorman sees.
"""

from collections.abc import Collection
from typing import Protocol

from torpor.words import AppId


class LaneError(OSError):
    """The engine cannot be reached or did not do as told; the message is for people. Ask again."""


class Lanes(Protocol):
    """An engine's fast lane. It reads the apps from the table and writes what it sees of them into the ledger.

    Every method raises LaneError, within a bounded time, when it could not do its work.
    """

    async def renew(self) -> None:
        """Bring the whole lane in line with the table, and the ledger up to date.

        While the table is not linked to the scaler the lane lets nobody through: what the table says may be wrong.
        """

    async def change(self, apps: Collection[AppId]) -> None:
        """The same for these apps. Of those that drain, when this returns, the ledger has every visit that the lane
        let through, and the lane lets none through any more."""

    async def look(self) -> None:
        """Bring the ledger up to date."""


class NoLanes:
    """The doorman sees every visit and the ledger knows them all."""

    async def renew(self) -> None:
        pass

    async def change(self, apps: Collection[AppId]) -> None:
        pass

    async def look(self) -> None:
        pass
