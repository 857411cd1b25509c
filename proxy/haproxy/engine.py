"""The HAProxy engine: finds or starts HAProxy, watches over it, ends it.

Awake apps are served by HAProxy alone, also while this process is dead. It reads in the order it happens: claim the
state directory, open the door, listen, start or take over, watch, drain.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Coroutine, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from proxy.forwarded import Trust
from proxy.haproxy import configuration
from proxy.haproxy.configuration import RETURNING, Sizes, Timeouts, Tls
from proxy.haproxy.door import Door
from proxy.haproxy.generations import Generations
from proxy.haproxy.lane import HaproxyLane
from proxy.haproxy.listeners import PLAIN, TLS, Listeners
from proxy.haproxy.program import find_program
from proxy.haproxy.runtime import RuntimeSocket
from proxy.haproxy.state import StateDirectory
from proxy.haproxy.succession import Succession
from proxy.haproxy.uploads import Uploads
from proxy.room import room
from proxy.server import LINGER, House
from torpor.link import Load

if TYPE_CHECKING:
    from proxy.haproxy.certificate_keeper import CertificateKeeper

logger = logging.getLogger(__name__)

IDLE_LOOK = 0.2
"""Seconds between two looks at what is open, at the end."""
ORPHAN = 60.0
"""Seconds that HAProxy serves on without us."""
ENDING = 5.0
"""Seconds after that in which it is sure to have noticed."""
FDS_PER_CONNECTION = 2 * (1 + 1 / RETURNING)
"""Descriptors: the visitor's, and the doorman's, the app's or the way back's; at the other end of that are two more."""
MAX_CONNECTIONS = 50_000
"""Unless a setting says more."""


class HaproxyEngine:
    """Moves the bytes of all visits with HAProxy, as the doorman says."""

    def __init__(
        self,
        house: House,
        *,
        listen: tuple[str, int],
        state_directory: Path,
        tls: Tls | None = None,
        certificates_changed: asyncio.Event | None = None,
        trusted_proxies: Iterable[str] = (),
        threads: int | None = None,
        max_connections: int | None = None,
        timeouts: Timeouts | None = None,
        orphan: float = ORPHAN,
        linger: float = LINGER,
        program: str = "haproxy",
    ) -> None:
        """`trusted_proxies` are networks; raises ValueError for what is not one. Of `max_connections` the limit on open
        files may allow fewer.

        `certificates_changed` may be set by whoever wants the directory of certificates to be looked at now.
        `orphan` are the seconds that HAProxy serves on without a proxy process before it ends by itself, `linger` those
        that kept connections have when it is to stop.
        """
        trust = Trust(trusted_proxies)
        self._program = program
        self._linger = linger
        self._state = StateDirectory(state_directory)
        self._sizes = Sizes(
            threads or os.process_cpu_count() or 1, room(max_connections, most=MAX_CONNECTIONS, each=FDS_PER_CONNECTION)
        )
        timeouts = timeouts or Timeouts()
        self._files = configuration.render(self._sizes, trust.networks, timeouts, orphan, tls)
        self._tasks = asyncio.TaskGroup()
        self._lives = Generations(self._state, lambda life: self.lanes.is_gone(life))
        self._runtime = self._lives.runtime
        self.lanes = HaproxyLane(
            self._lives.running, house.table, house.ledger, max_connections=self._sizes.max_connections
        )
        self._begun = asyncio.Event()
        asked = self.lanes.counts.asked
        self._door = Door(
            *(house.doorman, house.table, trust, self._tasks, asked),
            *(self._begun.set, self._emptied, self.lanes.named),
        )
        self._listeners = Listeners({PLAIN: listen} | ({TLS: tls.listen} if tls else {}))
        self._uploads = Uploads(self._runtime, timeouts.body)
        changed = certificates_changed or asyncio.Event()
        self._certificates = _keeper(self._runtime, tls, changed) if tls is not None else None
        self._watches: list[asyncio.Task[None]] = []
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start. Raises OSError with a message that helps."""
        try:
            await self._begin()
        except BaseException:
            await self._stack.aclose()  # not with the error: a group would wrap it
            raise
        return self

    async def _begin(self) -> None:
        stack = self._stack
        program, version = await asyncio.to_thread(find_program, self._program)
        succession = Succession(
            program,
            configuration.fingerprint(self._files | {"version": version}),
            self._files,
            lives=self._lives,
            lanes=self.lanes,
            listeners=self._listeners,
            certificates=self._certificates,
        )
        stack.enter_context(self._state)
        stack.callback(self._clear)
        await stack.enter_async_context(self._tasks)
        stack.push_async_callback(self._watch_no_more)
        stack.callback(self.lanes.let_go)
        await self._door.open(self._state.door_socket)
        stack.callback(self._door.close)
        if self._certificates is not None:
            await self._certificates.read()
        await self._lives.find()
        if (found := self._lives.current) is not None:
            await succession.take_over(found)  # where that fails it is left to whoever tries again
            stack.push_async_callback(self.stop, 0)
        else:
            stack.push_async_callback(self.stop, 0)
            self._listeners.bind()
            await succession.start(check=True)
        for life in self._lives.replaced:
            self._watch(self._lives.see_off(life))
        self._watch(succession.supervise())
        self._watch(succession.notice_reloads(self._begun))
        self._watch(self._uploads.watch())
        if self._certificates is not None:
            self._watch(self._certificates.run())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens; for port 0 the real one."""
        return list(self._listeners.addresses.values())

    def load(self) -> Load | None:
        """As HAProxy said about a second ago."""
        return self.lanes.load

    @property
    def pid(self) -> int:
        """HAProxy's master process; 0 while none takes new visits."""
        return self._lives.current.pid if self._lives.current is not None else 0

    async def stop(self, grace: float) -> int:
        """Stop listening at once, let visits in flight end for `grace` seconds; returns how many were cut off."""
        await self._watch_no_more()
        self._listeners.end()
        cut = 0
        if grace > 0:
            self.lanes.let_go()
            try:
                async with asyncio.timeout(grace), asyncio.TaskGroup() as group:
                    draining = group.create_task(self._lives.see_off_all())
                    idle = group.create_task(self._until_idle())
                    await asyncio.wait([draining, idle], return_when=asyncio.FIRST_COMPLETED)
                    draining.cancel()
                    idle.cancel()
            except TimeoutError:
                cut = await self.lanes.open_visits() or 0
        await self._lives.kill()
        return cut

    async def _until_idle(self) -> None:
        """Connections without a visit may be closed in the end, but not while the next one may be on its way."""
        await asyncio.sleep(self._linger)
        while True:
            await asyncio.sleep(IDLE_LOOK)
            if await self.lanes.open_visits() == 0:
                return

    def _clear(self) -> None:
        if not self._lives.running:
            self._state.clear()

    def _emptied(self) -> None:
        self.lanes.emptied()
        self._begun.set()

    def _watch(self, watching: Coroutine[None, None, None]) -> None:
        self._watches.append(self._tasks.create_task(watching))

    async def _watch_no_more(self) -> None:
        watches, self._watches = self._watches, []
        for watch in watches:
            watch.cancel()
        if watches:
            await asyncio.wait(watches)


def _keeper(runtime: RuntimeSocket, tls: Tls, changed: asyncio.Event) -> "CertificateKeeper":
    from proxy.haproxy.certificate_keeper import CertificateKeeper  # here: who has no TLS does without its libraries

    return CertificateKeeper(runtime, tls.certificates, changed)
