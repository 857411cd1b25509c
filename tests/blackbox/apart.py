"""`torpor scaler` and its `torpor proxy`s, each a process of its own, as on a cluster."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, Self

import yaml

from tests.blackbox import processes
from tests.blackbox.asking import Asking, address, wait
from tests.blackbox.torpor_up import MARK, ROOT, START, STOP, Settings
from tests.ports import own_port, somewhere


class Start(Protocol):
    """The fixture `scaler`."""

    def __call__(self, settings: Settings, api: str = "") -> "Scaler":
        """Run one until the test ends; `api` is where it listens, on loopback unless told."""


class Running:
    """A `torpor` command that runs until it is told to end; its standard error goes to a log."""

    def __init__(self, name: str, directory: Path, mark: str) -> None:
        self.name = name
        self.log = directory / f"{name}.log"
        self.out = directory / f"{name}.out"
        self._mark = mark

    def launch(self, *arguments: str, prefix: Sequence[str] = ()) -> None:
        """Start it; `prefix` is a command that runs it, such as `ip netns exec`."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TORPOR_", "PYTEST_"))}
        with self.log.open("ab") as log, self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "torpor.cli", *arguments],
                cwd=ROOT,
                env={**kept, MARK: self._mark, "TORPOR_LINK_TOKEN": self._mark},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
            )

    def until(self, ready: Callable[[], bool]) -> None:
        """Wait for a sign of its readiness."""

        def is_ready() -> bool:
            assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode}:\n{self.said()}"
            return ready()

        wait(is_ready, START, what=lambda: f"{self.name} is not ready:\n{self.said()}")

    def stop(self) -> None:
        """SIGTERM; it must end with 0."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(STOP)
            assert code == 0, f"{self.name} ended with {code}:\n{self.said()}"
        assert "Traceback" not in self.said(), self.said()

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(STOP)

    def said(self) -> str:
        """What it has logged so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class Proxy(Running):
    """A `torpor proxy`. Started again, it comes back to its address and its state directory."""

    def __init__(self, scaler: "Scaler", name: str, engine: str, host: str, prefix: Sequence[str]) -> None:
        super().__init__(name, scaler.directory, scaler.mark)
        self.engine = engine
        self.state = scaler.states / name
        self.listen = somewhere(host)
        self._scaler = scaler
        self._prefix = prefix

    def start(self, *settings: str) -> Self:
        """Start it, with more settings than it needs, and wait until visitors may come."""
        host, port = self.listen
        where = ["--link", self._scaler.url, "--listen", f"{host}:{port}", "--state-directory", str(self.state)]
        self.launch("proxy", *where, "--engine", self.engine, *settings, prefix=self._prefix)
        self.until(lambda: self.out.read_text().endswith("\n"))
        self.listen = address(json.loads(self.out.read_text())["listen"])
        return self

    def haproxy(self) -> int:
        """The process id of its HAProxy's master."""
        return int(json.loads((self.newest / "generation.json").read_text())["pid"])

    @property
    def newest(self) -> Path:
        """Where its newest HAProxy runs."""
        return max(self.state.glob("haproxy-*"), key=lambda path: int(path.name.removeprefix("haproxy-")))


class Scaler(Running, Asking):
    """A `torpor scaler`; `listen` is where its first proxy does."""

    def __init__(self, directory: Path, states: Path, settings: Settings, api: str) -> None:
        self.mark = uuid.uuid4().hex
        super().__init__("scaler", directory, self.mark)
        self.directory = directory
        self.states = states
        self.proxies: list[Proxy] = []
        self._file = directory / "torpor.yaml"
        self._file.write_text(yaml.safe_dump({"api": api or f"127.0.0.1:{own_port()}", **settings}, sort_keys=False))

    @classmethod
    @contextlib.contextmanager
    def run(cls, directory: Path, settings: Settings, api: str = "") -> Iterator["Scaler"]:
        """Run it for the length of the block; at the end all must go in good order and leave nobody behind."""
        with tempfile.TemporaryDirectory(prefix="torpor-") as states:
            scaler = cls(directory, Path(states), settings, api)
            try:
                scaler.start()
                yield scaler
                for running in (*scaler.proxies, scaler):
                    running.stop()
                wait(lambda: not scaler.left(), STOP, what=lambda: f"left: {[*map(processes.name, scaler.left())]}")
            finally:
                for pid in scaler.left():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                for running in (*scaler.proxies, scaler):
                    if hasattr(running, "process"):
                        running.process.wait(STOP)
                    sys.stdout.write(f"--- {running.name} said:\n{running.said()[-20_000:]}")

    def start(self) -> None:
        """Start it and wait until its API answers."""
        self.launch("scaler", "-f", str(self._file))
        said = "API and status page: http://"
        self.until(lambda: said in self.said())
        self.api = address(self.said().partition(said)[2].split()[0])

    @property
    def url(self) -> str:
        """Where its proxies find it."""
        return f"http://{self.api[0]}:{self.api[1]}"

    def proxy(
        self, name: str, engine: str, *settings: str, host: str = "127.0.0.1", prefix: Sequence[str] = ()
    ) -> Proxy:
        """Start one of its proxies."""
        proxy = Proxy(self, name, engine, host, prefix)
        self.proxies.append(proxy)
        proxy.start(*settings)
        self.listen = self.proxies[0].listen
        return proxy

    def left(self) -> list[int]:
        """All processes that have come of it."""
        return processes.marked(f"{MARK}={self.mark}")
