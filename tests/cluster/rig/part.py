"""One component of a cluster, to break and to mend."""

import json
import signal

from tests.cluster.programs.fill import Programs
from tests.cluster.rig import components
from tests.cluster.rig.components import ROOT
from tests.cluster.rig.place import Place
from tests.cluster.rig.until import until
from tests.cluster.rig.warden_client import Lease

STOPPING = 30.0
"""Seconds until a component that is told to stop has to have done so."""


class Part:
    """By name, whether it runs or not."""

    def __init__(self, name: str, place: Place, lease: Lease, programs: Programs) -> None:
        self._name = name
        self._place = place
        self._lease = lease
        self._programs = programs

    def start(self) -> None:
        """Run it; it may take a while until it does its work."""
        more = json.loads(self._place.more.read_text()).get(self._name, [])
        self._lease.ask(
            "start",
            name=self._name,
            command=[*components.command(self._name, self._place), *more],
            environment={
                "PATH": self._programs.path,
                "HOME": str(self._place.data),
                "PYTHONPATH": str(ROOT),
            },
            log=str(self._place.logs / f"{self._name}.log"),
        )

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone. What it started goes on: containerd's pods do."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and wait until it is gone."""
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """It keeps its connections and answers nobody."""
        self._lease.ask("signal", name=self._name, signal=signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self._lease.ask("signal", name=self._name, signal=signal.SIGCONT)

    def runs(self) -> bool:
        """Whether there is a process."""
        return self._lease.ask("state").get(self._name) is not None

    def _end(self, number: int) -> None:
        self._lease.ask("signal", name=self._name, signal=number)
        until(lambda: not self.runs(), STOPPING, f"the end of {self._name}")
