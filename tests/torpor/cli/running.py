"""A real `torpor up`, or a command that is one underneath, with what it says."""

import asyncio
import json
import re
import urllib.request
from pathlib import Path
from typing import Any

from tests.torpor.cli.command import DEADLINE, Torpor

FILE = """\
listen: 127.0.0.1:0
api: 127.0.0.1:0
apps:
  files:
    hosts: [files.localhost]
    command: [python3, -m, http.server, "{port}"]
"""


class Running:
    """A command that has not ended; what it writes to standard error is read as it comes."""

    def __init__(self, process: asyncio.subprocess.Process, ready: Path) -> None:
        self.process = process
        self.lines: list[str] = []
        self._ready = ready
        self._news = asyncio.Event()

    @property
    def said(self) -> str:
        """All that it has written so far."""
        return "\n".join(self.lines)

    async def listen(self) -> None:
        """Read what it writes, to the end."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.lines.append(line.decode().rstrip("\n"))
            self._news.set()

    async def until_said(self, pattern: str) -> str:
        """Wait for a line in which the pattern is found."""
        try:
            async with asyncio.timeout(DEADLINE):
                while not (found := [line for line in self.lines if re.search(pattern, line)]):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{pattern!r} was not said:\n{self.said}") from None
        return found[0]

    async def until_ready(self) -> dict[str, Any]:
        """Wait for the ready file; what is in it."""
        async with asyncio.timeout(DEADLINE):
            while not self._ready.exists():
                assert self.process.returncode is None, self.said
                await asyncio.sleep(0.02)
        ready: dict[str, Any] = json.loads(self._ready.read_text())
        return ready

    async def until_ended(self) -> int:
        """Wait for its end; the exit code."""
        async with asyncio.timeout(DEADLINE):
            return await self.process.wait()


async def start_up(
    torpor: Torpor, group: asyncio.TaskGroup, *arguments: str, text: str = FILE, command: str = "up", **env: str
) -> Running:
    """Start `torpor up`; it ends with the group at the latest."""
    if command == "up":
        (torpor.directory / "torpor.yaml").write_text(text)
    ready = torpor.directory / "ready.json"
    process = await torpor.start(command, "--ready-file", str(ready), *arguments, **env)
    running = Running(process, ready)
    group.create_task(running.listen())
    return running


async def visit(listen: str, host: str, path: str = "/") -> int:
    """A visit as a script makes it; the status."""
    return await _fetch(urllib.request.Request(f"http://{listen}{path}", headers={"Host": host}))


async def post(api: str, path: str) -> int:
    """A change over the API; the status."""
    return await _fetch(urllib.request.Request(f"http://{api}{path}", method="POST"))


async def _fetch(request: urllib.request.Request) -> int:
    def fetch() -> int:
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            answer.read()
            return int(answer.status)

    return await asyncio.to_thread(fetch)
