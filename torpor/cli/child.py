"""The proxy as a supervised process: started, listened to, started again when it dies, never left behind."""

import asyncio
import json
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import torpor
from torpor.cli.logs import relay
from torpor.cli.supplied import LINK_TOKEN
from torpor.words import Address

log = logging.getLogger(__name__)

FIRST_WAIT = 0.2
LONGEST_WAIT = 5.0
"""Seconds before the next start: doubled each time, from the first to the longest."""
STEADY = 10.0
"""Seconds that a proxy must have listened for the back-off to begin anew."""
START = 60.0
"""Seconds within which it must listen."""
LONGEST_LINE = 64 * 1024


class DidNotStart(Exception):  # noqa: N818 - reads as what happened
    """The first start failed; the message is the proxy's own."""


class ProxyProcess:
    """One proxy, for as long as `run` runs. Once it has listened on a port it gets the same one after a restart."""

    def __init__(
        self,
        command: list[str],
        listen: Address,
        token: str,
        on_listen: Callable[[Address], None],
        *,
        tls: Address | None = None,
    ) -> None:
        self.tls = tls
        """Where it listens, or is to listen, for TLS."""
        self._command = command
        self._listen = listen
        self._token = token
        self._on_listen = on_listen
        self._process: Process | None = None
        self._stopping = asyncio.Event()
        self._listened = False
        self._ready: Process | None = None
        """The process that has said where it listens."""
        self._last_words = ""

    async def run(self) -> None:
        """Keep a proxy running until `stop`. Raises DidNotStart when the very first one never listens."""
        loop = asyncio.get_running_loop()
        wait = FIRST_WAIT
        while not self._stopping.is_set():
            began = loop.time()
            how = await self._once()
            if self._stopping.is_set():
                return
            if not self._listened:
                raise DidNotStart(self._last_words or how)
            if loop.time() - began > STEADY:
                wait = FIRST_WAIT
            log.error("the proxy has ended (%s); the next one starts in %.1fs", how, wait)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._stopping.wait()
            wait = min(LONGEST_WAIT, wait * 2)

    async def stop(self, deadline: float) -> None:
        """Have it drain and end; after `deadline` seconds it is killed."""
        self._stopping.set()
        if (process := self._process) is None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(deadline):
                await process.wait()
        except TimeoutError:
            log.warning("the proxy has not ended within %.0fs and is killed", deadline)
            self.kill()

    def hang_up(self) -> None:
        """Have it look at once for what it looks for now and then. Does nothing unless it listens."""
        if self._ready is not None and self._ready is self._process:
            with suppress(ProcessLookupError):
                self._ready.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        """End it at once."""
        self._stopping.set()
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def _once(self) -> str:
        """One life of the process; how it ended, for people."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *("--listen", str(self._listen), "--supervised-by", str(os.getpid())),
            *(("--tls-listen", str(self.tls)) if self.tls else ()),
            stdin=PIPE,  # never written to: its end tells the child that we are gone
            stdout=PIPE,
            stderr=PIPE,
            env={**os.environ, LINK_TOKEN: self._token},
            limit=LONGEST_LINE,
            start_new_session=True,  # Ctrl-C is for us; we tell it when the time has come
        )
        self._process = process
        try:
            if self._stopping.is_set():
                process.kill()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._hear_port(process))
                group.create_task(self._hear_log(process))
                code = await process.wait()
        finally:
            self._process = None
            if process.returncode is None:
                process.kill()
                await process.wait()
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    async def _hear_port(self, process: Process) -> None:
        """The first line of its output says where it listens. Nothing else is expected there."""
        assert process.stdout is not None  # noqa: S101 - for the type checker: it was asked for
        try:
            async with asyncio.timeout(START):
                line = await process.stdout.readline()
            said = json.loads(line)
            listen = _address(said["listen"])
            tls = _address(said["tls"]) if "tls" in said else None
        except TimeoutError:
            self._last_words = f"it has not listened within {START:.0f}s"
            process.kill()
        except (ValueError, LookupError, TypeError):
            return  # it has ended, or talks nonsense; its exit and its log say more
        else:
            self._listen, self.tls = listen, tls
            self._listened = True
            self._ready = process
            self._on_listen(self._listen)
        while await process.stdout.read(LONGEST_LINE):
            pass

    async def _hear_log(self, process: Process) -> None:
        assert process.stderr is not None  # noqa: S101 - for the type checker: it was asked for
        while True:
            try:
                line = await process.stderr.readline()
            except ValueError:
                continue  # a line beyond the limit: its rest follows
            if not line:
                return
            text = line.decode(errors="replace").rstrip()
            if not self._listened and text:
                self._last_words = text.removeprefix("torpor: ")
            if text and (self._listened or not text.startswith("torpor: ")):
                relay(text, log)


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return Address(host.strip("[]"), int(port))


def torpor_command(*arguments: str) -> list[str]:
    """Torpor's command line in this Python. In a checkout modules come from its directory; elsewhere never from one."""
    checkout = Path(torpor.__file__).parents[1] == Path.cwd()
    return [sys.executable, *([] if checkout else ["-P"]), "-m", "torpor.cli", *arguments]
