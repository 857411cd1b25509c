"""Plain HAProxy: the least configuration that an operator would take for a reverse proxy."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from bench.contenders.contender import Backends, Running, lacks, running
from bench.pinning import Cores

PROGRAM = "haproxy"
_CONFIGURATION = """\
global
    nbthread {threads}
    maxconn 4000

defaults
    mode http
    option forwardfor
    timeout connect 5s
    timeout client 300s
    timeout server 300s
    timeout tunnel 1h

frontend web
    bind 127.0.0.1:{web}
    default_backend web

backend web
    server app {backends.web[0]}:{backends.web[1]}

frontend echo
    bind 127.0.0.1:{echo}
    default_backend echo

backend echo
    server app {backends.echo[0]}:{backends.echo[1]}
"""


class PlainHaproxy:
    """Keeps connections to the app, and shares them as it does by default (http-reuse safe)."""

    name = "plain HAProxy"

    def missing(self) -> str:
        return lacks(PROGRAM, "haproxy")

    @contextlib.contextmanager
    def start(self, backends: Backends, cores: Cores) -> Iterator[Running]:
        def configuration(_: Path, web: int, echo: int) -> str:
            return _CONFIGURATION.format(threads=cores.threads, web=web, echo=echo, backends=backends)

        with running(configuration, lambda file: (PROGRAM, "-db", "-f", str(file)), backends, cores) as up:
            yield up
