"""The HAProxy engine: starts HAProxy or takes over the one that runs, restarts it, ends it.

Awake apps are served by HAProxy alone, also while this process is dead. It reads in the order it happens: claim the
state directory, open the door, listen, start or take over, watch, drain.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from proxy.forwarded import Trust
from proxy.haproxy import configuration, crt_list
from proxy.haproxy.configuration import RETURNING, Sizes, Timeouts, Tls
from proxy.haproxy.door import Door
from proxy.haproxy.lane import HaproxyLane
from proxy.haproxy.listeners import PLAIN, TLS, Listeners
from proxy.haproxy.maps import MAPS
from proxy.haproxy.process import HaproxyProcess, check_configuration
from proxy.haproxy.program import find_program
from proxy.haproxy.runtime import RuntimeSocket
from proxy.haproxy.state import StateDirectory
from proxy.haproxy.uploads import Uploads
from proxy.room import room
from proxy.server import House

if TYPE_CHECKING:
    from proxy.haproxy.certificate_keeper import CertificateKeeper

logger = logging.getLogger(__name__)

RESTART = (0.1, 5.0)
"""Seconds before HAProxy is started again: the first pause, doubled up to the last."""
STEADY = 10.0
"""Seconds that it must have run for the pauses to begin anew."""
ORPHAN = 60.0
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
        program: str = "haproxy",
    ) -> None:
        """`trusted_proxies` are networks; raises ValueError for what is not one. Of `max_connections` the limit on open
        files may allow fewer.

        `certificates_changed` may be set by whoever wants the directory of certificates to be looked at now.
        `orphan` are the seconds that HAProxy serves on without a proxy process before it ends by itself.
        """
        trust = Trust(trusted_proxies)
        self._program = program
        self._state = StateDirectory(state_directory)
        self._sizes = Sizes(
            threads or os.process_cpu_count() or 1, room(max_connections, most=MAX_CONNECTIONS, each=FDS_PER_CONNECTION)
        )
        timeouts = timeouts or Timeouts()
        self._files = configuration.render(self._sizes, trust.networks, timeouts, orphan, tls)
        self._tasks = asyncio.TaskGroup()
        self._runtime = RuntimeSocket(self._state.runtime_socket)
        self.lanes = HaproxyLane(self._runtime, house.table, house.ledger)
        self._door = Door(house.doorman, house.table, trust, self._tasks, self.lanes.asked)
        self._listeners = Listeners({PLAIN: listen} | ({TLS: tls.listen} if tls else {}))
        self._uploads = Uploads(RuntimeSocket(self._state.runtime_socket), timeouts.body)
        changed = certificates_changed or asyncio.Event()
        self._certificates = _keeper(self._state, tls, changed) if tls is not None else None
        self._haproxy: HaproxyProcess | None = None
        self._watch: asyncio.Task[None] | None = None
        self._watch_uploads: asyncio.Task[None] | None = None
        self._watch_certificates: asyncio.Task[None] | None = None
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
        self._program, _ = await asyncio.to_thread(find_program, self._program)
        stack.enter_context(self._state)
        stack.callback(self._state.clear, [*self._files, *MAPS, crt_list.LIST])
        self._state.empty(crt_list.FOLDER)  # keys that a process has left which was killed while it started HAProxy
        await stack.enter_async_context(self._tasks)
        await self._door.open(self._state.door_socket)
        stack.callback(self._door.close)
        stack.push_async_callback(self.stop, 0)
        if self._certificates is not None:
            await self._certificates.read()
        if not await self._take_over():
            self._listeners.bind()
            await self._start(check=True)
        self._watch = self._tasks.create_task(self._supervise())
        self._watch_uploads = self._tasks.create_task(self._uploads.watch())
        if self._certificates is not None:
            self._watch_certificates = self._tasks.create_task(self._certificates.run())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens; for port 0 the real one."""
        return list(self._listeners.addresses.values())

    @property
    def pid(self) -> int:
        """HAProxy's master process; 0 while there is none."""
        return self._haproxy.pid if self._haproxy is not None else 0

    async def stop(self, grace: float) -> int:
        """Stop listening at once, let visits in flight end for `grace` seconds; returns how many were cut off."""
        for task in (self._watch, self._watch_uploads, self._watch_certificates):
            if task is not None:
                task.cancel()
        return await self._end(grace)

    async def _take_over(self) -> bool:
        """Whether an HAProxy runs that an earlier process of ours started just like this one."""
        haproxy = await HaproxyProcess.find(self._state)
        if haproxy is None:
            return False
        self._haproxy = haproxy
        facts = self._state.recall()
        same = facts.get("fingerprint") == configuration.fingerprint(self._files)
        if not self._listeners.adopt(await self._runtime.listeners(), facts.get("listeners")) or not same:
            logger.warning("the HAProxy that runs here has other settings and is ended")
            await self._end(0)
            return False
        self.lanes.is_up(taken_over=True)
        if self._certificates is not None:
            self._certificates.is_up(taken_over=True)
        await self.lanes.renew()
        logger.info("took over the running HAProxy (process %d)", haproxy.pid)
        return True

    async def _start(self, *, check: bool = False) -> None:
        maps = {
            name: "".join(f"{entry.key} {entry.value}\n" for entry in entries)
            for name, entries in self.lanes.contents().items()
        }
        certificates = self._certificates.contents() if self._certificates is not None else {}
        try:
            self._state.write(self._files | maps | certificates)
            if check:
                await check_configuration(self._program, self._state.path, self._listeners)
            self._haproxy = await HaproxyProcess.start(self._program, self._state, self._listeners)
        finally:
            self._state.empty(crt_list.FOLDER)  # HAProxy has read the keys, and nobody else needs to
        facts = {
            "fingerprint": configuration.fingerprint(self._files),
            "listeners": self._listeners.note(),
            "pid": self.pid,
        }
        self._state.remember(facts)
        self.lanes.is_up()
        if self._certificates is not None:
            self._certificates.is_up()

    async def _supervise(self) -> None:
        """Start HAProxy again whenever it has ended. New connections wait in the listener meanwhile."""
        loop = asyncio.get_running_loop()
        pause = RESTART[0]
        while True:
            began = loop.time()
            if self._haproxy is not None:
                async with asyncio.TaskGroup() as group:
                    hearing = group.create_task(self._haproxy.hear())
                    how = await self._haproxy.ended()
                    hearing.cancel()
                self.lanes.is_down()
                logger.error("HAProxy has ended (%s); the next one starts in %.1fs", how, pause)
            self._haproxy = None
            await asyncio.sleep(pause)
            pause = RESTART[0] if loop.time() - began > STEADY else min(RESTART[1], pause * 2)
            try:
                self._listeners.bind()
                await self._start()
            except OSError as error:
                logger.error("%s", error)

    async def _end(self, grace: float) -> int:
        """Drain HAProxy and see it end."""
        haproxy, self._haproxy = self._haproxy, None
        if haproxy is not None and grace > 0:
            haproxy.drain()
            self.lanes.is_draining(haproxy.through_master)
        self._listeners.end()
        if haproxy is None:
            return 0
        cut = 0
        if grace > 0:
            try:
                async with asyncio.timeout(grace):
                    await haproxy.ended()
            except TimeoutError:
                cut = await haproxy.open_visits()
        await haproxy.kill()
        self.lanes.is_down()
        return cut


def _keeper(state: StateDirectory, tls: Tls, changed: asyncio.Event) -> "CertificateKeeper":
    from proxy.haproxy.certificate_keeper import CertificateKeeper  # here: who has no TLS does without its libraries

    return CertificateKeeper(RuntimeSocket(state.runtime_socket), tls.certificates, changed)
