"""What Torpor's processes use: memory, CPU, and bytes from the API server."""

import re
import subprocess
import time
from typing import Self

from bench import processes
from tests.cluster.rig.access import Access
from tests.cluster.torpor.running import Process, Running

BEAT = 0.5
"""Seconds between two looks at the sockets."""
_SOCKET = re.compile(r":(\d+)\s+\S+:(\d+)\s.*\bpid=(\d+),.*\bbytes_received:(\d+)")


class Traffic:
    """Bytes that a process has had from the API server, as the kernel counts them at its sockets (TLS included).

    Look at least as often as sockets close: what one has had since the last look goes with it.
    """

    def __init__(self, cluster: Access, process: Process) -> None:
        self._cluster = cluster
        self._pid = process.process.pid
        self._seen: dict[int, int] = {}

    def received(self) -> int:
        """All that was seen so far."""
        port = self._cluster.api.server[1]
        told = subprocess.run(
            self._cluster.command("ss", "--tcp", "--info", "--processes", "--numeric", "--no-header", "--oneline"),
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        ).stdout
        for line in told.splitlines():
            if (found := _SOCKET.search(line)) and (int(found[2]), int(found[3])) == (port, self._pid):
                self._seen[int(found[1])] = int(found[4])
        return sum(self._seen.values())


class Use:
    """What a scaler and a proxy use from now on."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._traffic = Traffic(running.cluster, running.scalers[0])
        self._began, self._received = time.monotonic(), self._traffic.received()
        self._scaler, self._proxy = scaler_cpu(running), proxy_cpu(running)
        self.seconds = self.scaler = self.proxy = 0.0
        """CPU seconds, and how long it took."""
        self.received = 0

    def after(self, seconds: float) -> Self:
        """Look for so long."""
        end = self._began + seconds
        while time.monotonic() < end:
            time.sleep(BEAT)
            self._traffic.received()
        return self.now()

    def now(self) -> Self:
        """Until now."""
        self.seconds = time.monotonic() - self._began
        self.received = self._traffic.received() - self._received
        self.scaler = scaler_cpu(self._running) - self._scaler
        self.proxy = proxy_cpu(self._running) - self._proxy
        return self

    def __str__(self) -> str:
        return (
            f"scaler {self.scaler / self.seconds:.2%} of a core, proxy {self.proxy / self.seconds:.2%}, "
            f"{self.received:,} bytes from the API server in {self.seconds:.1f} s"
        )


def scaler_cpu(running: Running) -> float:
    """CPU seconds of the first scaler since it was started."""
    return processes.cpu_seconds(running.scalers[0].process.pid)


def proxy_cpu(running: Running) -> float:
    """Those of the first proxy, its HAProxy included."""
    return sum(processes.cpu_seconds(pid) for pid in _family(running))


def sizes(running: Running) -> str:
    """Resident memory; what processes share counts in each."""
    python, *haproxy = _family(running)
    sizes = [_mib(running.scalers[0].process.pid), _mib(python), _mib(*haproxy)]
    return "scaler {:.0f} MiB, proxy {:.0f} MiB, its HAProxy {:.0f} MiB".format(*sizes)


def _mib(*pids: int) -> float:
    return sum(processes.memory(pid) for pid in pids) / 2**20


def _family(running: Running) -> list[int]:
    pid = running.proxies[0].process.pid
    return [pid, *processes.descendants(pid)]
