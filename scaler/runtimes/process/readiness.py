"""Waits until an app answers where it was told to listen, and says what it is waiting for (promise 7)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from scaler.probing.connecting import connect
from scaler.probing.httpget import get, question
from scaler.probing.patience import Patience
from scaler.probing.rhythm import Rhythm
from scaler.runtime import Say, StartFailed
from scaler.runtimes.process.listeners import Census, Verdict, endpoints, has, judge
from scaler.stage import PROBING, Stage
from torpor.words import Address

_LOOPBACK = ("127.0.0.1", "::1")
_CONNECT = 1.0
"""Seconds for a connection within this machine; it takes longer only when the app's backlog is full."""
_WONDER = 2.0
"""Seconds without a listener until the app's other ports are looked for."""
_WONDER_AGAIN = 1.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """What has to answer."""

    port: int
    fixed: bool
    path: str | None
    main: int
    """The app's first process."""
    census: Callable[[], Census]
    """Counts the app's processes; it is called in another thread."""
    over: asyncio.Future[str]
    """The app has ended, and why."""
    rhythm: Rhythm

    async def wait(self, say: Say) -> Address:
        """The address that has answered; tries for ever. Raises StartFailed when the app ends or a stranger answers."""
        with self.rhythm.probed():
            return await self._wait(say)

    async def _wait(self, say: Say) -> Address:
        loop = asyncio.get_running_loop()
        start = loop.time()
        ours: set[Address] = set()
        what = f"port {self.port}" if self.path is None else f"GET {self.path} on port {self.port}"
        say(Stage(PROBING, f"waiting for {what}"))
        patience = Patience()
        wonder = start + _WONDER
        while not self.over.done():
            began = loop.time()
            for host in _LOOPBACK:
                address = Address(host, self.port)
                if isinstance(connection := await connect(address, _CONNECT), str):
                    continue
                with connection:
                    if address not in ours:
                        if await self._stranger(address):
                            continue
                        ours.add(address)
                    asked = None if self.path is None else question(address, self.path)
                    answer = 200 if asked is None else await get(connection, asked, patience.seconds)
                if isinstance(answer, int) and 200 <= answer < 400:
                    if self.over.done():
                        break  # what has answered is what the app left behind
                    return address
                patience.tried(loop.time() - began)
                say(Stage(PROBING, f"waiting for {what} (last answer {answer})"))
                break
            if not ours and loop.time() >= wonder:
                elsewhere = await asyncio.to_thread(self._elsewhere)
                say(Stage(PROBING, f"waiting for {what}{elsewhere}"))
                wonder = loop.time() + _WONDER_AGAIN
            period = self.rhythm.period(began - start, answers=bool(ours))
            await asyncio.wait({self.over}, timeout=max(0.0, began + period - loop.time()))
        raise StartFailed(self.over.result())

    async def _stranger(self, address: Address) -> bool:
        """Nobody is there any more. Raises StartFailed when it is somebody else."""
        if has(self.main, address):
            return False
        verdict = await asyncio.to_thread(lambda: judge(address, self.census()))
        if isinstance(verdict, str):
            raise StartFailed(f"port {self.port} is taken by {verdict}")
        return verdict is Verdict.NOBODY

    def _elsewhere(self) -> str:
        found = endpoints(self.census())
        if not found:
            return ""
        where = ", ".join(dict.fromkeys(_short(address) for address in found[:5]))
        hint = "is `port` right?" if self.fixed else "does it use {port} or PORT?"
        if any(address.port == self.port for address in found):
            hint = "it must listen on 127.0.0.1"
        return f", but it listens on {where}: {hint}"


def _short(address: Address) -> str:
    return str(address.port) if address.host in ("127.0.0.1", "::1", "0.0.0.0", "::") else str(address)
