"""The mitmproxy engine: a headless master with a few addons, behind one listener.

Built on mitmproxy 12.2's master, addons, flows and sans-io layers (its version is pinned hard, which is what makes
that last part fair). Its own listeners and connection handlers are not used; addons/connection.py says why.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from mitmproxy.master import Master
from mitmproxy.options import Options

from addons.admission import Admission
from addons.doorman import Doorman
from addons.forwarding import Forwarding
from addons.hooks import Hooks
from addons.hop_by_hop import HopByHop
from addons.listener import Listener
from addons.server_timing import ServerTiming
from proxy.forwarded import Trust
from proxy.lanes import NoLanes
from proxy.room import room
from proxy.server import LINGER
from torpor.link import Load

logger = logging.getLogger(__name__)

MAX_CONNECTIONS = 10_000
"""Unless a setting says more."""
FDS_PER_CONNECTION = 2
"""Descriptors: the visitor's and the app's."""
SPARE_FDS = 500
"""For everything else, and for those who are turned away."""
LAST_WORDS = 5.0
"""Seconds that visits which are no more may take to find out, at the end."""


class _Options(Options):
    proxy_debug = False
    """Every layer asks for this; mitmproxy declares it in an addon that is not used here."""


class MitmproxyEngine:
    """Moves the bytes of all visits, as the doorman says. One per process: mitmproxy's master is a global."""

    def __init__(
        self,
        doorman: Doorman,
        *,
        listen: tuple[str, int],
        trusted_proxies: Iterable[str] = (),
        max_connections: int | None = None,
        linger: float = LINGER,
    ) -> None:
        """`trusted_proxies` are networks; raises ValueError for what is not one. Of `max_connections` the limit on open
        files may allow fewer. `linger` are the seconds that kept connections have when it is to stop.
        """
        self._doorman = doorman
        self._linger = linger
        self._listen = listen
        self._trust = Trust(trusted_proxies)
        self._max_connections = room(max_connections, most=MAX_CONNECTIONS, each=FDS_PER_CONNECTION, spare=SPARE_FDS)
        self._tasks = asyncio.TaskGroup()
        self._stopped = False
        self.lanes = NoLanes()

    async def __aenter__(self) -> Self:
        """Start. Raises OSError when the address cannot be listened on."""
        logging.getLogger("mitmproxy").setLevel(logging.WARNING)
        self.master = Master(_Options())
        # It would turn every log record of the whole process into an event on the loop.
        self.master._legacy_log_events.uninstall()
        self.master.addons.add(HopByHop(), Forwarding(self._trust), Admission(self._doorman), ServerTiming())
        self.listener = Listener(
            self._doorman,
            Hooks(self.master.addons),
            self.master.options,
            self._tasks,
            max_connections=self._max_connections,
        )
        await self._tasks.__aenter__()
        try:
            await self.listener.open(self._listen)
        except BaseException:
            await self._tasks.__aexit__(None, None, None)
            raise
        await self.master.running()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._stopped:
            await self.stop(0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await self._tasks.__aexit__(None, None, None)  # its caller's error is no group

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens; for port 0 the real one."""
        return self.listener.addresses

    def load(self) -> Load | None:
        """As of now."""
        return Load(connections=len(self.listener), limit=self._max_connections)

    async def stop(self, grace: float) -> int:
        """Stop listening at once, let visits in flight end for `grace` seconds; returns how many were cut off."""
        cut = await self.listener.close(grace, self._linger)
        await self.master.done()
        self._stopped = True
        return cut
