"""All programs of a cluster, and why this machine cannot have them."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.programs import debian, definitions, helm, kubernetes


@dataclass(frozen=True, slots=True)
class Programs:
    """Where they are."""

    kubernetes: Path
    rolling: Path
    own: Path
    app: Path
    helm: Path

    @property
    def path(self) -> str:
        """PATH, for those who call each other by name."""
        directories = [self.kubernetes, self.rolling / "usr/bin", self.own / "usr/bin", self.helm.parent]
        return ":".join([*map(str, directories), os.environ.get("PATH", os.defpath)])

    @property
    def kubectl(self) -> Path:
        """Debian's, which may be some patches apart from the server."""
        return self.rolling / "usr/bin/kubectl"

    @property
    def busybox(self) -> Path:
        """A shell and small tools in one static program."""
        return next(self.rolling.glob("**/bin/busybox"))


def missing() -> str | None:
    """What a cluster would need and is not here, in a sentence; None when all is."""
    if os.geteuid() != 0:
        return "it needs root, for namespaces and containers"
    if kubernetes.go() is None:
        return "it needs Go, to build Kubernetes: see https://go.dev/dl"
    if shutil.which("ip") is None:
        return "it needs ip: apt-get install iproute2"
    return debian.missing()


def fill() -> Programs:
    """Get or make what is not in the cache: minutes at first, an instant ever after."""
    packages = debian.unpacked()
    definitions.fetched()
    return Programs(kubernetes.programs(), packages / "rolling", packages / "own", kubernetes.app(), helm.helm())
