"""The ways into a Kubernetes that tests need, whoever brought it up."""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml

from tests.cluster.rig.api import Api
from tests.cluster.rig.audit import Audit
from tests.cluster.rig.network import Network
from tests.cluster.rig.part import Part

KUBECTL = 60.0
"""Seconds for one kubectl."""


class Access:
    """As the administrator of a kubeconfig, which leads somewhere from `network`."""

    mine = False
    """Whether its parts may be broken and its audit log be read."""

    def __init__(self, kubeconfig: Path, network: Network, api: Api, path: str) -> None:
        self.kubeconfig = kubeconfig
        self.network = network
        self.api = api
        self._path = path

    def part(self, name: str) -> Part:
        """One of its components, to kill, freeze and start again; see `components`."""
        raise NotImplementedError(f"{name} belongs to somebody else")

    @property
    def audit(self) -> Audit:
        """What has been asked of it."""
        raise NotImplementedError("the audit log belongs to somebody else")

    def close(self) -> None:
        """Nobody here needs it any more."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answers(self) -> bool:
        """Whether the API server is ready."""
        with contextlib.suppress(OSError):
            return self.api.text("/readyz") == "ok"
        return False

    def command(self, *arguments: str | os.PathLike[str]) -> list[str]:
        """A command line that runs another in the cluster's network."""
        return [*self.network.prefix, *(os.fspath(each) for each in arguments)]

    @property
    def environment(self) -> dict[str, str]:
        """What such a command wants to know."""
        return {**os.environ, "PATH": self._path, "KUBECONFIG": str(self.kubeconfig)}

    def kubectl(self, *arguments: str, told: str | None = None) -> str:
        """What kubectl prints, as an administrator; AssertionError with its complaint when it fails."""
        done = subprocess.run(
            self.command("kubectl", *arguments),
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


def outside(kubeconfig: Path) -> Access:
    """A cluster that somebody else brought up, such as kind or k3d, with the tests' images in it."""
    assert shutil.which("kubectl"), "tests with an outside cluster need kubectl"
    network = Network(None)
    return Access(kubeconfig, network, Api(kubeconfig, network), os.environ.get("PATH", os.defpath))
