"""Containers' output as a kubelet serves it: by the second since, by the last lines, and on while a container runs."""

import asyncio
from dataclasses import replace

from aiohttp import web

from scaler.logs.line import read_time
from scaler.runtimes.kubernetes.pods.container import Container, Exit, Why
from scaler.runtimes.kubernetes.pods.pod import Pod
from tests.scaler.runtimes.kubernetes.pods.made import pod
from tests.scaler.runtimes.kubernetes.small_server import SmallServer

NAME = "web"


class Output:
    """One container, the only one of its pod."""

    def __init__(self, server: SmallServer, name: str, minute: int) -> None:
        self.name = name
        self.created = f"2026-11-23T06:{minute:02}:00Z"
        self.now = Container(NAME, running=True)
        self.lines: list[tuple[str, str]] = []
        self.streams: list[dict[str, str]] = []
        """What was asked of each, in the order in which they came."""
        self.open = 0
        self.refused: int | None = None
        self._bell = asyncio.Event()
        self._broken: set[int] = set()
        server.streams[f"/api/v1/namespaces/team/pods/{name}/log"] = self._serve

    def pod(self) -> Pod:
        """As the API server tells of it."""
        return pod(self.name, created=self.created, containers=(self.now,))

    def write(self, second: int, *texts: str) -> None:
        """Lines of this second."""
        first = sum(at.startswith(_second(second)) for at, _ in self.lines)
        self.lines += [(f"{_second(second)}.{first + turn:09}Z", text) for turn, text in enumerate(texts)]
        self._ring()

    def stop(self) -> None:
        """It has ended."""
        self.now = replace(self.now, running=False, exited=Exit(0, Why()))
        self._ring()

    def start(self) -> None:
        """It runs again."""
        self.now = replace(self.now, running=True, exited=None, restarts=self.now.restarts + 1)

    def cut(self) -> None:
        """What is on the way to it breaks."""
        self._broken.update(range(len(self.streams)))
        self._ring()

    def _ring(self) -> None:
        self._bell.set()
        self._bell = asyncio.Event()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self.refused is not None:
            return web.json_response({"kind": "Status", "message": "not for you"}, status=self.refused)
        number, query = len(self.streams), dict(request.query)
        self.streams.append(query)
        since = read_time(query["sinceTime"])[:19] if "sinceTime" in query else ""
        past = [line for line in self.lines if line[0] >= since]
        if "tailLines" in query:
            past = past[len(past) - min(len(past), int(query["tailLines"])) :]
        told = len(self.lines)
        response = web.StreamResponse()
        await response.prepare(request)
        if past:  # the head comes with the first line
            await response.write(_encoded(past))
        self.open += 1
        try:
            while number not in self._broken:
                bell = self._bell
                if new := self.lines[told:]:
                    await response.write(_encoded(new))
                told = len(self.lines)
                if "follow" not in query or not self.now.running:
                    return response
                await bell.wait()
            if request.transport is not None:
                request.transport.abort()
            return response
        finally:
            self.open -= 1


def _second(second: int) -> str:
    return f"2026-11-23T06:00:{second:02}"


def _encoded(lines: list[tuple[str, str]]) -> bytes:
    return "".join(f"{at} {text}\n" for at, text in lines).encode()
