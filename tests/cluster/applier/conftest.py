"""A Torpor that may apply beside its own namespace, with the rights of examples/kubernetes, and the command line."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.cli.conftest import Ended
from tests.cluster.rig.access import Access
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.asking import ask
from tests.cluster.torpor.running import ROOT, SOON, Running

RIGHTS = ROOT / "examples" / "kubernetes" / "apply.yaml"
COMMAND = 120.0
TOKEN = "a-token-of-torpor"

type Tree = dict[str, Any]


class Deployer:
    """Whoever deploys: by the command line, or by the API itself."""

    def __init__(self, running: Running, directory: Path) -> None:
        self.running = running
        self.space = running.space
        self._directory = directory
        self._directory.mkdir(exist_ok=True)

    def start(
        self, *arguments: str, told: list[Tree] | None = None, token: str = TOKEN, straight: bool = True
    ) -> "subprocess.Popen[str]":
        """`torpor …`, with manifests on its standard input; straight to the scaler, or through the API server."""
        cluster = self.running.cluster
        service = {"TORPOR_SERVICE": f"{self.running.home.name}/torpor-scaler", "KUBECONFIG": str(cluster.kubeconfig)}
        process = subprocess.Popen(
            cluster.command(
                sys.executable, "-m", "torpor.cli", *arguments, *(("--api", self._url) if straight else ())
            ),
            env={**cluster.environment, "PYTHONPATH": str(ROOT), "TORPOR_TOKEN": token, **service},
            cwd=self._directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(yaml.safe_dump_all(told or [], sort_keys=False))
        process.stdin.close()
        process.stdin = None  # or communicate flushes it
        return process

    def torpor(self, *arguments: str, told: list[Tree] | None = None, straight: bool = True) -> Ended:
        """The same, to its end."""
        return ended(self.start(*arguments, told=told, straight=straight))

    def apply(self, *manifests: Tree, options: tuple[str, ...] = ("--set", "pr-12")) -> Ended:
        """`torpor apply -f -`, which is to end well."""
        done = self.torpor("apply", "-f", "-", *options, told=list(manifests))
        assert done.code == 0, done
        return done

    def post(self, text: str, query: str = "set=pr-12", *, token: str = TOKEN) -> tuple[int, Tree]:
        """`POST /v1/apply`."""
        return self.ask("POST", f"/v1/apply?{query}", token, text.encode())

    def delete(self, name: str, *, token: str = TOKEN) -> tuple[int, Tree]:
        """`DELETE /v1/sets/{name}`."""
        return self.ask("DELETE", f"/v1/sets/{name}", token, None)

    def ask(self, method: str, path: str, token: str, body: bytes | None) -> tuple[int, Tree]:
        """Anything of the API."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        address = self.running.scalers[0].address
        status, _, said = ask(self.running.cluster.network, address, method, path, headers, body, within=COMMAND)
        return status, json.loads(said)

    @property
    def _url(self) -> str:
        return "http://{}:{}".format(*self.running.scalers[0].address)


def ended(process: "subprocess.Popen[str]") -> Ended:
    """A command, waited for."""
    try:
        out, err = process.communicate(timeout=COMMAND)
    finally:
        process.kill()
    return Ended(process.returncode, out, err)


@pytest.fixture(scope="package")
def running(cluster: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A Torpor for all of these tests, which may apply in one namespace; so may the ServiceAccount `deployer` there."""
    with (
        Space.made(cluster, "torpor") as home,
        Space.made(cluster, "applier") as space,
        tempfile.TemporaryDirectory(prefix="torpor-") as state,
    ):
        text = RIGHTS.read_text().replace("namespace: review\n", f"namespace: {space.name}\n")
        cluster.kubectl("apply", "-f", "-", told=text.replace("namespace: torpor\n", f"namespace: {home.name}\n"))
        allowed = {"namespaces": [space.name], "accounts": [f"{space.name}/deployer"]}
        settings = {"api": "0.0.0.0:0", "token": TOKEN, "kubernetes": {"apply": allowed}}
        made = Running(space, tmp_path_factory.mktemp("applier"), Path(state), settings, home=home)
        with made.up():
            yield made


@pytest.fixture
def deployer(running: Running, tmp_path: Path) -> Iterator[Deployer]:
    """Of that Torpor; the namespace is empty before and after."""
    yield Deployer(running, tmp_path / "elsewhere")
    space = running.space
    kinds = "deployments,services,ingresses,configmaps,resourcequotas"
    space.cluster.kubectl("-n", space.name, "delete", kinds, "--all", "--timeout=60s")
    until(lambda: running.app("web")["phase"] is None, SOON, "the app forgotten")


def missing(space: Space, plural: str, name: str) -> bool:
    """It is there no more."""
    found = [one["metadata"]["name"] for one in space.all(plural)]
    return name not in found
