"""curl, which nobody here wrote."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.addons.doubles import App, House, house, until


async def curl(here: House, *arguments: str) -> str:
    """What it prints."""
    host, port = here.engine.addresses[0]
    process = await asyncio.create_subprocess_exec(
        "curl", "-sS", "--noproxy", "*", "-m", "30", *arguments, f"http://{host}:{port}/x",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


@pytest.mark.parametrize("asleep", [False, True])
async def test_gets_and_heads(asleep: bool) -> None:
    async with App() as app, house(app) as here:
        here.doorman.asleep = asleep
        async with asyncio.TaskGroup() as group:
            asking = [group.create_task(curl(here, *how)) for how in ([], ["--http1.0"], ["-0", "-H", "Connection: x"])]
            await until(lambda: len(here.doorman.visits) == 3)
            here.doorman.wake()
        assert {task.result() for task in asking} == {"hello"}
        assert (await curl(here, "-I")).startswith("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n")


@pytest.mark.parametrize("asleep", [False, True])
@pytest.mark.parametrize("how", [["-H", "Expect: 100-continue"], ["-H", "Transfer-Encoding: chunked"]])
async def test_puts_a_big_file(asleep: bool, how: list[str], tmp_path: Path) -> None:
    big = os.urandom(5_000_000)
    (tmp_path / "big").write_bytes(big)
    async with App() as app, house(app) as here:
        here.doorman.asleep = asleep
        async with asyncio.TaskGroup() as group:
            putting = group.create_task(curl(here, "-T", str(tmp_path / "big"), *how))
            await until(lambda: here.doorman.visits)
            here.doorman.wake()
        assert putting.result() == "hello"
        assert app.asked[0].body == big
