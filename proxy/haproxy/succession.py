"""Which HAProxy takes new visits: the first, one that was taken over, its successor with other settings, the next one.

A successor begins while the one before serves. When it does not begin, the one before serves on.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from proxy.haproxy import crt_list
from proxy.haproxy.generations import Generations
from proxy.haproxy.lane import HaproxyLane
from proxy.haproxy.listeners import Listeners
from proxy.haproxy.process import HaproxyProcess
from proxy.lanes import LaneError

if TYPE_CHECKING:
    from proxy.haproxy.certificate_keeper import CertificateKeeper

logger = logging.getLogger(__name__)

RESTART = (0.1, 5.0)
"""Seconds before HAProxy is started again: the first pause, doubled up to the last."""
STEADY = 10.0
"""Seconds that it must have run for the pauses to begin anew."""
RETRY = 0.03
"""Seconds before a worker that could not be told what it has to know is told again."""


class Succession:
    """The lives of HAProxy in their order."""

    def __init__(
        self,
        program: str,
        fingerprint: str,
        files: Mapping[str, str],
        *,
        lives: Generations,
        lanes: HaproxyLane,
        listeners: Listeners,
        certificates: "CertificateKeeper | None",
    ) -> None:
        """`fingerprint` is of all that makes an HAProxy another one: its files, its version."""
        self._program = program
        self._fingerprint = fingerprint
        self._files = files
        self._lives = lives
        self._lanes = lanes
        self._listeners = listeners
        self._certificates = certificates

    async def start(self, *, check: bool = False) -> None:
        """Begin a new life, which takes all new visits. Raises OSError when it does not begin."""
        maps = {
            name: "".join(f"{entry.key} {entry.value}\n" for entry in entries)
            for name, entries in self._lanes.contents().items()
        }
        certificates = self._certificates.contents() if self._certificates is not None else {}
        files = {**self._files, **maps, **certificates}
        facts = {"fingerprint": self._fingerprint, "listeners": self._listeners.note()}
        life = await self._lives.begin(self._program, files, self._listeners, facts, check=check)
        life.directory.remove_folder(crt_list.FOLDER)  # it has read the keys, and nobody else needs to
        self._lanes.is_up()
        if self._certificates is not None:
            self._certificates.is_up()
        with contextlib.suppress(LaneError):  # then it asks the doorman about all visits until it is told
            await self._lanes.renew()

    async def take_over(self, found: HaproxyProcess) -> None:
        """Go on with the HAProxy that an earlier process of ours started; with its successor where ours is another.

        Raises OSError when neither will do: where to listen is another and has failed.
        """
        facts = found.directory.recall()
        fits = self._listeners.adopt(await found.listeners(), facts.get("listeners"))
        self._lanes.is_up()
        if fits and facts.get("fingerprint") == self._fingerprint:
            await self._go_on()
            logger.info("took over the running HAProxy (process %d)", found.pid)
            return
        began = asyncio.get_running_loop().time()
        try:
            self._listeners.bind()
            await self.start(check=True)
        except OSError as error:
            if not fits:
                self._listeners.close()
                raise
            await self._go_on()
            logger.error("the HAProxy that runs (process %d) serves on with its old settings: %s", found.pid, error)
            return
        new = self._lives.running[-1]
        took = asyncio.get_running_loop().time() - began
        logger.info(
            "HAProxy was reloaded with other settings in %.2fs: process %d takes new visits, %d ends with those it has",
            *(took, new.pid, found.pid),
        )

    async def _go_on(self) -> None:
        if self._certificates is not None:
            self._certificates.is_up(taken_over=True)
        await self._lanes.renew()

    async def supervise(self) -> None:
        """Start HAProxy again whenever it has ended. New connections wait in the listener meanwhile."""
        loop = asyncio.get_running_loop()
        pause = RESTART[0]
        while True:
            began = loop.time()
            if (life := self._lives.current) is not None:
                how = await life.ended()
                await life.kill()  # what is left of it
                self._lives.forget(life)
                logger.error("HAProxy has ended (%s); the next one starts in %.1fs", how, pause)
            await asyncio.sleep(pause)
            pause = RESTART[0] if loop.time() - began > STEADY else min(RESTART[1], pause * 2)
            try:
                self._listeners.bind()
                await self.start()
            except OSError as error:
                logger.error("%s", error)

    async def notice_reloads(self, news: asyncio.Event) -> None:
        """Tell a worker that has just begun what it has to know: somebody else may have reloaded HAProxy."""
        while True:
            await news.wait()
            news.clear()
            known, life = self._lanes.serving, self._lives.current
            try:
                await self._lanes.look()
            except LaneError as error:
                logger.debug("HAProxy reloads: %s", error)
                await asyncio.sleep(RETRY)
                news.set()
                continue
            if known not in (None, self._lanes.serving) and life is self._lives.current:
                logger.info("somebody has reloaded HAProxy: process %s serves now", self._lanes.serving)
                if self._certificates is not None:
                    self._certificates.is_up(taken_over=True)
