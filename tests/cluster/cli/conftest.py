"""A Torpor behind a Service, and the command line of somebody who has a kubeconfig."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.rig.images import PAUSE
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.conftest import torpor
from tests.cluster.torpor.running import ROOT, SOON, Running, Start

__all__ = ["torpor"]

COMMAND = 120.0
TOKEN = {"TORPOR_TOKEN": "a-token-of-torpor"}
"""In the environment of those who know it."""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


class User:
    """Runs `torpor` in the cluster's network, in a directory without a torpor.yaml."""

    def __init__(self, running: Running, directory: Path) -> None:
        self.running = running
        self.directory = directory
        self.directory.mkdir(exist_ok=True)
        self.kubeconfig = running.cluster.kubeconfig

    def become(self, account: str) -> None:
        """Somebody else: a ServiceAccount of the namespace."""
        space = self.running.space
        token = space.cluster.kubectl("-n", space.name, "create", "token", account)
        found = yaml.safe_load(space.cluster.kubeconfig.read_text())
        found["users"] = [{"name": user["name"], "user": {"token": token.strip()}} for user in found["users"]]
        self.kubeconfig = self.directory / f"{account}.kubeconfig"
        self.kubeconfig.write_text(yaml.safe_dump(found))

    def __call__(self, *arguments: str, **env: str) -> Ended:
        done = subprocess.run(
            self._command(*arguments),
            env=self._environment(env),
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=COMMAND,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    @contextlib.contextmanager
    def running_command(self, *arguments: str, **env: str) -> Iterator[tuple[subprocess.Popen[bytes], Path, Path]]:
        """A command that goes on for the length of the block, and the files that it writes to."""
        out, err = (self.directory / f"{'-'.join(arguments[:2])}.{kind}" for kind in ("out", "err"))
        with out.open("wb") as told, err.open("wb") as said:
            process = subprocess.Popen(
                self._command(*arguments), env=self._environment(env), cwd=self.directory, stdout=told, stderr=said
            )
        try:
            yield process, out, err
        finally:
            process.kill()
            process.wait()
            sys.stdout.write(f"--- torpor {' '.join(arguments)} said:\n{err.read_text()}\n")

    def _command(self, *arguments: str) -> list[str]:
        return self.running.cluster.command(sys.executable, "-m", "torpor.cli", *arguments)

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        return {
            **self.running.cluster.environment,
            "PYTHONPATH": str(ROOT),
            "KUBECONFIG": str(self.kubeconfig),
            "TORPOR_SERVICE": f"{self.running.space.name}/torpor-scaler",
            **more,
        }


@pytest.fixture
def user(namespace: Space, torpor: Start, tmp_path: Path) -> Iterator[User]:
    """Of a Torpor that runs; it looks after the namespace."""
    with torpor({"api": "0.0.0.0:0", "token": TOKEN["TORPOR_TOKEN"]}) as running, served(running):
        yield User(running, tmp_path / "elsewhere")


@contextlib.contextmanager
def served(running: Running) -> Iterator[None]:
    """A pod with the node's address stands for the scaler, so that the API server finds the way to it."""
    space = running.home
    label = {"app": "torpor-scaler"}
    pod: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "scaler", "labels": label},
        "spec": {
            "hostNetwork": True,
            "serviceAccountName": "torpor-scaler",
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "pause", "image": PAUSE, "imagePullPolicy": "Never"}],
        },
    }
    port = running.scalers[0].address[1]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "torpor-scaler"},
        "spec": {"selector": label, "ports": [{"name": "api", "port": 8081, "targetPort": port}]},
    }
    space.apply(pod, service)
    way = f"/api/v1/namespaces/{space.name}/services/http:torpor-scaler:api/proxy/v1/info"

    def answers() -> bool:
        with contextlib.suppress(OSError, AssertionError, ValueError):
            return "token_required" in json.loads(space.cluster.kubectl("get", "--raw", way))
        return False

    until(answers, SOON, "the way through the API server")
    yield
