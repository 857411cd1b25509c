"""Several proxies of one scaler: their open work adds up, the newest visit counts, one that is lost is waited for."""

import contextlib
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.blackbox.apart import Proxy, Scaler, Start
from tests.blackbox.asking import DEADLINE, Reply, request, wait
from tests.blackbox.machines import machine
from tests.blackbox.torpor_up import answering

ENGINES = ("haproxy", "mitmproxy", "haproxy")


@pytest.fixture
def three(scaler: Start) -> tuple[Scaler, list[Proxy]]:
    """Three proxies on this machine, of both engines, in front of one app."""
    torpor = scaler({"apps": {"app": answering("app"), "short": answering("short", idle_timeout="5s")}})
    with ThreadPoolExecutor(len(ENGINES)) as pool:
        starting = [pool.submit(torpor.proxy, f"proxy{at}", engine) for at, engine in enumerate(ENGINES)]
        return torpor, [future.result() for future in starting]


def visit(proxy: Proxy, app: str, path: str = "/") -> Reply:
    return request(proxy.listen, "GET", path, {"Host": f"{app}.localhost"}, None, DEADLINE)


@contextlib.contextmanager
def talking(proxy: Proxy, app: str) -> Iterator[ClientConnection]:
    """A WebSocket through this proxy that is open and quiet."""
    host, port = proxy.listen
    where, sock = f"ws://{app}.localhost/echo", socket.create_connection((host, port))
    with connect(where, sock=sock, ping_interval=None, open_timeout=DEADLINE) as open_one:
        open_one.send("hello")
        assert open_one.recv() == "hello"
        yield open_one


def must_stay_awake(torpor: Scaler, app: str, pid: int) -> None:
    """An operator is told that it is in use, and nobody has restarted it."""
    reply = torpor.rest("POST", f"/v1/apps/{app}/sleep")
    assert (reply.status, torpor.phase(app)) == (409, "awake"), reply
    assert visit(torpor.proxies[0], app).json()["pid"] == pid


def test_open_work_on_any_proxy_keeps_the_app_awake_and_adds_up(three: tuple[Scaler, list[Proxy]]) -> None:
    torpor, proxies = three
    pid = visit(proxies[0], "short").json()["pid"]
    with contextlib.ExitStack() as stack:
        for number, proxy in enumerate(proxies, 1):
            stack.enter_context(talking(proxy, "short"))
            stack.enter_context(talking(proxy, "short"))
            wait(lambda number=number: torpor.app("short")["in_flight"] == 2 * number)
    for proxy in proxies:
        with talking(proxy, "short"):
            wait(lambda: torpor.app("short")["in_flight"] == 1)
            must_stay_awake(torpor, "short", pid)
    torpor.wait_phase("short", "asleep")


def test_the_newest_visit_counts_whichever_proxy_it_came_by(three: tuple[Scaler, list[Proxy]]) -> None:
    torpor, proxies = three
    pid = visit(proxies[0], "app").json()["pid"]
    before = torpor.app("app")["last_access"]
    for proxy in [*proxies, *reversed(proxies)]:
        assert visit(proxy, "app").json()["pid"] == pid
        wait(lambda before=before: torpor.app("app")["last_access"] > before)
        app = torpor.app("app")
        before = app["last_access"]
        wait(lambda: torpor.app("app")["in_flight"] == 0)
        app = torpor.app("app")
        sleeps_at, last_access = (datetime.fromisoformat(app[name]) for name in ("sleeps_at", "last_access"))
        assert abs((sleeps_at - last_access).total_seconds() - app["idle_timeout"]) < 0.01


def test_a_visit_by_any_proxy_wakes_and_by_all_others_finds_it_awake(three: tuple[Scaler, list[Proxy]]) -> None:
    torpor, proxies = three
    pids = []
    for proxy in proxies:
        with ThreadPoolExecutor(len(proxies)) as pool:
            found = {reply.json()["pid"] for reply in pool.map(lambda one: visit(one, "app"), [proxy, *proxies])}
        assert len(found) == 1
        pids += found
        torpor.sleep("app")
    assert len(set(pids)) == len(proxies)


def test_a_proxy_that_is_killed_keeps_everybody_awake_for_its_lease_and_no_longer(
    three: tuple[Scaler, list[Proxy]],
) -> None:
    torpor, proxies = three
    pid = visit(proxies[0], "short").json()["pid"]
    proxies[1].kill()
    reply = torpor.rest("POST", "/v1/apps/short/sleep")
    assert reply.status == 409, reply
    assert "is out of reach" in reply.json()["detail"]
    assert visit(proxies[2], "short").json()["pid"] == pid
    wait(lambda: "is forgotten: nothing heard for" in torpor.said())
    torpor.wait_phase("short", "asleep")
    assert visit(proxies[2], "short").json()["pid"] != pid


def test_a_proxy_of_another_machine_that_is_cut_off_puts_nobody_to_sleep_and_takes_nobodys_word(
    scaler: Start, engine: str
) -> None:
    """Its fast lane is closed while it does not hear the scaler; what is open goes on, and counts."""
    with machine() as other:
        torpor = scaler({"apps": {"app": answering("app", idle_timeout="1s")}}, f"{other.here}:0")
        here = torpor.proxy("here", "mitmproxy")
        there = torpor.proxy("there", engine, host=other.host, prefix=other.prefix)
        with talking(there, "app") as open_one:
            pid = visit(there, "app").json()["pid"]
            wait(lambda: torpor.app("app")["in_flight"] == 1)
            other.cut()
            wait(lambda: "the scaler has said nothing for" in there.said())
            if engine == "haproxy":
                wait(lambda: lane(there) == "")
            assert visit(there, "app").json()["pid"] == pid  # by the last word that its doorman has heard
            other.mend()
            wait(lambda: there.said().count("linked to the scaler") == 2)
            open_one.send("still there")
            assert open_one.recv() == "still there"
            assert visit(here, "app").json()["pid"] == pid
            must_stay_awake(torpor, "app", pid)
        torpor.wait_phase("app", "asleep")
        assert visit(there, "app").json()["pid"] != pid
        here.stop()
        there.stop()


def test_a_proxy_that_is_cut_off_for_good_says_503_and_wakes_the_app_when_it_is_back(scaler: Start) -> None:
    with machine() as other:
        torpor = scaler({"apps": {"app": answering("app", idle_timeout="1s", wake_timeout="5s")}}, f"{other.here}:0")
        here = torpor.proxy("here", "mitmproxy")
        there = torpor.proxy("there", "haproxy", host=other.host, prefix=other.prefix)
        pid = visit(there, "app").json()["pid"]
        other.cut()
        wait(lambda: "is forgotten: nothing heard for" in torpor.said())
        torpor.wait_phase("app", "asleep")
        torpor.sleep("app")  # returns when its process has ended
        told = visit(there, "app")
        assert told.status == 503, told
        assert int(told.headers["Retry-After"]) >= 1
        assert json.loads(told.body)["status"] == 503
        other.mend()
        wait(lambda: visit(there, "app").status == 200)
        assert visit(here, "app").json()["pid"] != pid
        here.stop()
        there.stop()


def lane(proxy: Proxy) -> str:
    """The addresses that HAProxy sends visits to without a question."""
    with socket.socket(socket.AF_UNIX) as commands:
        commands.connect(str(proxy.newest / "run.sock"))
        commands.sendall(b"show map addresses.map\n")
        return commands.makefile().read().strip()
