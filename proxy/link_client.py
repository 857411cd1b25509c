"""The proxy's end of the link: keeps it up, applies what the scaler says, reports what happens here.

Order is everything: an acknowledgement is written after the drain was applied, to the table and to the engine's fast
lane, so every visit that it does not tell of knocks. When the scaler has not been heard for `link.SILENCE` seconds the
table is told, and the doorman then trusts only what answers.
"""

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Sequence

import aiohttp

from proxy.lane_keeper import LaneKeeper
from proxy.lanes import Lanes, NoLanes
from proxy.ledger import Ledger
from proxy.seeking import BACK_OFF, Seeker
from proxy.table import AppTable
from torpor import __version__, link

logger = logging.getLogger(__name__)

MAX_WAITING = 10_000
"""Messages kept while the link is slow; knocks beyond that are dropped, and repeated by their visits."""


class LinkClient:
    """One proxy's link to the scaler that leads, wherever among the `links` it is."""

    def __init__(
        self,
        links: Sequence[str],
        token: Callable[[], str],
        *,
        name: str,
        engine: str,
        table: AppTable,
        ledger: Ledger,
        alone: float = 0.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seeker = Seeker(links, token)
        self._name = name
        self._engine = engine
        self._alone = alone
        self._now = now
        self._born = now()
        self._table = table
        self._ledger = ledger
        self._urgent: deque[link.FromProxy] = deque()
        self._news = asyncio.Event()
        self.ready = asyncio.Event()
        """Set when the first snapshot has come."""
        self.lanes: Lanes = NoLanes()
        """The engine's fast lane; to be set before `run`."""
        self.load: Callable[[], link.Load | None] = lambda: None
        """Says how full the engine is; to be set once it listens."""

    @property
    def refused(self) -> str | None:
        """Why no scaler lets us in, if none does."""
        return self._seeker.refused

    def send(self, message: link.Knock | link.Down) -> None:
        """Send at once. Lost when there is no link: the doorman repeats what matters."""
        if self._table.linked and len(self._urgent) < MAX_WAITING:
            self._urgent.append(message)
            self._news.set()

    async def run(self) -> None:
        """Keep the link up. Cancel it to end with a goodbye."""
        self._keeper = LaneKeeper(self.lanes, self._table, self._ledger, self._acknowledge)
        async with asyncio.TaskGroup() as group:
            keeping = group.create_task(self._keeper.run())
            try:
                await self._keep_up()
            finally:
                keeping.cancel()

    async def _keep_up(self) -> None:
        pause = BACK_OFF[0]
        async with aiohttp.ClientSession() as session:
            while True:
                async with await self._seeker.seek(session) as socket:
                    heard = await self._talk(socket)
                pause = BACK_OFF[0] if heard else pause
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
                pause = min(BACK_OFF[1], pause * 2)

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse) -> bool:
        """Speak on one link until it ends; whether the scaler ever said anything."""
        heard = False
        self._urgent.clear()
        age = self._now() - self._born
        hello = link.Hello(proxy=self._name, engine=self._engine, version=__version__, age=age, alone=self._alone)
        self._urgent.append(hello)
        self._urgent.append(self._ledger.report(everything=True))
        try:
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(self._write(socket))
                try:
                    while (message := await self._read(socket)) is not None:
                        heard = True
                        self._apply(message)
                finally:
                    writer.cancel()
                    self._table.link_is(False)
                    self._keeper.renewed()
        except asyncio.CancelledError:
            await self._goodbye(socket)
            raise
        logger.warning("the link to the scaler is lost; awake apps are served on")
        return heard

    def _apply(self, message: link.FromScaler) -> None:
        match message:
            case link.Snapshot(apps=apps):
                for app in self._table.replace(apps):
                    self._ledger.forget(app)
                self._table.link_is(True)
                self._keeper.renewed()
                self.ready.set()
                logger.info("linked to the scaler: %d apps", len(apps))
            case link.Changed(app=view):
                self._table.change(view)
                self._keeper.changed(view.id)
            case link.Removed(app=app):
                self._table.remove(app)
                self._ledger.forget(app)
                self._keeper.changed(app)
            case link.Beat():
                pass

    def _acknowledge(self, drained: link.Drained) -> None:
        self._urgent.append(drained)
        self._news.set()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> link.FromScaler | None:
        try:
            async with asyncio.timeout(link.SILENCE):
                message = await socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                return None
            return link.read_from_scaler(message.data)
        except TimeoutError:
            logger.warning("the scaler has said nothing for %gs", link.SILENCE)
        except ValueError as error:
            logger.warning("the scaler said what cannot be understood: %s", str(error)[:300])
        return None

    async def _write(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        loop = asyncio.get_running_loop()
        report_at = loop.time() + link.HEARTBEAT
        try:
            while not socket.closed:
                while self._urgent:
                    await self._send(socket, self._urgent.popleft())
                if loop.time() >= report_at:
                    report_at = loop.time() + link.HEARTBEAT
                    await self._send(socket, self._ledger.report().model_copy(update={"load": self.load()}))
                self._news.clear()
                if not self._urgent:
                    try:
                        async with asyncio.timeout_at(report_at):
                            await self._news.wait()
                    except TimeoutError:
                        pass
        except (ConnectionError, TimeoutError, aiohttp.ClientError) as error:
            logger.debug("the link broke while writing: %s", error)
            await socket.close()

    async def _send(self, socket: aiohttp.ClientWebSocketResponse, message: link.FromProxy) -> None:
        async with asyncio.timeout(link.SILENCE):
            await socket.send_str(link.write(message))

    async def _goodbye(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """The last report and a goodbye, so that the scaler need not wait out the lease."""
        try:
            async with asyncio.timeout(1.0):
                await socket.send_str(link.write(self._ledger.report()))
                await socket.send_str(link.write(link.Bye()))
                await socket.close()
        except (ConnectionError, TimeoutError, aiohttp.ClientError) as error:
            logger.debug("no goodbye: %s", error)
