"""A `torpor up` with something to tell: an app that comes and goes, one that fails, one that keeps people waiting."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aiohttp

from tests.torpor.cli.command import Torpor
from tests.torpor.cli.running import start_up

APP = """\
import sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class App(BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(1 if self.path == "/slow" else 0)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), App).serve_forever()
"""
SERVER = 'python3, app.py, "{port}"'
FILE = f"""\
listen: 127.0.0.1:0
api: 127.0.0.1:0
engine: haproxy
apps:
  database:
    hosts: [database.localhost]
    command: [{SERVER}]
    idle_timeout: 1s
  notes:
    hosts: [notes.localhost]
    command: [{SERVER}]
    requests: {{cpu: 250m, memory: 64Mi}}
    team: writers
    idle_timeout: 1s
    needs: [database]
  measured:
    hosts: [measured.localhost]
    command: [{SERVER}]
    requests: {{cpu: 250m, memory: 64Mi}}
    idle_timeout: 1s
    mode: shadow
  broken:
    hosts: [broken.localhost]
    command: [python3, -c, "raise SystemExit(3)"]
  stuck:
    hosts: [stuck.localhost]
    command: [python3, -c, "import time; time.sleep(1000)"]
    wake_timeout: 10m
  full:
    hosts: [full.localhost]
    command: [python3, -c, "import time; time.sleep(1000)"]
    wake_timeout: 10m
    max_held: 1
"""
NOTES = "notes"


CROWD = 30
"""Visitors who wait for what does not come."""


@contextlib.asynccontextmanager
async def busy(torpor: Torpor) -> AsyncIterator[str]:
    """One under load for the length of the block; where its API is."""
    async with asyncio.TaskGroup() as group:
        (torpor.directory / "app.py").write_text(APP)
        up = await start_up(torpor, group, text=FILE)
        ready = await up.until_ready()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            load = _Load(session, ready["listen"], ready["api"])
            tasks = [
                group.create_task(load.come_and_go()),
                group.create_task(load.fail_again_and_again("broken")),
                group.create_task(load.wait("full.localhost", 0)),
                group.create_task(load.knock_again_and_again("full.localhost")),
                *(group.create_task(load.wait("stuck.localhost", 0.3 * place)) for place in range(CROWD)),
            ]
            yield ready["api"]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        up.process.kill()
        await up.until_ended()


class _Load:
    def __init__(self, session: aiohttp.ClientSession, listen: str, api: str) -> None:
        self._session = session
        self._listen = listen
        self._api = api

    async def come_and_go(self) -> None:
        """It wakes for a visit, is kept from sleeping by one that lasts, sleeps, and wakes again."""
        while True:
            await self._visit("notes.localhost")
            await self._visit("measured.localhost")
            async with asyncio.TaskGroup() as group:
                group.create_task(self._visit("notes.localhost", "/slow"))
                await asyncio.sleep(0.3)
                await self._change("/v1/apps/notes/sleep")
            await self._change("/v1/apps/notes/sleep")
            await self._change("/v1/apps/database/sleep")

    async def fail_again_and_again(self, app: str) -> None:
        """Visits would have to wait longer each time."""
        while True:
            await self._change(f"/v1/apps/{app}/wake")
            await asyncio.sleep(0.5)

    async def knock_again_and_again(self, host: str) -> None:
        """Once somebody waits there, everybody else is refused."""
        while True:
            await asyncio.sleep(0.5)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    await self._visit(host)

    async def wait(self, host: str, later: float) -> None:
        await asyncio.sleep(later)
        await self._visit(host)

    async def _visit(self, host: str, path: str = "/") -> None:
        headers = {"Host": host, "User-Agent": "curl/8"}
        with contextlib.suppress(aiohttp.ClientError):
            async with self._session.get(f"http://{self._listen}{path}", headers=headers) as answer:
                await answer.read()

    async def _change(self, path: str) -> None:
        async with self._session.post(f"http://{self._api}{path}") as answer:
            await answer.read()
