"""One worker process of HAProxy, as the fast lane knows it: how to speak with it, what it holds, what it has counted.

There are several at once after a reload: the newest takes new visits, the others end when theirs have ended. A worker
that began without our word knows no addresses, so it asks the doorman about every visit; one that was replaced has its
addresses taken away, once and for all.
"""

import asyncio
import re

from proxy.haproxy import activity, load
from proxy.haproxy.activity import NOTHING, TABLE, Row
from proxy.haproxy.maps import ADDRESSES, SEVERAL, Entry
from proxy.haproxy.process import HaproxyProcess
from proxy.haproxy.runtime import LONGEST, RuntimeSocket
from proxy.haproxy.state import GenerationDirectory
from proxy.lanes import LaneError
from torpor.words import AppId

PROMPT = b"\n> "

_ECHO = re.compile(r"^(\+ )+")
"""A prompt for each line of what is told in several."""


class WorkerSocket(RuntimeSocket):
    """Reaches one process: over a connection that stays, or by its number through its master, which is slower."""

    def __init__(self, directory: GenerationDirectory, pid: int) -> None:
        super().__init__(directory.master_socket, f"@!{pid} ")
        self._directory = directory
        self._pid = pid
        self._held: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def hold(self) -> None:
        """Have a connection that stays, if that process is the one that listens; only it can be had that way."""
        try:
            self._held = await asyncio.open_unix_connection(self._directory.runtime_socket, limit=LONGEST)
            self._held[1].write(b"prompt\n")
            async with asyncio.timeout(1.0):
                await self._held[0].readuntil(PROMPT)
            meant = f"\nPid: {self._pid}\n" in await self.ask("show info")
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            meant = False  # and a prompt that comes late would be taken for the next answer
        except BaseException:
            self.let_go()
            raise
        if not meant:
            self.let_go()

    def let_go(self) -> None:
        """End that connection: while it is there, a replaced worker does not end."""
        if self._held is not None:
            self._held[1].transport.abort()
            self._held = None

    def _together(self, commands: list[str]) -> str:
        return super()._together(commands) if self._held is None else "; ".join(commands)

    async def _exchange(self, command: str, answers: int) -> str:
        if self._held is None:
            return await super()._exchange(command, answers)
        reader, writer = self._held
        try:
            writer.write(f"{command}\n".encode())
            said = [await reader.readuntil(PROMPT) for _ in range(answers)]
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            self.let_go()
            raise OSError("it closed the connection") from None
        except BaseException:
            self.let_go()  # in the middle of an answer
            raise
        return "".join(_ECHO.sub("", one.decode("utf-8", "replace")).removesuffix("\n> ") for one in said)


class Worker:
    """What it holds and what it said last."""

    def __init__(self, life: HaproxyProcess, pid: int, *, watched: bool) -> None:
        """`watched` says that we have been there since it began, so all that it has counted is new."""
        self.life = life
        self.pid = pid
        self.socket = WorkerSocket(life.directory, pid)
        self.lines: dict[AppId, list[Entry]] | None = None
        """What its maps hold; None when that is not sure."""
        self.rows: dict[str, Row] = {}
        self.seen: dict[AppId, int] | None = {} if watched else None
        """Requests that it had counted when it was last read; None before that."""
        self.ended: set[str] = set()
        """Of what has something ended, since that was last asked. A replaced worker forgets what nothing is open of."""
        self._shut = False

    async def fill(self, lines: dict[AppId, list[Entry]], by_map: dict[str, list[Entry]]) -> None:
        """Give it these lines, whatever it holds."""
        self.lines = None
        self._shut = False
        for name, entries in by_map.items():
            await self.socket.replace(name, ((entry.key, entry.value) for entry in entries))
        self.lines = lines

    async def shut(self) -> None:
        """Let it find no address any more: it has been replaced."""
        if not self._shut:
            self.lines = None
            await self.socket.do(f"clear map {name}" for name in (ADDRESSES, SEVERAL))
            self._shut = True
            self.socket.let_go()

    async def read(self) -> None:
        """Hear what is open in it. Raises LaneError."""
        before = self.rows
        try:
            self.rows = activity.read(await self.socket.ask(f"show table {TABLE}"))
        except ValueError as error:
            self.socket.let_go()  # it may have been the answer to something else
            raise LaneError(f"HAProxy's activity cannot be read: {error}") from None
        if self._shut:
            self.ended |= {key for key, row in before.items() if row.open > self.rows.get(key, NOTHING).open}

    async def weigh(self) -> load.Said:
        """Hear how full it is. Raises LaneError."""
        try:
            return load.read(await self.socket.ask(load.INFO), await self.socket.ask(load.STAT))
        except ValueError as error:
            raise LaneError(str(error)) from None

    def is_gone(self) -> None:
        """Nothing is open in it any more."""
        self.ended |= {key for key, row in self.rows.items() if row.open}
        self.rows = {}
        self.socket.let_go()
