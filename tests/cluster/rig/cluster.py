"""A real Kubernetes of one node on this machine, for tests: to look at, to change, and to break."""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.programs.fill import Programs, fill
from tests.cluster.rig import certificates, starting
from tests.cluster.rig.api import Api
from tests.cluster.rig.audit import Audit
from tests.cluster.rig.network import Network
from tests.cluster.rig.part import Part
from tests.cluster.rig.place import Place, home
from tests.cluster.rig.warden_client import Lease, end, launch

KUBECTL = 60.0
"""Seconds for one kubectl."""


class Cluster:
    """One that runs. It stays as long as somebody, here or in another process, has not closed it."""

    mine = True
    """Its parts may be killed and its audit log read."""

    def __init__(self, place: Place, lease: Lease, programs: Programs) -> None:
        self.place = place
        self.kubeconfig = place.kubeconfig
        self.network = Network(lease.pid)
        self.audit = Audit(place.audit)
        self.api = Api(place.settings / "tests.kubeconfig", self.network)
        self._lease = lease
        self._programs = programs

    @classmethod
    def start(cls, name: str, *, node: bool = True, more: Mapping[str, Sequence[str]] | None = None) -> "Cluster":
        """The cluster of this name: the one that runs, or a new one, as empty as Kubernetes makes it.

        `node=False` leaves out all that pods need: for thousands of objects that nobody runs. `more` are further
        arguments by component, such as `{"apiserver": ["--max-requests-inflight=10"]}`, for a new one.
        """
        place = Place(name)
        programs = fill()
        with _locked(place):
            with contextlib.suppress(OSError):
                lease = Lease(place)
                if place.marker.exists():
                    return cls(place, lease, programs)
                end(lease, place)  # its maker was killed half-way
            shutil.rmtree(place.directory, ignore_errors=True)
            for directory in (place.pki, place.settings, place.logs, place.data):
                directory.mkdir(parents=True)
            launch(place)
            cluster = cls._made(place, programs)
            try:
                starting.start(cluster, programs, node=node, more=more or {})
            except BaseException:
                end(cluster._lease, place)
                raise
            return cluster

    @classmethod
    def _made(cls, place: Place, programs: Programs) -> "Cluster":
        certificates.make(place)
        return cls(place, Lease(place), programs)

    def close(self) -> None:
        """Nobody here needs it any more."""
        self._lease.close()

    def end(self) -> None:
        """It ends for all, at once."""
        end(self._lease, self.place)
        shutil.rmtree(self.place.directory, ignore_errors=True)

    def keep(self) -> None:
        """It stays, whoever closes it, until somebody ends it."""
        self._lease.ask("keep")

    def part(self, name: str) -> Part:
        """One of its components, to kill, freeze and start again; see `components`."""
        return Part(name, self.place, self._lease, self._programs)

    def answers(self) -> bool:
        """Whether the API server is ready."""
        with contextlib.suppress(OSError):
            return self.api.text("/readyz") == "ok"
        return False

    def kubeconfig_of(self, user: str, groups: Sequence[str] = ()) -> Path:
        """A way in for this user, who may do what RBAC lets him, and whose calls the audit log tells apart."""
        return certificates.kubeconfig(self.place, user.replace(":", "-"), user, groups)

    def command(self, *arguments: str | os.PathLike[str]) -> list[str]:
        """A command line that runs another in the cluster's network."""
        return [*self.network.prefix, *(os.fspath(each) for each in arguments)]

    @property
    def environment(self) -> dict[str, str]:
        """What such a command wants to know."""
        return {**os.environ, "PATH": self._programs.path, "KUBECONFIG": str(self.kubeconfig)}

    def kubectl(self, *arguments: str, told: str | None = None) -> str:
        """What kubectl prints, as an administrator; AssertionError with its complaint when it fails."""
        done = subprocess.run(
            self.command(self._programs.kubectl, *arguments),
            env=self.environment,
            input=told,
            capture_output=True,
            text=True,
            timeout=KUBECTL,
            check=False,
        )
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def apply(self, *manifests: Mapping[str, Any], namespace: str | None = None) -> None:
        """`kubectl apply`, as a user does."""
        where = [] if namespace is None else ["--namespace", namespace]
        self.kubectl("apply", *where, "-f", "-", told=yaml.safe_dump_all(manifests))

    def look(self, *arguments: str) -> Any:
        """`kubectl get … -o json`."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def log(self, part: str) -> str:
        """The end of what a component has said."""
        file = self.place.logs / f"{part}.log"
        return file.read_text(errors="replace")[-5000:] if file.exists() else ""


def running() -> list[str]:
    """The names of the clusters on this machine."""
    return sorted(socket.parent.name for socket in home().glob("*/warden.sock"))


@contextlib.contextmanager
def _locked(place: Place) -> Iterator[None]:
    """Whoever comes second waits until the first has a cluster."""
    home().mkdir(parents=True, exist_ok=True)
    with (home() / f"{place.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
