"""Which cluster, and as whom: the choice that every tool for Kubernetes makes, in kubectl's order."""

import os
from dataclasses import dataclass
from pathlib import Path

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class NoAccess(Exception):  # noqa: N818 - reads as what happened
    """Nothing says which cluster is meant, or what says so cannot be used; `str()` says what to do."""


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """A file, or several separated by colons as in KUBECONFIG, and one of its contexts (None: the current one)."""

    paths: str
    context: str | None = None

    def exists(self) -> bool:
        """There is at least one of the files."""
        return any(Path(path).expanduser().is_file() for path in self.paths.split(os.pathsep) if path)


@dataclass(frozen=True, slots=True)
class InCluster:
    """The ServiceAccount of the pod that this runs in; its token is read again every minute."""


type Access = Kubeconfig | InCluster


def find(kubeconfig: str | None = None, context: str | None = None) -> Access:
    """The kubeconfig named, that of KUBECONFIG, the one in the home directory, or the pod's own. Raises NoAccess."""
    if kubeconfig is not None:
        return Kubeconfig(kubeconfig, context)
    if named := os.environ.get("KUBECONFIG"):
        return Kubeconfig(named, context)
    at_home = Path.home() / ".kube" / "config"
    if at_home.is_file():
        return Kubeconfig(str(at_home), context)
    if context is None and os.environ.get("KUBERNETES_SERVICE_HOST") and (SERVICE_ACCOUNT / "token").is_file():
        return InCluster()
    raise NoAccess("no cluster: give a kubeconfig (--kubeconfig, KUBECONFIG or ~/.kube/config), or run in a pod of one")
