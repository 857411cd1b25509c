"""Where a cluster lives: its directory, and the addresses in a network that no other cluster shares."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

NODE = "node"
NODE_ADDRESS = "10.99.0.2"
NODE_NET = "10.99.0.0/24"
POD_NET = "10.244.0.0/24"
SERVICE_NET = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
API_PORT = 6443
DOMAIN = "cluster.local"


@dataclass(frozen=True, slots=True)
class Place:
    """The files of the cluster `name`. `data` is in memory and seen only from inside; all else from outside, too."""

    name: str

    @property
    def directory(self) -> Path:
        """Everything; short, because a socket's path must fit into 107 bytes."""
        return home() / self.name

    @property
    def socket(self) -> Path:
        """The warden's."""
        return self.directory / "warden.sock"

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.directory / "pki"

    @property
    def settings(self) -> Path:
        """What the components read."""
        return self.directory / "settings"

    @property
    def logs(self) -> Path:
        """What the components say, and the audit log."""
        return self.directory / "logs"

    @property
    def data(self) -> Path:
        """What the components keep."""
        return self.directory / "data"

    @property
    def audit(self) -> Path:
        """Every call of those who are not the cluster's own parts, one JSON object a line."""
        return self.logs / "audit.log"

    @property
    def containerd(self) -> Path:
        """containerd's socket, seen from inside."""
        return self.data / "containerd.sock"

    @property
    def kubeconfig(self) -> Path:
        """An administrator's, for those in the cluster's network."""
        return self.settings / "admin.kubeconfig"

    @property
    def more(self) -> Path:
        """Further arguments, by component."""
        return self.settings / "more.json"

    @property
    def cgroup(self) -> str:
        """The name of its control group, which the pods' are below."""
        return f"torpor-{self.name}"

    @property
    def marker(self) -> Path:
        """What only a cluster that came up completely has; it tells its kind."""
        return self.directory / "ready"


def home() -> Path:
    """The directory of all clusters of this machine."""
    return Path(os.environ.get("TORPOR_CLUSTERS") or Path(tempfile.gettempdir()) / "torpor-clusters")
