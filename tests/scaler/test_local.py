"""torpor.yaml made real, with real processes."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from scaler.local import LocalApps
from scaler.proxies import Proxy
from scaler.runtimes.process import ProcessRuntime
from scaler.scaler import Scaler
from torpor import link
from torpor.config import ConfigError, read_settings
from torpor.words import Cause, Phase

WEB = [sys.executable, "-m", "http.server", "{port}", "--bind", "127.0.0.1"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "torpor.yaml"


def write(file: Path, **apps: str) -> None:
    """Each app is the YAML of its settings beside the command."""
    lines = [f"  {name}: {{command: {WEB}, {more}}}" for name, more in apps.items()]
    file.write_text("apps:\n" + "\n".join(lines) + "\n" if lines else "apps: {}\n")


class Local:
    """A scaler over real processes, and one proxy that has nothing open."""

    def __init__(self, scaler: Scaler, apps: LocalApps) -> None:
        self.scaler = scaler
        self.apps = apps
        self.proxy: Proxy = scaler.links.connected("p", "test")
        scaler.telling.on_change.append(self._acknowledge)

    def _acknowledge(self, app_id: str) -> None:
        app = self.scaler.apps.get(app_id)
        if app and app.life.phase is Phase.DRAINING:
            work = link.Work(in_flight=0, busy=0, held=0, idle_for=None)
            message = link.Drained(app=app_id, epoch=app.epoch, work=work)
            asyncio.get_running_loop().call_soon(self.scaler.links.drained, self.proxy, message)

    async def wake(self, app: str) -> int:
        await self.scaler.wake(app, Cause("operator"))
        return self.scaler.apps[app].addresses[""][0].port

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.01)


@asynccontextmanager
async def local(file: Path) -> AsyncIterator[Local]:
    async with ProcessRuntime(lost=lambda app, reason: scaler.lost(app, reason)) as runtime:
        scaler = Scaler(runtime)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(scaler.run())
            await asyncio.sleep(0)
            yield Local(scaler, LocalApps(scaler, runtime, read_settings(file), file))
            running.cancel()


async def test_an_app_of_the_file_can_be_woken(file: Path) -> None:
    write(file, a="")
    async with local(file) as here:
        port = await here.wake("a")
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        await writer.wait_closed()


async def test_a_reload_does_not_touch_an_awake_app_that_did_not_change(file: Path) -> None:
    write(file, a="hosts: [a.localhost]", b="")
    async with local(file) as here:
        port = await here.wake("a")
        write(file, a="hosts: [a.localhost]", b="idle_timeout: 7s", c="")
        report = await here.apps.reload()
        assert (report.added, report.changed, report.removed) == (["c"], ["b"], [])
        assert here.scaler.apps["a"].addresses[""][0].port == port
        assert here.scaler.status("a").phase is Phase.AWAKE
        assert here.scaler.status("b").idle_timeout == 7
        await here.wake("c")


async def test_new_rules_of_an_awake_app_need_no_restart(file: Path) -> None:
    write(file, a="idle_timeout: 60s")
    async with local(file) as here:
        port = await here.wake("a")
        write(file, a="idle_timeout: 90s, hosts: [new.localhost]")
        assert (await here.apps.reload()).changed == ["a"]
        assert here.scaler.apps["a"].addresses[""][0].port == port
        assert here.scaler.status("a").hosts == ("new.localhost",)


async def test_an_awake_app_that_runs_differently_now_sleeps_and_starts_the_new_way(file: Path) -> None:
    write(file, a="env: {N: 1}")
    async with local(file) as here:
        await here.wake("a")
        write(file, a="env: {N: 2}")
        assert (await here.apps.reload()).changed == ["a"]
        await here.until(lambda: here.scaler.status("a").phase is Phase.ASLEEP)
        assert "new settings" in here.scaler.status("a").reason
        await here.wake("a")


async def test_an_app_that_left_the_file_is_stopped_and_unknown(file: Path) -> None:
    write(file, a="")
    async with local(file) as here:
        port = await here.wake("a")
        write(file)
        assert (await here.apps.reload()).removed == ["a"]
        assert here.scaler.telling.view("a") is None

        async def refuses() -> bool:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return True
            writer.close()
            return False

        async with asyncio.timeout(60):
            while not await refuses():
                await asyncio.sleep(0.01)


async def test_a_broken_file_changes_nothing(file: Path) -> None:
    write(file, a="")
    async with local(file) as here:
        await here.wake("a")
        file.write_text("apps: [")
        with pytest.raises(ConfigError):
            await here.apps.reload()
        assert here.scaler.status("a").phase is Phase.AWAKE


async def test_settings_that_need_a_restart_are_named(file: Path) -> None:
    write(file, a="")
    async with local(file) as here:
        file.write_text("listen: 127.0.0.1:9\n" + file.read_text())
        assert (await here.apps.reload()).restart_needed == ["listen"]
        file.write_text("tls: {certificates: certs}\n" + file.read_text())
        assert (await here.apps.reload()).restart_needed == ["tls"]
