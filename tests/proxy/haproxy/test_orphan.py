"""HAProxy without its proxy process: without one that answers it lets nobody pass, without any it ends."""

import asyncio
import socket
import threading
import time
from pathlib import Path

from proxy.haproxy.process import HaproxyProcess
from proxy.haproxy.state import StateDirectory
from tests.engines.street import street
from tests.wire import PATIENCE, App


async def test_a_haproxy_whose_proxy_process_is_gone_ends_by_itself(state: Path) -> None:
    async with street("haproxy", state, orphan=3.0) as here:
        haproxy = await HaproxyProcess.find(StateDirectory(state).generations()[-1])
        assert haproxy is not None
        here.engine._door._server.close()  # type: ignore[attr-defined] # as when the process is gone
        await here.engine._watch_no_more()  # type: ignore[attr-defined]
        async with asyncio.timeout(PATIENCE):
            await haproxy.ended()


async def test_while_the_proxy_process_does_not_answer_nobody_passes_without_a_question_and_then_as_before(
    state: Path,
) -> None:
    async with App() as app, App() as other, street("haproxy", state) as here:
        await here.awake(app)
        await here.awake(other, other, name="several")  # these have entries in another map
        full = lane(state)
        assert len(full) == 3
        stuck = threading.Thread(target=until_empty, args=(state,))
        stuck.start()
        stuck.join()  # the event loop waits here
        assert lane(state) == []
        async with asyncio.timeout(PATIENCE):
            while lane(state) != full:
                await asyncio.sleep(0.01)
        assert (await here.get()).body == b"hello"


def lane(state: Path) -> list[str]:
    """The addresses to which HAProxy sends visits without a question."""
    with socket.socket(socket.AF_UNIX) as commands:
        commands.connect(str(StateDirectory(state).generations()[-1].runtime_socket))
        commands.sendall(b"show map addresses.map\n")
        lines = commands.makefile().read().split("\n")
    return sorted(line.partition(" ")[2] for line in lines if line)  # without where it is in memory


def until_empty(state: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while lane(state) and time.monotonic() < deadline:
        time.sleep(0.05)
