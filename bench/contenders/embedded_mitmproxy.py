"""mitmproxy embedded as its own parts suggest, with none of Torpor's code.

`python -m bench.contenders.embedded_mitmproxy WEB_PORT ECHO_PORT` listens on a free port and prints it. Only the
addons that a reverse proxy needs are loaded, and its log says warnings only; mitmdump, with all addons, takes about
half as many requests.
"""

import asyncio
import logging
import signal
import sys

from mitmproxy import http
from mitmproxy.addons.core import Core
from mitmproxy.addons.next_layer import NextLayer
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.master import Master
from mitmproxy.options import Options

from bench.loads.echo import PATH as ECHO_PATH


class ToBackend:
    """The least that an addon can do which decides where a request goes."""

    def __init__(self, web: int, echo: int, server: Proxyserver) -> None:
        self._web = web
        self._echo = echo
        self._server = server

    def running(self) -> None:
        """Say where it listens."""
        [instance] = self._server.servers
        print(instance.listen_addrs[0][1], flush=True)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Send it there; the Host header stays (`request.host` would rewrite it)."""
        port = self._echo if flow.request.path == ECHO_PATH else self._web
        flow.request.data.host, flow.request.data.port = "127.0.0.1", port


async def _serve(web: int, echo: int) -> None:
    logging.getLogger("mitmproxy").setLevel(logging.WARNING)
    master, server = Master(Options()), Proxyserver()
    master.addons.add(Core(), server, NextLayer(), ToBackend(web, echo, server))
    master.options.update(
        mode=[f"reverse:http://127.0.0.1:{web}"],
        listen_host="127.0.0.1",
        listen_port=0,
        connection_strategy="lazy",
        keep_host_header=True,
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, master.shutdown)
    await master.run()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
