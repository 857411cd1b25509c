"""An API to ask that is none of ours: it answers what a test says."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

DEADLINE = 60.0


def app(name: str, phase: str = "asleep", **more: Any) -> dict[str, Any]:
    """An app in the API's JSON."""
    return {
        "id": name,
        "phase": phase,
        "hosts": [f"{name}.localhost"],
        "last_access": None,
        "in_flight": 0,
        "held": 0,
        "idle_timeout": 300.0,
        "sleeps_at": None,
        "replicas": 0,
        "cause": "",
        "reason": "",
        "stage": "",
    } | more


@dataclass
class FakeApi:
    """Answers what a test says, and remembers what it was asked."""

    apps: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    """`METHOD path` → status and JSON; a str is sent as it is."""
    full: int = 0
    """So many requests are told first that they are to come back in no time."""
    stages: list[str] = field(default_factory=list)
    """Sentences sent on the stream of events before a wake ends."""
    events: list[dict[str, Any]] = field(default_factory=list)
    logs: list[list[dict[str, Any]]] = field(default_factory=list)
    """What each connection that follows logs is told before it is cut; the last one stays. Empty: it is refused."""
    asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    """Of requests that had one."""
    url: str = ""
    prefix: str = ""
    """Of the paths by which it is asked; it does not see it."""
    release: asyncio.Event = field(default_factory=asyncio.Event)
    """With stages, a wake is answered after this only."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix(self.prefix)
        self.asked.append(f"{request.method} {request.path_qs.removeprefix(self.prefix)}")
        self.tokens.append(request.headers.get("Authorization") or request.headers.get("Torpor-Token", ""))
        if request.can_read_body:
            self.bodies.append(await request.text())
        if self.full:
            self.full -= 1
            later = {"Retry-After": "0"}
            return web.json_response({"status": 503, "detail": "Too much is under way."}, status=503, headers=later)
        if path.endswith("/wake") and self.stages:
            await self.release.wait()
        if (answer := self.answers.get(f"{request.method} {path}")) is not None:
            status, body = answer
            if isinstance(body, str):
                return web.Response(status=status, text=body)
            return web.json_response(body, status=status)
        if path == "/v1/apps":
            return web.json_response({"apps": self.apps})
        if path == "/v1/events":
            return await self._stream(request)
        if path.endswith("/logs") and request.query.get("follow") == "1" and self.logs:
            return await self._lines(request)
        return web.json_response({"status": 404, "detail": f"there is nothing at {path}"}, status=404)

    async def _lines(self, request: web.Request) -> web.StreamResponse:
        said = self.logs.pop(0)
        if not said:
            return web.json_response({"status": 503, "detail": "No scaler leads just now."}, status=503)
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        for one in said:
            await response.write(json.dumps(one).encode() + b"\n")
        await response.write(b'{"at": "half a li')
        if not self.logs:
            await asyncio.sleep(DEADLINE)  # until the client leaves
        if request.transport is not None:
            request.transport.abort()
        return response

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        stages = [event(request.query.get("app", ""), text, what="progress") for text in self.stages]
        for number, one in enumerate([*self.events, *stages]):
            await response.write(f": a sign of life\n\nid: {number}\nevent: x\n".encode())
            await response.write(f"data: {web.json_response(one).text}\n\n".encode())
        if self.stages:
            await asyncio.sleep(DEADLINE)  # until the client leaves
        return response


def event(name: str, text: str, *, what: str = "phase") -> dict[str, Any]:
    """An event in the API's JSON."""
    return {"number": 1, "at": "2026-01-02T03:04:05.678Z", "what": what, "text": text, "app": app(name)}


def told(*said: str, **report: Any) -> str:
    """The stream of an order that is carried out: what is said, and the report at the end, if there is one."""
    events = [f"event: said\ndata: {json.dumps({'text': text})}\n\n" for text in said]
    whole = {"set": "review/pr-1", "dry_run": False, "failure": "", "objects": [], "pruned": [], "apps": []} | report
    return "".join([": still here\n\n", *events, f"event: report\ndata: {json.dumps(whole)}\n\n" if report else ""])


def done(name: str, outcome: str, **more: Any) -> dict[str, Any]:
    """An object of a report."""
    about = {"document": 1, "line": 1, "detail": "", "conflicts": [], "diff": ""}
    return {"kind": "services", "name": name, "outcome": outcome} | about | more


def line(second: int, text: str, **source: str) -> dict[str, Any]:
    """A line of an app's output in the API's JSON; `pod` is of a cluster."""
    names = {"pod": source["pod"], "container": "app"} if source else {}
    return {"at": f"2026-01-02T03:04:{second:02}.000000000Z", **names, "line": text}
