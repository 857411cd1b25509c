"""Waiting until an app answers, and what it says meanwhile."""

import asyncio
import socket
import sys
from collections.abc import Callable

import pytest

from scaler.probing.rhythm import Rhythm
from scaler.runtime import StartFailed
from scaler.runtimes.process.listeners import Census
from scaler.runtimes.process.readiness import Readiness
from tests.scaler.runtimes.process.apps import DEAF, SERVER, Apps, until

HEALTH = """
import http.server, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        well = self.path == "/healthz" and os.path.exists("well")
        self.send_response(STATUS if well else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""

SILENT_AT_FIRST = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
first, _ = server.accept()
while True:
    connection, _ = server.accept()
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")
    connection.close()
"""


async def start_once_it_says(apps: Apps, app: str, words: str, then: Callable[[], object]) -> tuple[str, int]:
    """Start an app; when it says that, do something so that it becomes ready."""
    async with asyncio.TaskGroup() as group:
        starting = group.create_task(apps.start(app))
        await until(lambda: starting.done() or any(words in said for said in apps.said))
        assert not starting.done()
        then()
    return starting.result()


@pytest.mark.parametrize("status", [200, 204, 302])
async def test_a_ready_path_has_to_answer_well(apps: Apps, status: int) -> None:
    apps.put(
        "web", command=(sys.executable, "-c", HEALTH.replace("STATUS", str(status)), "{port}"), ready_path="/healthz"
    )
    well = apps.directory / "well"
    _, port = await start_once_it_says(apps, "web", "last answer 503", well.touch)
    assert [said for said in apps.said[1:] if "nothing within" not in said] == [
        f"waiting for GET /healthz on port {port}",
        f"waiting for GET /healthz on port {port} (last answer 503)",
    ]


async def test_an_error_on_the_ready_path_is_not_ready(apps: Apps) -> None:
    apps.put("web", command=(sys.executable, "-c", HEALTH.replace("STATUS", "404"), "{port}"), ready_path="/healthz")
    (apps.directory / "well").touch()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await apps.start("web")


async def test_an_answer_that_never_comes_is_asked_for_again(apps: Apps) -> None:
    apps.put("web", SILENT_AT_FIRST, ready_path="/")
    await apps.start("web")
    assert any(said.endswith("(last answer nothing within 1s)") for said in apps.said)


async def test_an_app_that_does_not_speak_http_on_its_ready_path_is_told(apps: Apps) -> None:
    apps.put("web", SERVER, ready_path="/")
    async with asyncio.TaskGroup() as group:
        starting = group.create_task(apps.start("web"))
        await until(lambda: any(said.endswith("(last answer closed without a word)") for said in apps.said))
        starting.cancel()


async def test_an_app_that_listens_elsewhere_is_told_where(apps: Apps, port: int) -> None:
    apps.put("web", SERVER.replace("int(sys.argv[1])", str(port)))
    async with asyncio.TaskGroup() as group:
        starting = group.create_task(apps.start("web"))
        await until(lambda: any("but" in said for said in apps.said))
        starting.cancel()
    assert apps.said[-1] == f"{apps.said[1]}, but it listens on {port}: does it use {{port}} or PORT?"


async def test_an_app_with_a_fixed_port_that_listens_elsewhere_is_asked_for_its_setting(apps: Apps, port: int) -> None:
    apps.put("web", SERVER.replace("int(sys.argv[1])", "0"), port=port)
    async with asyncio.TaskGroup() as group:
        starting = group.create_task(apps.start("web"))
        await until(lambda: any("but" in said for said in apps.said))
        starting.cancel()
    assert apps.said[-1].startswith(f"waiting for port {port}, but it listens on ")
    assert apps.said[-1].endswith(": is `port` right?")


async def test_an_app_on_another_address_is_told_which_to_use(apps: Apps) -> None:
    apps.put("web", SERVER.replace("127.0.0.1", "127.0.0.9"))
    async with asyncio.TaskGroup() as group:
        starting = group.create_task(apps.start("web"))
        await until(lambda: any("but" in said for said in apps.said))
        starting.cancel()
    assert "but it listens on 127.0.0.9:" in apps.said[-1]
    assert apps.said[-1].endswith(": it must listen on 127.0.0.1")


async def test_a_late_listener_is_found_after_all(apps: Apps) -> None:
    code = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.01)" + SERVER
    apps.put("web", code)
    go = apps.directory / "go"
    assert await start_once_it_says(apps, "web", "waiting for port", go.touch)


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
async def test_an_app_on_ipv6_only_is_reached_there(apps: Apps) -> None:
    apps.put(
        "web", SERVER.replace('("127.0.0.1", int(sys.argv[1]))', '("::1", int(sys.argv[1])), family=socket.AF_INET6')
    )
    host, port = await apps.start("web")
    assert host == "::1"
    with socket.create_connection((host, port)):
        pass


async def test_an_app_on_every_address_is_reached_at_home(apps: Apps) -> None:
    apps.put("web", SERVER.replace("127.0.0.1", "0.0.0.0"))
    host, _ = await apps.start("web")
    assert host == "127.0.0.1"


async def test_a_childs_listener_is_the_apps_own(apps: Apps) -> None:
    apps.put("web", "import os, time\nif os.fork(): time.sleep(600)\nos.setsid()" + SERVER)
    assert await apps.start("web")


async def test_a_stranger_on_the_port_does_not_pass_for_the_app(apps: Apps, port: int) -> None:
    apps.put("web", DEAF, port=port)
    strangers: list[socket.socket] = []

    def say(text: str) -> None:
        if text.startswith("waiting") and not strangers:
            strangers.append(socket.create_server(("127.0.0.1", port)))

    with pytest.raises(StartFailed, match=rf"^port {port} is taken by .* \(pid \d+\)$"):
        await apps.runtime.start("web", say)
    strangers[0].close()
    await apps.runtime.stop("web")


async def test_a_neighbour_on_the_port_does_not_pass_for_the_app(apps: Apps, port: int) -> None:
    go = apps.directory / "go"
    apps.put("web", DEAF, port=port)
    apps.put("late", f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)" + SERVER, port=port)
    async with asyncio.TaskGroup() as group:
        web = group.create_task(apps.failure("web"))
        late = group.create_task(apps.start("late"))
        await until(lambda: apps.said.count(f"waiting for port {port}") == 2)
        go.touch()
    assert web.result().startswith(f"port {port} is taken by the app late: ")
    assert late.result().port == port


async def test_a_helper_that_comes_after_the_app_may_listen_for_it(apps: Apps, port: int) -> None:
    """As Docker's daemon does for `docker run`."""
    apps.put("web", DEAF, port=port)
    async with asyncio.TaskGroup() as group:
        starting = group.create_task(apps.start("web"))
        await until(lambda: f"waiting for port {port}" in apps.said)
        helper = await asyncio.create_subprocess_exec(sys.executable, "-I", "-S", "-c", SERVER, str(port))
    assert starting.result().port == port
    helper.kill()
    await helper.wait()


async def test_what_an_ended_app_left_does_not_pass_for_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        over.set_result("exited")
        port = server.getsockname()[1]
        readiness = Readiness(
            port, fixed=False, path=None, main=0, census=lambda: Census(None, [], {}), over=over, rhythm=Rhythm()
        )
        with pytest.raises(StartFailed, match="exited"):
            await readiness.wait(lambda text: None)
