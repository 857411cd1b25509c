"""A real `torpor up` in processes of its own, as its users run it."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.processes import ROOT, children, command_line, end
from bench.visits import Address, visit

APP = "app"
HOST = "app.localhost"
ECHO_HOST = "echo.localhost"
_START = 180.0
"""Seconds until it must be ready, with 10,000 apps on a busy machine."""
_STOP = 60.0
_PERIOD = 0.02
_NO_MORE = 10.0
"""Seconds without one more held visit after which nobody waits for more."""
LONGEST = 120.0
"""Seconds that anything asked of it may take."""


@dataclass(frozen=True, slots=True)
class TorporUp:
    """Where it listens and what it consists of."""

    listen: Address
    api: Address
    pids: dict[str, int]
    """Process ids by name: scaler, proxy, keeper (the parent of all apps), and HAProxy's two."""
    start_seconds: float
    """From the command to the ready file."""

    async def app(self, name: str = APP) -> dict[str, Any]:
        """How the app is, as the API tells."""
        answer = await visit(self.api, f"/v1/apps/{name}")
        if answer.status != 200:
            raise RuntimeError(f"the API answers {answer.status}: {answer.body!r}")
        found: dict[str, Any] = answer.json()
        return found

    async def sleep(self, name: str = APP) -> None:
        """Put the app to sleep."""
        async with asyncio.timeout(LONGEST):
            answer = await visit(self.api, f"/v1/apps/{name}/sleep", method="POST")
        if answer.status != 200:
            raise RuntimeError(f"{name} does not fall asleep: {answer.status} {answer.body!r}")

    async def wait_held(self, count: int, name: str = APP) -> int:
        """Wait until so many visits are held for the app, or no more come; returns how many."""
        most, grown = 0, time.monotonic()
        while most < count and time.monotonic() - grown < _NO_MORE:
            if (held := (await self.app(name))["held"]) > most:
                most, grown = held, time.monotonic()
            await asyncio.sleep(_PERIOD)
        return most


@contextlib.contextmanager
def torpor_up(apps: dict[str, Any], *, engine: str, prefix: tuple[str, ...] = ()) -> Iterator[TorporUp]:
    """Run it for the length of the block; `prefix` goes before its command."""
    settings = {
        "listen": "127.0.0.1:0",
        "api": "127.0.0.1:0",
        "engine": engine,
        "idle_timeout": "1h",
        "wake_timeout": f"{LONGEST:.0f}s",
        "drain_timeout": "5s",
        "apps": apps,
    }
    with tempfile.TemporaryDirectory(prefix="torpor-bench-") as name:
        directory = Path(name)
        file, ready_file, log_file = directory / "torpor.yaml", directory / "ready.json", directory / "log"
        file.write_text(json.dumps(settings))  # JSON is YAML
        command = [*prefix, sys.executable, "-m", "torpor.cli", "up", "-f", str(file), "--ready-file", str(ready_file)]
        began = time.monotonic()
        with log_file.open("w") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True
            )
        try:
            _wait_ready(process, ready_file, log_file)
            took = time.monotonic() - began
            ready = json.loads(ready_file.read_text())
            yield TorporUp(_address(ready["listen"]), _address(ready["api"]), _parts(ready["pid"]), took)
        finally:
            end(process, _STOP)


def moment_app(gate: Path) -> dict[str, Any]:
    """The app that tells when it listens, behind a gate."""
    return _app(HOST, (sys.executable, "-m", "bench.apps.moment", "{port}"), gate)


def quick_app(directory: Path, *, prefix: tuple[str, ...] = (), gate: Path | None = None) -> dict[str, Any]:
    """nginx; the directory is for its files."""
    return _app(HOST, (*prefix, sys.executable, "-m", "bench.apps.quick", str(directory), "{port}"), gate)


def echo_app(*, prefix: tuple[str, ...] = ()) -> dict[str, Any]:
    """The WebSocket echo."""
    return _app(ECHO_HOST, (*prefix, sys.executable, "-m", "bench.apps.echo", "{port}"), None)


def sleepers(count: int) -> dict[str, Any]:
    """Apps that nobody visits."""
    command = ["python3", "-m", "http.server", "{port}"]
    return {f"app-{number}": {"hosts": [f"app-{number}.localhost"], "command": command} for number in range(count)}


def _app(host: str, command: tuple[str, ...], gate: Path | None) -> dict[str, Any]:
    env = {} if gate is None else {"GATE": str(gate)}
    return {"hosts": [host], "command": [*command], "directory": str(ROOT), "env": env, "idle_timeout": 0}


def _wait_ready(process: subprocess.Popen[str], ready_file: Path, log_file: Path) -> None:
    until = time.monotonic() + _START
    while not ready_file.exists():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"torpor up is not ready; it said:\n{log_file.read_text()[-4000:]}")
        time.sleep(_PERIOD)


def _parts(scaler: int) -> dict[str, int]:
    parts = {"scaler": scaler}
    for child in children(scaler):
        arguments = command_line(child)
        if "proxy" in arguments:
            parts["proxy"] = child
            for master in children(child):
                parts["HAProxy's master"] = master
                parts["HAProxy"] = children(master)[-1]
        elif any(argument.endswith("/keeper") for argument in arguments):
            parts["keeper"] = child
    if not parts.keys() >= {"scaler", "proxy", "keeper"}:
        raise RuntimeError(f"torpor up has other parts than expected: {parts}")
    return parts


def _environment() -> dict[str, str]:
    """Nothing of the operator's own settings gets in."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TORPOR_")}


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return host, int(port)
