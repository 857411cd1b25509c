"""Several candidates for one Lease, and what each has said so far."""

import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.components import ROOT
from tests.cluster.rig.until import until

PATIENCE = 60.0


class Said(NamedTuple):
    """One line of a candidate; `at` is on the clock that processes share."""

    at: float
    who: str
    word: str


class Candidates:
    """Processes by name."""

    def __init__(self, rig: Cluster, namespace: str = "default", kubeconfig: Path | None = None) -> None:
        self._rig = rig
        self._namespace = namespace
        self._kubeconfig = kubeconfig or rig.kubeconfig
        self.lease = f"lease-{uuid.uuid4().hex[:6]}"
        self.processes: dict[str, subprocess.Popen[str]] = {}
        self.said: list[Said] = []

    @classmethod
    @contextmanager
    def of(cls, rig: Cluster, namespace: str = "default", kubeconfig: Path | None = None) -> Iterator["Candidates"]:
        """They end with the block."""
        candidates = cls(rig, namespace, kubeconfig)
        try:
            yield candidates
        finally:
            for process in candidates.processes.values():
                process.kill()
                process.wait()
                assert process.stdout is not None
                process.stdout.close()

    def start(self, who: str) -> None:
        """One more, and wait until it stands for the Lease."""
        program = [sys.executable, "-m", "tests.cluster.api.candidate"]
        arguments = [self._kubeconfig, self._namespace, self.lease, who]
        command = self._rig.command(*program, *arguments)
        environment = {**self._rig.environment, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        self.processes[who] = process
        threading.Thread(target=self._listen, args=(who, process), daemon=True).start()
        self.wait(who, "stands")

    def wait(self, who: str, word: str, since: float = 0.0) -> float:
        """When this one said so, at or after `since`."""
        return self.wait_any([who], word, since).at

    def wait_any(self, who: list[str], word: str, since: float = 0.0) -> Said:
        """The first of them to say so."""

        def look() -> Said | None:
            heard = (said for said in list(self.said) if said.who in who and said.word == word and said.at >= since)
            return next(heard, None)

        said = until(look, PATIENCE, lambda: f"{who} {word}: {self.said}")
        assert said is not None
        return said

    def reigns(self) -> list[tuple[float, float, str]]:
        """From when to when each led that is over, and who."""
        began: dict[str, float] = {}
        found = []
        for at, who, word in sorted(self.said):
            if word == "leads":
                began[who] = at
            elif word == "stops":
                found.append((began.pop(who), at, who))
        return sorted(found)

    def _listen(self, who: str, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                word, at = line.split()
                self.said.append(Said(float(at), who, word))
        except ValueError:
            pass  # closed at the end of the test


def now() -> float:
    """The moment, as candidates tell it."""
    return time.monotonic()
