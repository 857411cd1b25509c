"""`torpor demo`, run as somebody runs it for the first time."""

import asyncio
import signal
import socket
from pathlib import Path

from tests.torpor.cli.command import Torpor
from tests.torpor.cli.running import start_up, visit
from torpor.config import read_settings


async def test_it_runs_and_says_what_to_try(torpor: Torpor, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    async with asyncio.TaskGroup() as group:
        demo = await start_up(torpor, group, command="demo", TMPDIR=str(temporary))
        listen = (await demo.until_ready())["listen"]
        await demo.until_said(f"browser: http://notes.localhost:{listen.partition(':')[2]}")
        await demo.until_said("curl http://clock.localhost:")
        assert await visit(listen, "clock.localhost") == 200
        assert await visit(listen, "notes.localhost") == 200
        demo.process.send_signal(signal.SIGINT)
        assert await demo.until_ended() == 0
    assert list(temporary.iterdir()) == []


async def test_other_ports_are_taken_where_its_own_are_in_use(torpor: Torpor, tmp_path: Path) -> None:
    directory = tmp_path / "mine"
    try:
        taken = socket.create_server(("127.0.0.1", 8080))
    except OSError:
        taken = None  # somebody else has it, which is as good
    async with asyncio.TaskGroup() as group:
        demo = await start_up(torpor, group, "--directory", str(directory), command="demo")
        ready = await demo.until_ready()
        await demo.until_said("Port 8080 is taken; the demo uses ")
        demo.process.send_signal(signal.SIGTERM)
        assert await demo.until_ended() == 0
    if taken is not None:
        taken.close()
    settings = read_settings(directory / "torpor.yaml")
    assert "{}:{}".format(*settings.listen) == ready["listen"]
    assert "{}:{}".format(*settings.api) == ready["api"]
    assert not (directory / "__init__.py").exists()


async def test_what_somebody_has_changed_is_left_as_it_is(torpor: Torpor, tmp_path: Path) -> None:
    (tmp_path / "torpor.yaml").write_text("listen: 127.0.0.1:0\napi: 127.0.0.1:0\n")
    async with asyncio.TaskGroup() as group:
        demo = await start_up(torpor, group, "--directory", str(tmp_path), command="demo")
        await demo.until_ready()
        await demo.until_said("Using what is in ")
        demo.process.send_signal(signal.SIGTERM)
        assert await demo.until_ended() == 0
    assert (tmp_path / "torpor.yaml").read_text() == "listen: 127.0.0.1:0\napi: 127.0.0.1:0\n"
