"""The port that every contender fits, and what those have in common that are a program with a configuration file."""

import asyncio
import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.pinning import Cores
from bench.ports import own_port
from bench.processes import descendants, end
from bench.visits import Address, visit

_START = 15.0
_STOP = 10.0
_PERIOD = 0.02


@dataclass(frozen=True, slots=True)
class Backends:
    """What stands behind the contenders."""

    web: Address
    echo: Address
    pids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Running:
    """A contender that is up."""

    web: Address
    echo: Address
    pids: tuple[int, ...]
    """All its processes: their CPU time is the price of it."""
    backends: tuple[int, ...]
    """The processes behind it."""


class Contender(Protocol):
    """A way to the backend."""

    @property
    def name(self) -> str: ...

    def missing(self) -> str:
        """Why it cannot be had on this machine; nothing when it can."""
        ...

    def start(self, backends: Backends, cores: Cores) -> AbstractContextManager[Running]:
        """Run it for the length of the block. Raises RuntimeError with its words when it does not start."""
        ...


def lacks(program: str, package: str) -> str:
    """Why a program cannot be had."""
    return "" if shutil.which(program) else f"{program} is not installed (Debian: apt-get install {package})"


def version_of(*command: str) -> str:
    """The first version number in what a program says of itself; nothing when there is no such program."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except OSError:
        return ""
    found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return found[0] if found else ""


@contextlib.contextmanager
def running(
    configuration: Callable[[Path, int, int], str],
    command: Callable[[Path], tuple[str, ...]],
    backends: Backends,
    cores: Cores,
) -> Iterator[Running]:
    """A program for the length of the block.

    `configuration` makes its file of its directory and its two ports, `command` its command line of the file.
    """
    with tempfile.TemporaryDirectory(prefix="torpor-bench-") as name, own_port() as web, own_port() as echo:
        directory = Path(name)
        file, log = directory / "configuration", directory / "log"
        file.write_text(configuration(directory, web, echo))
        with log.open("w") as words:
            process = subprocess.Popen(
                [*cores.proxy, *command(file)],
                env=os.environ | {"XDG_CONFIG_HOME": name, "XDG_DATA_HOME": name},
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                text=True,
            )
        try:
            for port in (web, echo):
                wait_listening(("127.0.0.1", port), lambda: process.poll() is None, log.read_text)
            asyncio.run(visit(("127.0.0.1", web), "/"))  # a master may listen before it has workers
            pids = (process.pid, *descendants(process.pid))
            yield Running(("127.0.0.1", web), ("127.0.0.1", echo), pids, backends.pids)
        finally:
            end(process, _STOP)


def wait_listening(address: Address, lives: Callable[[], bool], words: Callable[[], str]) -> None:
    """Wait until a connection is taken there. Raises RuntimeError with its words when it does not come."""
    until = time.monotonic() + _START
    while True:
        try:
            socket.create_connection(address, timeout=_START).close()
        except OSError:
            if not lives() or time.monotonic() > until:
                raise RuntimeError(f"nothing listens on {address[0]}:{address[1]}:\n{words()[-4000:]}") from None
            time.sleep(_PERIOD)
        else:
            return
