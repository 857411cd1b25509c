"""HAProxy without its proxy process ends by itself, after a while."""

import asyncio
from pathlib import Path

from proxy.haproxy.process import HaproxyProcess
from proxy.haproxy.state import StateDirectory
from tests.engines.street import street


async def test_a_haproxy_whose_proxy_process_is_gone_ends_by_itself(state: Path) -> None:
    async with street("haproxy", state, orphan=3.0) as here:
        haproxy = await HaproxyProcess.find(StateDirectory(state).generations()[-1])
        assert haproxy is not None
        here.engine._door._server.close()  # type: ignore[attr-defined] # as when the process is gone
        await here.engine._watch_no_more()  # type: ignore[attr-defined]
        async with asyncio.timeout(30):
            await haproxy.ended()
