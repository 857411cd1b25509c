"""The runtime socket, against a HAProxy and against what pretends to be one."""

import asyncio
from pathlib import Path

import pytest

from proxy.haproxy.runtime import BATCH, RuntimeSocket
from proxy.haproxy.state import StateDirectory
from proxy.lanes import LaneError
from tests.engines.street import street
from torpor.words import Address


async def test_nobody_there_is_said_in_words(state: Path) -> None:
    with pytest.raises(LaneError, match="HAProxy does not answer"):
        await RuntimeSocket(state / "run.sock").ask("show info")


async def test_one_that_closes_without_a_word_is_no_answer(state: Path) -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_unix_server(close, state / "run.sock"):
        with pytest.raises(LaneError, match="HAProxy does not answer"):
            await RuntimeSocket(state / "run.sock").ask("show info")


async def test_a_command_that_is_refused_says_why(state: Path) -> None:
    async with street("haproxy", state):
        runtime = RuntimeSocket(StateDirectory(state).generations()[-1].runtime_socket)
        with pytest.raises(LaneError, match=r"HAProxy refused 'del map addresses\.map nobody'"):
            await runtime.do(["del map addresses.map nobody"])


async def test_a_map_is_replaced_all_at_once_however_big(state: Path) -> None:
    async with street("haproxy", state) as here:
        runtime = RuntimeSocket(StateDirectory(state).generations()[-1].runtime_socket)
        entries = [(f"app{number}", f"10.0.0.1|{number}") for number in range(3_000)]
        assert sum(len(key) + len(value) for key, value in entries) > 3 * BATCH
        for lines in (entries, entries[:10], []):
            await runtime.replace("addresses.map", lines)
            said = (await runtime.ask("show map addresses.map")).split("\n")
            assert sorted(line.partition(" ")[2] for line in said if line) == sorted(f"{k} {v}" for k, v in lines)
        await here.awake(Address("127.0.0.1", 9))


async def test_many_small_commands_go_in_few_batches_and_in_order(state: Path) -> None:
    async with street("haproxy", state):
        runtime = RuntimeSocket(StateDirectory(state).generations()[-1].runtime_socket)
        await runtime.do(f"add map addresses.map key{number} {'x' * 50}" for number in range(500))
        await runtime.do(f"set map addresses.map key{number} new" for number in range(500))
        said = await runtime.ask("show map addresses.map")
        assert said.count(" new\n") == 500
        await runtime.do(f"del map addresses.map key{number}" for number in range(500))
