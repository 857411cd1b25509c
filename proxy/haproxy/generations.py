"""HAProxy's lives in one state directory: a reload begins a new one, and the one before serves its visits to their end.

Nothing is cut off by that, however long it takes: a draining HAProxy ends itself after a day (hard-stop-after in its
configuration), as long as a connection may be quiet. Only too many of them are not kept.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from proxy.haproxy import crt_list
from proxy.haproxy.configuration import KEPT
from proxy.haproxy.listeners import Listeners
from proxy.haproxy.process import HaproxyProcess, check_configuration
from proxy.haproxy.runtime import RuntimeSocket
from proxy.haproxy.state import StateDirectory

logger = logging.getLogger(__name__)

LAST_CALL = 60.0
"""Seconds that the oldest has when there are too many."""


class NewestRuntime(RuntimeSocket):
    """Reaches the worker that takes new visits, whichever that is."""

    def __init__(self, lives: "Generations") -> None:
        self._lives = lives
        super().__init__(Path())

    async def _exchange(self, command: str, answers: int) -> str:
        if (current := self._lives.current) is None:
            raise OSError("it is not running")
        self._path = current.directory.runtime_socket
        return await super()._exchange(command, answers)


class Generations:
    """All lives that have not ended, oldest first. At most the last one takes new visits."""

    def __init__(self, state: StateDirectory, gone: Callable[[HaproxyProcess], None]) -> None:
        """`gone` is called for each that has ended."""
        self._state = state
        self._gone = gone
        self.running: list[HaproxyProcess] = []
        self.runtime = NewestRuntime(self)
        self._hurry: dict[HaproxyProcess, asyncio.Event] = {}

    @property
    def current(self) -> HaproxyProcess | None:
        """The one that takes new visits."""
        return self.running[-1] if self.running and not self.running[-1].draining else None

    @property
    def replaced(self) -> list[HaproxyProcess]:
        """Those that end when their visits have ended."""
        return [life for life in self.running if life is not self.current]

    async def find(self) -> None:
        """Know those that an earlier process has left running."""
        for directory in self._state.generations():
            if (life := await HaproxyProcess.find(directory)) is not None:
                self.running.append(life)
                directory.remove_folder(
                    crt_list.FOLDER
                )  # keys left by a process that was killed while it started HAProxy
            else:
                directory.remove()

    async def begin(
        self,
        program: str,
        files: Mapping[str, str],
        listeners: Listeners,
        facts: Mapping[str, object],
        *,
        check: bool,
    ) -> HaproxyProcess:
        """Start the next one, on the same listeners as the last. Raises OSError when it does not serve."""
        directory = self._state.new_generation(**facts)
        try:
            directory.write(files)
            if check:
                await check_configuration(program, directory.path, listeners)
            life = await HaproxyProcess.start(program, directory, listeners)
        except BaseException:
            directory.remove()
            raise
        directory.remember(pid=life.pid)
        self.running.append(life)
        return life

    async def see_off(self, life: HaproxyProcess) -> None:
        """Have it take no new visits, and wait until it has ended. Nobody else may wait for it."""
        hurry = self._hurry[life] = asyncio.Event()
        life.drain()
        draining = [one for one in self.running if one.draining]
        for one in draining[:-KEPT]:
            if one in self._hurry:
                self._hurry[one].set()
        try:
            async with asyncio.TaskGroup() as group:
                ending = group.create_task(self._end_in_a_hurry(life, hurry))
                await life.ended()
                ending.cancel()
            logger.debug("the HAProxy that drained (process %d) has ended", life.pid)
            self.forget(life)
        finally:
            del self._hurry[life]

    async def _end_in_a_hurry(self, life: HaproxyProcess, hurry: asyncio.Event) -> None:
        await hurry.wait()
        logger.warning(
            "more than %d HAProxys that were replaced still have visits; the oldest (process %d) is ended in %gs",
            *(KEPT, life.pid, LAST_CALL),
        )
        await asyncio.sleep(LAST_CALL)
        await life.kill()

    def forget(self, life: HaproxyProcess) -> None:
        """It has ended."""
        if life in self.running:
            self.running.remove(life)
            life.directory.remove()
            self._gone(life)

    async def see_off_all(self) -> None:
        """The same for all that there are."""
        async with asyncio.TaskGroup() as group:
            for life in self.running:
                group.create_task(self.see_off(life))

    async def kill(self) -> None:
        """End all that there are, now."""
        async with asyncio.TaskGroup() as group:
            for life in self.running:
                group.create_task(life.kill())
        for life in list(self.running):
            self.forget(life)
