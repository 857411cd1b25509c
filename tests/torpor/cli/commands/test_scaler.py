"""`torpor scaler` and `torpor proxy`, one process each, as on a cluster."""

import asyncio
import json
import signal
import socket
from pathlib import Path

from tests.torpor.cli.command import DEADLINE, Torpor
from tests.torpor.cli.running import FILE, Running, visit

TOKEN = "a-token-that-both-sides-know"


async def start(torpor: Torpor, group: asyncio.TaskGroup, *arguments: str, **env: str) -> Running:
    running = Running(await torpor.start(*arguments, **env), torpor.directory / "none")
    group.create_task(running.listen())
    return running


async def test_a_visit_goes_through_a_proxy_and_a_scaler_that_were_started_one_by_one(
    torpor: Torpor, tmp_path: Path
) -> None:
    (tmp_path / "torpor.yaml").write_text(FILE)
    (tmp_path / "token").write_text(TOKEN + "\n")
    async with asyncio.TaskGroup() as group:
        scaler = await start(torpor, group, "scaler", "--link-token-file", "token")
        api = (await scaler.until_said("API and status page: ")).rpartition(" ")[2]
        proxy = await start(torpor, group, "proxy", "--link", api, "--listen", "127.0.0.1:0", TORPOR_LINK_TOKEN=TOKEN)
        assert proxy.process.stdout is not None
        async with asyncio.timeout(DEADLINE):
            listen = json.loads(await proxy.process.stdout.readline())["listen"]
        assert await visit(listen, "files.localhost") == 200
        await scaler.until_said("files is awake")
        scaler.process.send_signal(signal.SIGHUP)
        await scaler.until_said("reloaded; no app has changed")
        for running in (proxy, scaler):
            running.process.send_signal(signal.SIGTERM)
            assert await running.until_ended() == 0
    assert TOKEN not in scaler.said + proxy.said


async def test_without_a_token_it_says_how_to_give_one(torpor: Torpor, tmp_path: Path) -> None:
    (tmp_path / "torpor.yaml").write_text(FILE)
    for arguments in (["scaler"], ["proxy", "--link", "http://127.0.0.1:9", "--listen", "127.0.0.1:0"]):
        ended = await torpor(*arguments)
        assert ended.code == 2
        assert "set TORPOR_LINK_TOKEN, or name a file that holds it with --link-token-file" in ended.err
    ended = await torpor("scaler", "--link-token-file", str(tmp_path / "none"))
    assert ended.code == 1
    assert "cannot be read from" in ended.err


async def test_a_token_that_differs_is_told(torpor: Torpor, tmp_path: Path) -> None:
    (tmp_path / "torpor.yaml").write_text(FILE)
    async with asyncio.TaskGroup() as group:
        scaler = await start(torpor, group, "scaler", TORPOR_LINK_TOKEN=TOKEN)
        api = (await scaler.until_said("API and status page: ")).rpartition(" ")[2]
        proxy = await start(
            torpor, group, "proxy", "--link", api, "--listen", "127.0.0.1:0", TORPOR_LINK_TOKEN=TOKEN[::-1]
        )
        await proxy.until_said("is TORPOR_LINK_TOKEN the same on both sides")
        for running in (proxy, scaler):
            running.process.send_signal(signal.SIGTERM)
            assert await running.until_ended() == 0


async def test_a_port_that_is_taken_is_one_clear_message(torpor: Torpor, tmp_path: Path) -> None:
    (tmp_path / "torpor.yaml").write_text(FILE)
    async with asyncio.TaskGroup() as group:
        scaler = await start(torpor, group, "scaler", TORPOR_LINK_TOKEN=TOKEN)
        api = (await scaler.until_said("API and status page: ")).rpartition(" ")[2]
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            ended = await torpor("proxy", "--link", api, "--listen", address, TORPOR_LINK_TOKEN=TOKEN)
        assert ended.code == 1
        assert "Traceback" not in ended.err
        assert [address in line for line in ended.err.splitlines() if line.startswith("torpor: ")] == [True]
        scaler.process.send_signal(signal.SIGTERM)
        assert await scaler.until_ended() == 0


async def test_an_address_that_is_none_is_wrong_usage(torpor: Torpor) -> None:
    ended = await torpor("proxy", "--link", "http://127.0.0.1:9", "--listen", "here")
    assert ended.code == 2
    assert "allowed is HOST:PORT such as 127.0.0.1:8080" in ended.err
