"""Scaler processes of a cluster, composed, over a small API server: one leads, another stands by."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from scaler.cluster import LEASE, ClusterReady, serve_cluster
from scaler.runtimes.kubernetes.api import kinds
from scaler.welcome import shared
from tests.scaler.runtimes.kubernetes.pods.servers import Web
from tests.scaler.runtimes.kubernetes.realm import APP, SCALE, pod_of, town
from tests.scaler.runtimes.kubernetes.small_server import SmallServer
from torpor.config import parse_settings

SETTINGS = parse_settings("{api: 127.0.0.1:0, kubernetes: {namespace: torpor}}")
PATIENCE = 60.0


class Process:
    """One scaler."""

    def __init__(self, ready: ClusterReady, stop: asyncio.Event, task: asyncio.Task[None]) -> None:
        self.ready = ready
        self._stop = stop
        self._task = task

    async def ask(self, method: str, path: str) -> tuple[int, dict[str, object]]:
        url = f"http://{self.ready.api}{path}"
        async with aiohttp.ClientSession() as session, session.request(method, url) as answer:
            return answer.status, await answer.json()

    async def until_it_leads(self) -> None:
        while self.ready.control.scaler is None:
            await asyncio.sleep(0.005)

    async def until_it_stands_by(self) -> None:
        while self.ready.control.ready() is not None:
            await asyncio.sleep(0.005)

    async def end(self) -> None:
        self._stop.set()
        await self._task


@contextlib.asynccontextmanager
async def started(server: SmallServer, me: str) -> AsyncIterator[Process]:
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        serving = serve_cluster(
            SETTINGS,
            access=server.access,
            me=me,
            advertise=None,
            welcome=lambda _: shared("a token"),
            on_ready=ready.set_result,
            stop=stop,
        )
        task = group.create_task(serving)
        yield Process(await ready, stop, task)
        stop.set()


async def test_one_that_leads_knows_the_apps_and_wakes_them(tmp_path: Path) -> None:
    web = Web()
    async with web.running() as address:
        server = town(address.port, replicas=0)
        server.install(kinds.LEASES)
        server.put(kinds.PODS, pod_of(address.port))
        async with server.running(tmp_path), started(server, "one") as scaler:
            await scaler.until_it_leads()
            status, found = await scaler.ask("GET", f"/v1/apps/{APP}")
            assert (status, found["phase"], found["hosts"]) == (200, "asleep", ["web.example"])
            status, found = await scaler.ask("POST", f"/v1/apps/{APP}/wake")
            assert (status, found["phase"]) == (200, "awake")
            assert [path for path, _ in server.written if path == SCALE] == [SCALE]


async def test_another_stands_by_with_all_of_it_read_and_follows_when_the_first_ends(tmp_path: Path) -> None:
    server = town(replicas=0)
    server.install(kinds.LEASES)
    async with server.running(tmp_path), started(server, "one") as first:
        await first.until_it_leads()
        async with started(server, "two") as second:
            await second.until_it_stands_by()
            assert second.ready.control.scaler is None
            while (await second.ask("GET", f"/v1/apps/{APP}"))[0] != 200:  # which the first answers
                await asyncio.sleep(0.01)
            await first.end()
            await second.until_it_leads()
            assert holder(server).startswith("two@")
            assert (await second.ask("GET", f"/v1/apps/{APP}"))[1]["phase"] == "asleep"
        assert holder(server) == ""


async def test_nobody_leads_before_the_cluster_has_been_read(tmp_path: Path) -> None:
    server = town(replicas=0)
    server.install(kinds.LEASES)
    services = ("GET", kinds.SERVICES.path())
    server.refusals[services] = 403, "not for you"
    async with server.running(tmp_path), started(server, "one") as scaler:
        while "services cannot be read: not for you" not in (scaler.ready.control.ready() or ""):
            await asyncio.sleep(0.005)
        status, _ = await scaler.ask("GET", "/readyz")
        assert status == 503
        assert scaler.ready.control.scaler is None
        del server.refusals[services]
        await scaler.until_it_leads()


def holder(server: SmallServer) -> str:
    spec = server.get(kinds.LEASES, "torpor", LEASE)["spec"]
    return str(spec.get("holderIdentity") or "")
