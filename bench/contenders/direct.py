"""No proxy at all: what the load and the backend can do."""

import contextlib
from collections.abc import Iterator

from bench.contenders.contender import Backends, Running
from bench.pinning import Cores


class Direct:
    """Straight to the backend."""

    name = "no proxy"

    def missing(self) -> str:
        return ""

    @contextlib.contextmanager
    def start(self, backends: Backends, cores: Cores) -> Iterator[Running]:
        yield Running(backends.web, backends.echo, (), backends.pids)
