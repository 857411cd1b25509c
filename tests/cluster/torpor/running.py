"""Torpor as it runs in a cluster: scalers and proxies, each a process of its own in the cluster's network."""

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.rig.apart import Apart
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.asking import ANSWER, ask, visitor
from tests.ports import own_port
from torpor.token import HEADER

ROOT = Path(__file__).parents[3]
RBAC = ROOT / "examples" / "kubernetes" / "rbac.yaml"
TORPOR = (sys.executable, "-m", "torpor.cli")
START = 60.0
STOP = 30.0
SOON = 90.0
PASSING = ("only just begun", "is out of reach", "none has come since", "did not acknowledge", "leads no more")
"""Why a sleep is refused that is not the app's doing: the scaler is new, or the machine has stood still for seconds."""
_API = re.compile(r"API and status page: http://([0-9.]+):(\d+)")

type Tree = dict[str, Any]


class Process:
    """One scaler or proxy."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )

    def said(self) -> str:
        """All it has said."""
        return self.log.read_text(errors="replace")

    def signal(self, number: int) -> None:
        """To this process alone: `nsenter` has become it."""
        self.process.send_signal(number)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """It does nothing for the length of the block, and nobody is told."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    def stop(self) -> None:
        """In good order."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            self.process.wait(STOP)
        finally:
            self.kill()

    def kill(self) -> None:
        """At once."""
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
        self.process.wait(STOP)


class Scaler(Process):
    """One scaler."""

    address = ("", 0)

    def found(self) -> bool:
        """Whether it has said where its API is."""
        said = self.said()
        assert self.process.poll() is None, f"the scaler has ended:\n{said}"
        if match := _API.search(said):
            self.address = (match[1], int(match[2]))
        return bool(match)


class Proxy(Process):
    """One proxy; with the engine HAProxy that one is found in the directory `state`."""

    address = ("", 0)

    def __init__(self, command: list[str], environment: dict[str, str], log: Path, state: Path) -> None:
        self.command = command
        self.state = state
        super().__init__(command, environment, log)

    def found(self) -> bool:
        """Whether it has said where visitors come in."""
        said = self.said()
        assert self.process.poll() is None, f"the proxy has ended:\n{said}"
        for line in said.splitlines():
            if line.startswith('{"listen"'):
                host, _, port = json.loads(line)["listen"].rpartition(":")
                self.address = (host, int(port))
                return True
        return False

    def lane(self) -> list[str]:
        """The addresses to which its HAProxy sends visits without a question."""
        newest = max(self.state.glob("haproxy-*"), key=lambda path: int(path.name.removeprefix("haproxy-")))
        with socket.socket(socket.AF_UNIX) as commands:
            commands.settimeout(SOON)
            commands.connect(str(newest / "run.sock"))
            commands.sendall(b"show map addresses.map\n")
            return commands.makefile().read().strip().splitlines()


class Running:
    """A Torpor that looks after one namespace, and has its own place in it too, or in a `home` of its own."""

    def __init__(
        self,
        space: Space,
        directory: Path,
        state: Path,
        settings: Tree | None = None,
        rights: list[Tree] | None = None,
        home: Space | None = None,
    ) -> None:
        """`state` is for sockets, so its path is short. `rights`: others than those of examples/kubernetes."""
        self.space = space
        self.home = home or space
        self.cluster = space.cluster
        self.directory = directory
        self.state = state
        self.rights = rights
        self.settings: Tree = {"api": "127.0.0.1:0", **(settings or {})}
        own = {"namespace": self.home.name, "proxies": [f"{self.home.name}/torpor-proxy"]}
        kubernetes = {"namespaces": [space.name], **own}
        self.settings["kubernetes"] = kubernetes | self.settings.get("kubernetes", {})
        self.scalers: list[Scaler] = []
        self.proxies: list[Proxy] = []
        self._number = 0

    @property
    def user(self) -> str:
        """The scalers, as the audit log has them."""
        return f"system:serviceaccount:{self.home.name}:torpor-scaler"

    @contextlib.contextmanager
    def up(self, *, scalers: int = 1, proxies: int = 1, engine: str = "haproxy") -> Iterator["Running"]:
        """So many of each, linked, for the length of the block."""
        self._allow()
        try:
            for _ in range(scalers):
                self.start_scaler()
            for _ in range(proxies):
                self.start_proxy(engine)
            self.wait_linked()
            yield self
            for process in (*self.proxies, *self.scalers):
                process.stop()
        finally:
            for process in (*self.proxies, *self.scalers):
                process.kill()
                sys.stdout.write(f"--- {process.log.name} said:\n{process.said()[-12_000:]}\n")
            self._disallow()

    def start_scaler_at(self, at: int) -> None:
        """Another one where that one was: it comes to the same address."""
        self.scalers[at] = self._scaler(self.scalers[at].address[1])

    def start_scaler(self) -> Scaler:
        """One more."""
        scaler = self._scaler(own_port())
        self.scalers.append(scaler)
        return scaler

    def _scaler(self, port: int) -> Scaler:
        host = str(self.settings["api"]).rpartition(":")[0]
        file = self.directory / f"torpor-{port}.yaml"
        file.write_text(yaml.safe_dump(self.settings | {"api": f"{host}:{port}"}))
        environment = self.cluster.environment | {"KUBECONFIG": str(self._kubeconfig())}
        environment.pop("TORPOR_LINK_TOKEN", None)
        scaler = Scaler(self._command("scaler", "-f", str(file)), environment, self._log("scaler"))
        until(scaler.found, START, scaler.said)
        return scaler

    def start_proxy(self, engine: str = "haproxy", *options: str, where: Apart | None = None) -> Proxy:
        """One more, linked to all scalers that there are; perhaps on a machine of its own."""
        token = self.directory / "proxy.token"
        token.write_text(self._token("proxy"))
        log = self._log("proxy")
        state = self.state / log.stem
        command = [
            *(where.network if where else self.cluster.network).prefix,
            *(*TORPOR, "proxy", "--listen", f"{where.host if where else '127.0.0.1'}:{own_port()}", "--engine", engine),
            *("--link-token-file", str(token), "--state-directory", str(state)),
            *(part for one in self.scalers for part in ("--link", "http://{}:{}".format(*one.address))),
            *options,
        ]
        proxy = Proxy(command, self.cluster.environment, log, state)
        self.proxies.append(proxy)
        until(proxy.found, START, proxy.said)
        return proxy

    def start_proxy_at(self, at: int) -> None:
        """Another process where that one was: it finds what that has left."""
        before = self.proxies[at]
        proxy = Proxy(before.command, self.cluster.environment, self._log("proxy"), before.state)
        try:
            until(proxy.found, START, proxy.said)
            assert proxy.address == before.address
        finally:
            self.proxies[at] = proxy

    def wait_linked(self) -> None:
        """Until the scaler that leads has every proxy."""
        living = sum(proxy.process.poll() is None for proxy in self.proxies)
        until(lambda: self.info().get("proxies") == living, START, lambda: f"{living} proxies: {self.info()}")

    # What is asked

    def api(self, method: str, path: str, *, of: int | None = None, within: float = ANSWER) -> tuple[int, Tree]:
        """A request for a scaler's API, with its token: that of the first that runs, if none is said. Each answers for
        the leader."""
        if of is None:
            of = next((at for at, one in enumerate(self.scalers) if one.process.poll() is None), 0)
        headers = {HEADER: self.settings["token"]} if "token" in self.settings else {}
        status, _, body = ask(self.cluster.network, self.scalers[of].address, method, path, headers, within=within)
        return status, json.loads(body or b"{}")

    def info(self) -> Tree:
        """What this Torpor is; empty while nobody can say."""
        for at, scaler in enumerate(self.scalers):
            if scaler.process.poll() is None:
                with contextlib.suppress(OSError, http.client.HTTPException):
                    status, found = self.api("GET", "/v1/info", of=at, within=5.0)
                    if status == 200:
                        return found
        return {}

    def app(self, name: str) -> Tree:
        """How an app is."""
        status, found = self.api("GET", f"/v1/apps/{self.space.name}/{name}")
        return found if status == 200 else {"phase": None, "status": status, **found}

    def wait_phase(self, name: str, phase: str, within: float = SOON) -> Tree:
        """Wait until an app has this phase."""
        until(lambda: self.app(name)["phase"] == phase, within, lambda: f"{name} {phase}: {self.app(name)}")
        return self.app(name)

    def sleep(self, name: str, space: Space | None = None) -> None:
        """Put an app to sleep, here or in another namespace, which nothing may keep from it but what passes."""
        seen: list[Tree] = []

        def look() -> bool:
            status, found = self.api("POST", f"/v1/apps/{(space or self.space).name}/{name}/sleep")
            seen[:] = [found]
            passes = status == 503 or any(words in str(found.get("reason")) for words in PASSING)
            assert status == 200 or passes, found
            return status == 200

        until(look, SOON, lambda: str(seen), beat=0.5)

    def visit(
        self,
        host: str,
        path: str = "/",
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        by: int = 0,
        within: float = ANSWER,
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """A visit on a connection of its own, which nobody repeats."""
        told = visitor(host) | (headers or {})
        return ask(self.cluster.network, self.proxies[by].address, method, path, told, body, within=within)

    def until_visit(self, host: str, status: int, path: str = "/", *, by: int = 0, within: float = SOON) -> bytes:
        """Visit until the answer has this status."""
        seen: list[tuple[int, bytes]] = []

        def look() -> bool:
            found, _, body = self.visit(host, path, by=by)
            seen[:] = [(found, body)]
            return found == status

        until(look, within, lambda: f"{status} from {host}{path}: {seen}")
        return seen[0][1]

    def _kubeconfig(self) -> Path:
        """The way in that a scaler has in its pod: the token of its ServiceAccount."""
        found = yaml.safe_load(self.cluster.kubeconfig.read_text())
        found["users"] = [{"name": user["name"], "user": {"token": self._token("scaler")}} for user in found["users"]]
        file = self.directory / "scaler.kubeconfig"
        file.write_text(yaml.safe_dump(found))
        return file

    def _token(self, account: str) -> str:
        return self.cluster.kubectl("-n", self.home.name, "create", "token", f"torpor-{account}", "--duration=2h")

    def _command(self, *arguments: str) -> list[str]:
        return self.cluster.command(*TORPOR, *arguments)

    def _log(self, kind: str) -> Path:
        self._number += 1
        return self.directory / f"{kind}-{self._number}.log"

    def _allow(self) -> None:
        documents = self._usual_rights() if self.rights is None else self.rights
        self.cluster.kubectl("apply", "-f", "-", told=yaml.safe_dump_all(documents))

    def _usual_rights(self) -> list[Tree]:
        """The rights of examples/kubernetes, for a Torpor in its home."""
        text = RBAC.read_text().replace("namespace: torpor\n", f"namespace: {self.home.name}\n")
        documents = [one for one in yaml.safe_load_all(text) if one["kind"] != "Namespace"]
        for one in documents:
            if one["kind"].startswith("Cluster"):
                one["metadata"]["name"] = f"torpor-test-{self.space.name}"
                if "roleRef" in one:
                    one["roleRef"]["name"] = one["metadata"]["name"]
                else:
                    one["rules"] += self._two_rules_more(one["rules"])
        return documents

    def _two_rules_more(self, rules: list[Tree]) -> list[Tree]:
        """For each kind that is named as scalable, as the example says: like those for the usual workloads."""
        more = []
        for plural, _, group in (name.partition(".") for name in self.settings["kubernetes"].get("scalable", ())):
            for rule in (rule for rule in rules if rule["apiGroups"] == ["apps"]):
                part = "/scale" if rule["resources"][0].endswith("/scale") else ""
                more.append(rule | {"apiGroups": [group], "resources": [f"{plural}{part}"]})
        return more

    def _disallow(self) -> None:
        """Take away the rights that are not in the namespace, unless a test has broken the cluster."""
        if not self.cluster.answers():
            return
        for kind in ("clusterrolebinding", "clusterrole"):
            self.cluster.kubectl("delete", kind, f"torpor-test-{self.space.name}", "--wait=false")


type Start = Callable[..., "contextlib.AbstractContextManager[Running]"]
"""The fixture `torpor`: settings, and how many of each."""
