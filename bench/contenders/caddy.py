"""Caddy's reverse proxy, as Debian packages it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from bench.contenders.contender import Backends, Running, lacks, running
from bench.pinning import Cores

PROGRAM = "caddy"
_CONFIGURATION = """\
{{
    admin off
    auto_https off
}}
:{web} {{
    bind 127.0.0.1
    reverse_proxy {backends.web[0]}:{backends.web[1]}
}}
:{echo} {{
    bind 127.0.0.1
    reverse_proxy {backends.echo[0]}:{backends.echo[1]}
}}
"""


class Caddy:
    """Go's runtime takes as many threads for Go code as it is given cores."""

    name = "Caddy"

    def missing(self) -> str:
        return lacks(PROGRAM, "caddy")

    @contextlib.contextmanager
    def start(self, backends: Backends, cores: Cores) -> Iterator[Running]:
        def configuration(_: Path, web: int, echo: int) -> str:
            return _CONFIGURATION.format(web=web, echo=echo, backends=backends)

        def command(file: Path) -> tuple[str, ...]:
            return (PROGRAM, "run", "--config", str(file), "--adapter", "caddyfile")

        with running(configuration, command, backends, cores) as up:
            yield up
