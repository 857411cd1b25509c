"""`torpor up` as a subprocess, for tests that see Torpor as its users do: a command, a file, two addresses."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.blackbox import processes
from tests.blackbox.asking import DEADLINE, Asking, address, wait
from tests.ports import own_port

ROOT = Path(__file__).parents[2]
APPS = Path(__file__).parent / "apps"
START = 60.0
"""Seconds until `torpor up` must be ready, on a busy machine."""
STOP = 60.0
MARK = "MARK_OF_THE_TEST"
"""A variable that Torpor and whatever it starts inherit, so that leftovers can be told from others' processes."""

type Settings = dict[str, Any]
type Up = Callable[[Settings], "Torpor"]
"""The fixture `up`."""
type Tell = Callable[[str], None]
"""The fixture `tell`."""


class Torpor(Asking):
    """A running `torpor up`."""

    def __init__(self, directory: Path, settings: Settings) -> None:
        self.directory = directory
        self.file = directory / "torpor.yaml"
        self.settings: Settings = {"listen": f"127.0.0.1:{own_port()}", "api": f"127.0.0.1:{own_port()}", **settings}
        self.log = directory / "up.log"
        self.mark = uuid.uuid4().hex
        self.may_complain = False
        """Whether a traceback in the log is part of the test."""
        self._ready = directory / "ready.json"
        self.write()

    @classmethod
    @contextlib.contextmanager
    def up(cls, directory: Path, settings: Settings) -> Iterator["Torpor"]:
        """Run it for the length of the block; at the end it must go in good order and leave nobody behind."""
        torpor = cls(directory, settings)
        try:
            torpor.start()
            yield torpor
            torpor.stop()
        finally:
            torpor.end()
            sys.stdout.write(f"--- torpor up said:\n{torpor.said()[-20_000:]}")

    def write(self) -> None:
        """Write torpor.yaml from `settings`."""
        self.file.write_text(yaml.safe_dump(self.settings, sort_keys=False))

    # Its life

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self._ready.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "torpor.cli", "up", "-f", self.file, "--ready-file", self._ready],
                cwd=ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait(self._is_ready, START, what=lambda: f"torpor up is not ready:\n{self.said()}")
        ready = json.loads(self._ready.read_text())
        self.listen, self.api = address(ready["listen"]), address(ready["api"])
        assert ready["pid"] == self.process.pid

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, f"torpor up ended with {self.process.returncode}:\n{self.said()}"
        return self._ready.exists()

    def stop(self) -> None:
        """SIGTERM; it must end with 0 and leave nobody behind."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(STOP)
            assert code == 0, f"torpor up ended with {code}:\n{self.said()}"
            self.must_leave_nobody()
        if not self.may_complain:
            assert "Traceback" not in self.said(), self.said()

    def must_leave_nobody(self, within: float = DEADLINE) -> None:
        """Everything that Torpor has started is gone, or goes within these seconds."""
        wait(
            lambda: not self.left(), within, what=lambda: f"left behind: {[processes.name(pid) for pid in self.left()]}"
        )

    def left(self) -> list[int]:
        """Processes that Torpor has started, whoever their parent is now."""
        return [pid for pid in processes.marked(f"{MARK}={self.mark}") if pid != self.process.pid]

    def end(self) -> None:
        """Whatever happened: let nothing of it run on."""
        if not hasattr(self, "process"):
            return
        for pid in [self.process.pid, *self.left()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(STOP)

    def said(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def environment(self) -> dict[str, str]:
        """Nothing of the tester's own settings gets in."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TORPOR_", "PYTEST_"))}
        return {**kept, MARK: self.mark}

    def proxy(self) -> int:
        """The process id of the proxy."""
        [pid] = self.proxies()
        return pid

    def proxies(self) -> list[int]:
        """The process ids of all proxies; none while it is being replaced."""
        return [pid for pid in self.left() if " proxy" in processes.name(pid)]

    def moving(self) -> int:
        """Bytes resident in all that moves visitors' bytes: the proxy, and HAProxy where that is the engine."""
        return sum(processes.memory(pid) for pid in self._movers())

    def watch_moving(self) -> None:
        """Forget the highest memory so far."""
        for pid in self._movers():
            processes.watch_peak(pid)

    def moving_peak(self) -> int:
        """The most bytes that were resident in each since `watch_moving`, taken together."""
        return sum(processes.peak(pid) for pid in self._movers())

    def _movers(self) -> list[int]:
        return [pid for pid in self.left() if any(name in processes.name(pid) for name in (" proxy", "haproxy"))]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another `torpor` command, told where this one listens."""
        return command(*arguments, cwd=self.directory, env={**self.environment(), "TORPOR_API": self.api_url})


def command(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a `torpor` command to its end."""
    python_path = {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "torpor.cli", *arguments],
        cwd=cwd,
        env={**(os.environ if env is None else env), **python_path},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def answering(name: str, **settings: Any) -> Settings:
    """An app of torpor.yaml that runs apps/answer.py; upper-case settings go to its environment."""
    environment = {key: str(value) for key, value in settings.items() if key.isupper()}
    others = {key: value for key, value in settings.items() if not key.isupper()}
    return {
        "hosts": [f"{name}.localhost"],
        "command": [sys.executable, str(APPS / "answer.py"), "{port}"],
        "env": {"NAME": name, **environment},
        **others,
    }


def starts(file: Path) -> list[dict[str, Any]]:
    """What apps/answer.py has noted of its starts."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
