"""mitmproxy without Torpor: embedded_mitmproxy.py as a contender."""

import contextlib
from collections.abc import Iterator

from bench.contenders.contender import Backends, Running
from bench.pinning import Cores
from bench.processes import helper


class BareMitmproxy:
    """mitmproxy embedded, with none of Torpor's code."""

    name = "bare mitmproxy"

    def missing(self) -> str:
        return ""

    @contextlib.contextmanager
    def start(self, backends: Backends, cores: Cores) -> Iterator[Running]:
        ports = (str(backends.web[1]), str(backends.echo[1]))
        with helper("bench.contenders.embedded_mitmproxy", *ports, prefix=cores.proxy) as (pid, port):
            at = ("127.0.0.1", port)
            yield Running(at, at, (pid,), backends.pids)
