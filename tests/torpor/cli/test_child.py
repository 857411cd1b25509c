"""The supervised proxy: real processes, small ones."""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.blackbox import processes
from torpor.cli.child import DidNotStart, ProxyProcess, torpor_command
from torpor.words import Address

TOKEN = "a-token-for-the-link"
LISTENS = 'import json, os, sys; sys.argv = sys.argv[1:]; print(json.dumps({"listen": "127.0.0.1:4711"}), flush=True)\n'
LIVES = LISTENS + "sys.stdin.read()"


class Supervised:
    """A supervisor under test, and where its processes said they listen."""

    def __init__(self, code: str, group: asyncio.TaskGroup, tls: Address | None = None) -> None:
        self.listened: asyncio.Queue[Address] = asyncio.Queue()
        heard = self.listened.put_nowait
        self.process = ProxyProcess([sys.executable, "-c", code], Address("127.0.0.1", 0), TOKEN, heard, tls=tls)
        self.running = group.create_task(self.process.run())


async def test_it_tells_where_the_proxy_listens_and_stops_it() -> None:
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        it = Supervised(LIVES, group)
        assert await it.listened.get() == Address("127.0.0.1", 4711)
        await it.process.stop(20)
        await it.running


async def test_a_proxy_that_dies_is_started_again_on_the_same_port(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    seen = tmp_path / "arguments"
    code = LISTENS + f"open({str(seen)!r}, 'a').write(' '.join(sys.argv) + '\\n'); os._exit(3)"
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        it = Supervised(code, group)
        for _ in range(3):
            await it.listened.get()
        await it.process.stop(20)
    first, second, *_ = seen.read_text().splitlines()
    assert "--listen 127.0.0.1:0 " in first
    assert "--listen 127.0.0.1:4711 " in second
    assert "the proxy has ended (exit code 3); the next one starts in 0.2s" in caplog.text


async def test_the_port_for_tls_is_kept_as_well(tmp_path: Path) -> None:
    seen = tmp_path / "arguments"
    code = LISTENS.replace('4711"', '4711", "tls": "[::1]:4712"') + (
        f"open({str(seen)!r}, 'a').write(' '.join(sys.argv) + '\\n'); os._exit(3)"
    )
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        it = Supervised(code, group, tls=Address("::1", 0))
        for _ in range(3):
            await it.listened.get()
        assert it.process.tls == Address("::1", 4712)
        await it.process.stop(20)
    first, second, *_ = seen.read_text().splitlines()
    assert "--tls-listen [::1]:0" in first
    assert "--tls-listen [::1]:4712" in second


async def test_a_hang_up_is_passed_on_to_a_proxy_that_listens_and_to_no_other(tmp_path: Path) -> None:
    """Before it listens it may not know the signal yet, which would end it."""
    heard, go = tmp_path / "heard", tmp_path / "go"
    code = (
        f"import os, signal, sys, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
        f"signal.signal(signal.SIGHUP, lambda *_: open({str(heard)!r}, 'a').close())\n"
    ) + LIVES
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        it = Supervised(code, group)
        it.process.hang_up()
        while it.process._process is None:
            await asyncio.sleep(0.01)
        it.process.hang_up()
        go.touch()
        await it.listened.get()
        it.process.hang_up()
        while not heard.exists():
            await asyncio.sleep(0.01)
        await it.process.stop(20)
        it.process.hang_up()
        await it.running


async def test_a_first_start_that_fails_is_told_in_the_proxys_own_words() -> None:
    code = "import sys; sys.exit('torpor: 127.0.0.1:80 cannot be listened on')"
    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            Supervised(code, group)
    [error] = raised.value.exceptions
    assert isinstance(error, DidNotStart)
    assert str(error) == "127.0.0.1:80 cannot be listened on"


async def test_a_proxy_that_does_not_want_to_end_is_killed(caplog: pytest.LogCaptureFixture) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + LIVES
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        it = Supervised(deaf, group)
        await it.listened.get()
        await it.process.stop(0.1)
        await it.running
    assert "is killed" in caplog.text


async def test_a_cancelled_supervisor_leaves_no_process_behind(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"import os; open({str(pid_file)!r}, 'w').write(str(os.getpid()))\n" + LIVES
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        it = Supervised(code, group)
        await it.listened.get()
        it.running.cancel()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


async def test_the_token_is_in_the_environment_and_not_on_the_command_line(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    code = f"import os, sys; open({str(seen)!r}, 'w').write(os.environ['TORPOR_LINK_TOKEN'] + repr(sys.argv))\n" + LIVES
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        it = Supervised(code, group)
        await it.listened.get()
        await it.process.stop(20)
    token, _, arguments = seen.read_text().partition("[")
    assert token == TOKEN
    assert TOKEN not in arguments


async def test_what_the_proxy_logs_is_logged_here(caplog: pytest.LogCaptureFixture) -> None:
    said = '{"level": 20, "source": "proxy", "text": "linked"}\n'
    code = (
        LISTENS
        + f"sys.stderr.write({said!r} + 'plain words\\n' + 'x' * 200_000 + '\\nthe end\\n'); "
        + "sys.stdin.read()"
    )
    with caplog.at_level(logging.INFO):
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            it = Supervised(code, group)
            await it.listened.get()
            while "the end" not in caplog.text:
                await asyncio.sleep(0.01)
            await it.process.stop(20)
    levels = {record.getMessage(): record.levelno for record in caplog.records}
    assert levels["linked"] == logging.INFO
    assert levels["plain words"] == logging.WARNING


async def test_a_real_proxy_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    """Not even kill -9 of the parent leaves it behind."""
    code = f"""
import asyncio
from torpor.cli.child import ProxyProcess, torpor_command
from torpor.words import Address
command = torpor_command("proxy", "--link", "http://127.0.0.1:9")
asyncio.run(ProxyProcess(command, Address("127.0.0.1", 0), {TOKEN!r}, print).run())
"""
    mark = f"TEST_MARK={tmp_path}"
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3]), "TEST_MARK": str(tmp_path)}
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", code, env=env, cwd=tmp_path)
    try:
        async with asyncio.timeout(30):
            while not any(" proxy " in processes.name(pid) for pid in processes.marked(mark)):
                await asyncio.sleep(0.05)
            parent.send_signal(signal.SIGKILL)
            await parent.wait()
            while processes.marked(mark):
                await asyncio.sleep(0.05)
    finally:
        if parent.returncode is None:
            parent.kill()
            await parent.wait()


def test_modules_never_come_from_the_users_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert torpor_command("proxy") == [sys.executable, "-P", "-m", "torpor.cli", "proxy"]
