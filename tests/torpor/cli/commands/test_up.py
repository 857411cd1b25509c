"""`torpor up` as its operator meets it: what it says, how it ends, what it does with mistakes."""

import asyncio
import fcntl
import os
import re
import signal
import socket
from pathlib import Path

import pytest

from tests.torpor.cli.command import DEADLINE, Torpor
from tests.torpor.cli.running import FILE, Running, post, start_up, visit

SLOW = """\
import sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
class Slow(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"begun")
        self.wfile.flush()
        time.sleep(60)
HTTPServer(("127.0.0.1", int(sys.argv[1])), Slow).serve_forever()
"""


async def test_it_says_where_everything_is_and_then_each_event_on_a_line(torpor: Torpor) -> None:
    async with asyncio.TaskGroup() as group:
        up = await start_up(torpor, group)
        ready = await up.until_ready()
        assert ready["pid"] == up.process.pid
        assert await visit(ready["listen"], "files.localhost") == 200
        awake = await up.until_said("files is awake")
        up.process.send_signal(signal.SIGTERM)
        assert await up.until_ended() == 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z files is awake after .*", awake)
    assert re.search(r"the engine HAProxy \(auto: \S+ is HAProxy [\d.]+\)", up.said)
    assert f"visitors: http://{ready['listen']}   status page: http://{ready['api']}" in up.said
    assert f"files: http://files.localhost:{ready['listen'].partition(':')[2]}" in up.said
    assert "\x1b" not in up.said
    assert "Traceback" not in up.said
    assert not (torpor.directory / "ready.json").exists()


async def test_a_second_signal_ends_it_at_once(torpor: Torpor, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    text = FILE.replace('[python3, -m, http.server, "{port}"]', '[python3, slow.py, "{port}"]')
    async with asyncio.TaskGroup() as group:
        up = await start_up(torpor, group, text=text)
        listen = (await up.until_ready())["listen"]
        reader, writer = await asyncio.open_connection(*listen.split(":"))
        writer.write(b"GET / HTTP/1.1\r\nHost: files.localhost\r\n\r\n")
        assert b" 200 " in await reader.readline()
        up.process.send_signal(signal.SIGINT)
        await up.until_said("visits in flight may take 30s to end; once more ends it at once")
        await up.until_said(r"in flight: 1 \(files 1\); at most \d+s more")
        up.process.send_signal(signal.SIGINT)
        assert await up.until_ended() == 1
        while await reader.read(1024):
            pass
        writer.close()


async def test_sighup_takes_a_changed_file_and_leaves_a_broken_one(torpor: Torpor) -> None:
    file = torpor.directory / "torpor.yaml"
    async with asyncio.TaskGroup() as group:
        up = await start_up(torpor, group)
        await up.until_ready()
        file.write_text(FILE + '  more:\n    command: [python3, -m, http.server, "{port}"]\n')
        up.process.send_signal(signal.SIGHUP)
        await up.until_said("reloaded; added: more$")
        file.write_text(FILE.replace("hosts:", "hots:"))
        up.process.send_signal(signal.SIGHUP)
        assert "ERROR: nothing has changed: " in await up.until_said(r"torpor\.yaml:5: .*unknown setting 'hots'")
        up.process.send_signal(signal.SIGTERM)
        assert await up.until_ended() == 0


@pytest.mark.parametrize("setting", ["listen", "api"])
async def test_a_port_that_is_taken_is_one_clear_message(torpor: Torpor, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        (torpor.directory / "torpor.yaml").write_text(FILE.replace(f"{setting}: 127.0.0.1:0", f"{setting}: {address}"))
        ended = await torpor("up")
    assert ended.code == 1
    [message] = [line for line in ended.err.splitlines() if line.startswith("torpor: ")]
    assert address in message
    assert "Traceback" not in ended.err


async def test_a_mistake_in_the_file_is_exit_code_2_and_nothing_more(torpor: Torpor) -> None:
    (torpor.directory / "torpor.yaml").write_text(FILE.replace("hosts:", "hots:"))
    ended = await torpor("up")
    assert ended.code == 2
    assert ended.err.startswith("torpor.yaml:5: apps.files.hots: unknown setting 'hots'")
    assert len(ended.err.splitlines()) == 1


async def test_a_token_that_is_too_short_is_exit_code_2(torpor: Torpor) -> None:
    (torpor.directory / "torpor.yaml").write_text(FILE)
    ended = await torpor("up", TORPOR_TOKEN="short")
    assert (ended.code, ended.err) == (2, "TORPOR_TOKEN: too short; allowed are 16 characters and more\n")


async def test_no_secret_reaches_an_app_or_the_log(torpor: Torpor, tmp_path: Path) -> None:
    seen = tmp_path / "environment"
    code = f"import os; open({str(seen)!r}, 'w').write(str(os.environ))"
    text = FILE.replace('[python3, -m, http.server, "{port}"]', f"[python3, -c, {code!r}]")
    token = "a-token-of-the-operator"
    async with asyncio.TaskGroup() as group:
        up = await start_up(torpor, group, "--log-level", "debug", text=text, TORPOR_TOKEN=token)
        api = (await up.until_ready())["api"]
        refused = await torpor("wake", "files", "--api", api)
        assert (refused.code, "TORPOR_TOKEN" in refused.err) == (1, True)
        assert (await torpor("wake", "files", "--api", api, TORPOR_TOKEN=token)).code == 1
        up.process.send_signal(signal.SIGHUP)
        await up.until_said("reloaded; no app has changed$")
        up.process.send_signal(signal.SIGTERM)
        assert await up.until_ended() == 0
    assert "PATH" in seen.read_text()
    assert token not in seen.read_text() + up.said
    assert "TORPOR_LINK_TOKEN" not in seen.read_text()


async def test_a_log_that_nobody_reads_stops_nothing(torpor: Torpor) -> None:
    (torpor.directory / "torpor.yaml").write_text(FILE)
    ready = torpor.directory / "ready.json"
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    up = await torpor.start("up", "--ready-file", str(ready), stderr=theirs)
    os.close(theirs)
    try:
        api = (await Running(up, ready).until_ready())["api"]
        for _ in range(12):  # more lines than the pipe takes
            assert await post(api, "/v1/apps/files/wake") == 200
            assert await post(api, "/v1/apps/files/sleep") == 200
        up.send_signal(signal.SIGTERM)
        async with asyncio.timeout(DEADLINE):
            assert await up.wait() == 0
    finally:
        os.close(ours)
