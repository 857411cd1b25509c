"""Apps by the thousand that nobody runs, and how Torpor is asked about them."""

import concurrent.futures
import http.client
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Self

from tests.cluster.rig.access import Access
from tests.cluster.rig.api import Api, path
from tests.cluster.rig.audit import Call
from tests.cluster.rig.space import Space
from tests.cluster.torpor.manifests import app
from tests.cluster.torpor.running import Running

type Tree = dict[str, Any]
type Work = Callable[[Api, str], object]

HANDS = 6
"""Connections that change things at once."""
KINDS = {"Deployment": "deployments", "Service": "services", "Ingress": "ingresses"}
CRAWLER = "Googlebot/2.1"
"""Is told of a sleeping app, and wakes nobody."""
ASIDE = ("leases", "tokenreviews")
"""Writes that are counted by themselves, and such as are questions."""


def names(count: int) -> list[str]:
    """What they are called; each is at `NAME.test`."""
    return [f"app-{at:04d}" for at in range(count)]


def at_once(cluster: Access, what: Iterable[str], work: Work) -> None:
    """Do the work for each, several at a time, on connections that are kept."""
    left = iter(list(what))
    lock = threading.Lock()

    def hand() -> None:
        with cluster.api.kept() as api:
            while True:
                with lock:
                    name = next(left, None)
                if name is None:
                    return
                work(api, name)

    with concurrent.futures.ThreadPoolExecutor(HANDS) as pool:
        for done in [pool.submit(hand) for _ in range(HANDS)]:
            done.result()


def make(space: Space, names: Iterable[str]) -> None:
    """Managed Deployments at zero, each with a Service and an Ingress."""

    def one(api: Api, name: str) -> None:
        for manifest in app(name):
            api.create(path(KINDS[manifest["kind"]], space.name), manifest)

    at_once(space.cluster, names, one)


class Door:
    """Asks a proxy for one host after the other, over a connection that is kept."""

    def __init__(self, running: Running, by: int = 0) -> None:
        address = running.proxies[by].address
        self._connection = http.client.HTTPConnection(*address)
        self._connection.sock = running.cluster.network.connect(address, 60.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def phase(self, host: str) -> str | None:
        """Of the app that the host leads to; None where it leads nowhere."""
        answer = self._ask(host, CRAWLER)
        assert answer.status in (404, 503), (answer.status, host)
        return answer.headers.get("Torpor-Phase")

    def visit(self, host: str) -> int:
        """As a program, which wakes; the status."""
        return self._ask(host, "curl/8").status

    def _ask(self, host: str, agent: str) -> http.client.HTTPResponse:
        self._connection.request("GET", "/", headers={"Host": host, "User-Agent": agent})
        answer = self._connection.getresponse()
        answer.read()
        return answer


# What the scaler knows


def known(running: Running, names: Sequence[str]) -> bool:
    """Whether the scaler leads and has all of them."""
    if not running.info().get("leader"):
        return False
    return {one["id"] for one in apps(running)} >= {f"{running.space.name}/{name}" for name in names}


def apps(running: Running) -> list[Tree]:
    """All apps as the scaler tells of them."""
    status, found = running.api("GET", "/v1/apps")
    return found["apps"] if status == 200 else []


def phases(running: Running) -> Counter[str]:
    """How many apps are in each."""
    return Counter(one["phase"] for one in apps(running))


def led_to(running: Running, names: Sequence[str]) -> bool:
    """Whether the proxy knows where each of them is."""
    with Door(running) as door:
        return all(door.phase(f"{name}.test") == "asleep" for name in names)


# What it has asked of the cluster


def written(running: Running, since: int) -> list[Call]:
    """What it has changed, or tried to, apart from the Lease."""
    calls = running.cluster.audit.writes(since=since, user=running.user)
    return [call for call in calls if call.resource not in ASIDE]


def leases(running: Running, since: int) -> int:
    """How often it has written the Lease."""
    return sum(call.resource == "leases" for call in running.cluster.audit.writes(since=since, user=running.user))


def lists(running: Running, since: int) -> Counter[str]:
    """How many pages of each kind it was given."""
    calls = running.cluster.audit.calls(since=since, user=running.user)
    return Counter(call.resource for call in calls if call.verb == "list" and call.status == 200)
