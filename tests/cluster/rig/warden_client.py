"""The way to a cluster's warden: as long as it is open, the cluster stays."""

import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from typing import Any

from tests.cluster.rig.components import ROOT
from tests.cluster.rig.place import Place

DEADLINE = 30.0
"""Seconds for an answer."""


class Lease:
    """Somebody's need of a cluster. Raises ConnectionError or FileNotFoundError where there is none."""

    def __init__(self, place: Place) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.settimeout(DEADLINE)
            self._socket.connect(str(place.socket))
        except BaseException:
            self._socket.close()
            raise
        self._answers = self._socket.makefile("rb")
        credentials = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        self.pid: int = struct.unpack("3i", credentials)[0]
        """The warden's process id, seen from here."""
        self.ask("need")

    def ask(self, what: str, **details: Any) -> dict[str, int | None]:
        """See `warden`; the answer is which parts run."""
        self._socket.sendall(json.dumps({"do": what, **details}).encode() + b"\n")
        line = self._answers.readline()
        if not line:
            raise ConnectionError("the cluster's warden is gone")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        parts: dict[str, int | None] = answer["parts"]
        return parts

    def close(self) -> None:
        """It is not needed any more, here."""
        self._answers.close()
        self._socket.close()

    def end(self) -> None:
        """End the cluster at once, for all, and wait until its last process is gone."""
        descriptor = os.pidfd_open(self.pid)
        self.close()
        try:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            ended, _, _ = select.select([descriptor], [], [], DEADLINE)
            assert ended, f"the cluster's warden, process {self.pid}, does not end"
        finally:
            os.close(descriptor)


def lives(place: Place) -> bool:
    """Whether there is a warden; looking does not keep it."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as looking:
        looking.connect(str(place.socket))
        return True
    return False


def launch(place: Place) -> None:
    """Start a warden for an empty place."""
    command = [sys.executable, "-m", "tests.cluster.rig.warden", place.name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"no cluster {place.name}:\n{done.stderr}")
