"""A real Kubernetes of one node on this machine, for tests: to look at, to change, and to break."""

import contextlib
import json
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cluster.programs.fill import Programs, fill
from tests.cluster.rig import certificates, starting
from tests.cluster.rig.access import Access
from tests.cluster.rig.api import Api
from tests.cluster.rig.audit import Audit
from tests.cluster.rig.claims import claimed, clear
from tests.cluster.rig.network import Network
from tests.cluster.rig.part import Part
from tests.cluster.rig.place import Place, home
from tests.cluster.rig.warden_client import Lease, launch, lives

type More = Mapping[str, Sequence[str]]


class Cluster(Access):
    """One that runs. It stays as long as somebody, here or in another process, has not closed it."""

    mine = True

    def __init__(self, place: Place, lease: Lease, programs: Programs) -> None:
        network = Network(lease.pid)
        super().__init__(place.kubeconfig, network, Api(place.settings / "tests.kubeconfig", network), programs.path)
        self.place = place
        self._lease = lease
        self._programs = programs

    @classmethod
    def start(cls, name: str, *, node: bool = True, more: More | None = None) -> "Cluster":
        """The cluster of this name: the one that runs, or a new one, as empty as Kubernetes makes it.

        `node=False` leaves out all that pods need: for thousands of objects that nobody runs. `more` are further
        arguments by component, such as `{"apiserver": ["--max-requests-inflight=10"]}`, for a new one.
        """
        place = Place(name)
        programs = fill()
        with claimed(place):
            with contextlib.suppress(OSError):
                lease = Lease(place)
                if place.marker.exists():
                    cluster = cls(place, lease, programs)
                    assert cluster.has_node == node, f"cluster {name} runs, and is of the other kind"
                    return cluster
                lease.end()  # its maker was killed half-way
            sweep()
            clear(place)
            for directory in (place.pki, place.settings, place.logs, place.data):
                directory.mkdir(parents=True)
            place.more.write_text(json.dumps(more or {}))
            certificates.make(place)
            launch(place)
            cluster = cls(place, Lease(place), programs)
            try:
                starting.start(cluster, node=node)
            except BaseException:
                cluster._lease.end()
                raise
            return cluster

    @classmethod
    def attach(cls, name: str) -> "Cluster":
        """The one that runs. Raises OSError where there is none."""
        place = Place(name)
        return cls(place, Lease(place), fill())

    @property
    def programs(self) -> Programs:
        """What it runs."""
        return self._programs

    @property
    def has_node(self) -> bool:
        """Whether pods run on it."""
        return self.place.marker.read_text() == starting.NODE

    @property
    def audit(self) -> Audit:
        """What others than its own parts and the tests have asked of it."""
        return Audit(self.place.audit)

    def close(self) -> None:
        """Nobody here needs it any more."""
        self._lease.close()

    def end(self) -> None:
        """It ends for all, at once."""
        self._lease.end()
        with claimed(self.place):
            clear(self.place)

    def keep(self) -> None:
        """It stays, whoever closes it, until somebody ends it."""
        self._lease.ask("keep")

    def part(self, name: str) -> Part:
        """One of its components, to kill, freeze and start again; see `components`."""
        return Part(name, self.place, self._lease, self._programs)

    def load(self, archive: Path) -> None:
        """Give the node the images of this archive."""
        starting.load(self, archive)

    def unload(self, image: str) -> None:
        """Take an image away again."""
        starting.unload(self, image)

    def mend(self) -> None:
        """Start and thaw what a test has broken, and wait until all is well."""
        for name, pid in self._lease.ask("state").items():
            if pid is None:
                self.part(name).start()
            else:
                self._lease.ask("signal", name=name, signal=signal.SIGCONT)
        starting.wait(self, node=self.has_node)

    def kubeconfig_of(self, user: str, groups: Sequence[str] = ()) -> Path:
        """A way in for this user, who may do what RBAC lets him, and whose calls the audit log tells apart."""
        return certificates.kubeconfig(self.place, user.replace(":", "-"), user, groups)

    def log(self, part: str) -> str:
        """The end of what a component has said."""
        file = self.place.logs / f"{part}.log"
        return file.read_text(errors="replace")[-5000:] if file.exists() else ""


def running() -> list[str]:
    """The names of the clusters on this machine."""
    return sorted(place.name for place in _places() if lives(place))


def sweep() -> None:
    """Forget the clusters of runs that are over, however they ended; those that somebody sees to are his."""
    for place in _places():
        with contextlib.suppress(BlockingIOError), claimed(place, wait=False):
            if not lives(place):
                clear(place)


def _places() -> list[Place]:
    return [Place(lock.stem) for lock in home().glob("*.lock")]
