"""Ends, wanted and not: of Torpor, of its proxy, of an app."""

import contextlib
import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest

from tests.blackbox import processes
from tests.blackbox.torpor_up import DEADLINE, Up, answering, wait


@pytest.mark.usefixtures("engine")
def test_after_kill_9_no_app_and_no_proxy_is_left(up: Up) -> None:
    torpor = up({"apps": {"one": answering("one"), "two": answering("two")}})
    apps = {torpor.visit(name).json()["pid"] for name in ("one", "two")}
    assert apps | {torpor.proxy()} <= set(torpor.left())
    torpor.process.kill()
    torpor.process.wait(60)
    torpor.must_leave_nobody()


def test_an_app_s_own_children_end_with_it(up: Up) -> None:
    code = (
        "import subprocess, sys, http.server; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind='127.0.0.1')"
    )
    app = {"hosts": ["app.localhost"], "command": ["python3", "-c", code, "{port}"]}
    torpor = up({"apps": {"app": app}})
    quiet = set(torpor.left())
    assert torpor.visit("app").status == 200
    assert len(set(torpor.left()) - quiet) >= 2
    torpor.sleep("app")
    wait(lambda: set(torpor.left()) <= quiet)


@pytest.mark.usefixtures("engine")
def test_a_crashed_app_is_woken_by_the_next_visit(up: Up) -> None:
    torpor = up({"apps": {"app": answering("app")}})
    pid = torpor.visit("app").json()["pid"]
    os.kill(pid, signal.SIGKILL)
    wait(lambda: not processes.lives(pid))
    reply = torpor.visit("app")
    assert reply.status == 200
    assert reply.json()["pid"] != pid


@pytest.mark.usefixtures("engine")
def test_a_visit_in_flight_when_the_app_crashes_is_told_so_in_torpor_s_own_words(up: Up) -> None:
    torpor = up({"apps": {"app": answering("app")}})
    pid = torpor.visit("app").json()["pid"]
    reply = torpor.visit("app", "/die", "POST", body=b"x")
    wait(lambda: not processes.lives(pid))
    assert reply.status == 502
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert torpor.visit("app").status == 200


@pytest.mark.usefixtures("engine")
def test_a_crashed_proxy_is_replaced_and_the_apps_live_on(up: Up) -> None:
    torpor = up({"apps": {"app": answering("app")}})
    pid = torpor.visit("app").json()["pid"]
    proxy = torpor.proxy()
    os.kill(proxy, signal.SIGKILL)

    def answers() -> bool:
        try:
            return torpor.visit("app", within=10).status == 200
        except OSError:
            return False

    wait(lambda: torpor.proxies() not in ([], [proxy]))
    wait(answers)
    assert torpor.visit("app").json()["pid"] == pid


@pytest.mark.needs("fast lane")
@pytest.mark.usefixtures("engine")
def test_while_a_crashed_proxy_is_replaced_awake_apps_are_served_on(up: Up) -> None:
    torpor = up({"apps": {"app": answering("app")}})
    pid = torpor.visit("app").json()["pid"]
    with contextlib.closing(HTTPConnection(*torpor.listen, timeout=DEADLINE)) as kept:

        def ask() -> None:
            kept.request("GET", "/", headers={"Host": "app.localhost"})
            assert json.loads(kept.getresponse().read())["pid"] == pid

        ask()
        before = kept.sock
        proxy = torpor.proxy()
        os.kill(proxy, signal.SIGKILL)
        while torpor.proxies() in ([], [proxy]):
            ask()
            assert torpor.visit("app").json()["pid"] == pid
        wait(lambda: "took over the running HAProxy" in torpor.said())
        ask()
        assert kept.sock is before


@pytest.mark.usefixtures("engine")
def test_sigterm_lets_a_visit_in_flight_end(up: Up) -> None:
    torpor = up({"apps": {"app": answering("app")}})
    torpor.visit("app")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(torpor.visit, "app", "/slow?seconds=8")
        # That is known up to two seconds later, and must not be over then.
        wait(lambda: torpor.app("app")["in_flight"] == 1)
        torpor.stop()
        assert slow.result().status == 200
