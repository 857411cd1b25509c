"""Several contenders under several loads: all are up all the time, and take turns."""

import asyncio
import contextlib
import resource
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.apps.quick import LARGE
from bench.contenders.contender import Backends, Contender, Running, wait_listening
from bench.loads import echo, wrk
from bench.loads.load import Load
from bench.pinning import Cores, choose_cores
from bench.ports import own_port
from bench.processes import cpu_seconds, helper, module
from bench.progress import Progress
from bench.scale import Scale
from bench.torpor_up import ECHO_HOST, HOST
from bench.visits import visit

_WARM_UP = 1


class Kind(NamedTuple):
    """A kind of load."""

    name: str
    path: str = "/"
    headers: tuple[str, ...] = ()


KEEP_ALIVE = Kind("keep-alive")
ECHO = Kind("WebSocket echo")
KINDS = (
    KEEP_ALIVE,
    Kind("a connection each", headers=("Connection: close",)),
    Kind("50 KB answers", "/large"),
    ECHO,
)


class Sample(NamedTuple):
    """One contender in one round."""

    load: Load
    cpu: float
    """Seconds that the contender's processes took."""
    around: float
    """Seconds that the load and the backend took."""

    @property
    def cpu_each(self) -> float:
        """Seconds for each request."""
        return self.cpu / max(1, self.load.requests)

    @property
    def around_each(self) -> float:
        """Seconds of the load and the backend for each request."""
        return self.around / max(1, self.load.requests)

    @property
    def busy(self) -> float:
        """Cores that the contender took."""
        return self.cpu * self.load.rate / max(1, self.load.requests)


type Samples = dict[tuple[str, str], list[Sample]]
"""By the names of load and contender, in the order of the rounds."""


def steps(rounds: int, kinds: Sequence[Kind]) -> int:
    """How many steps `run` takes."""
    return 1 + rounds * len(kinds)


def run(
    what: str,
    contenders: Sequence[Contender],
    kinds: Sequence[Kind],
    rounds: int,
    scale: Scale,
    progress: Progress,
) -> Samples:
    """Measure."""
    cores = choose_cores()
    samples: Samples = {}
    progress.step(f"{what}: starting and warming up")
    with _up(contenders, cores) as running:
        for kind in kinds:
            _check(running, kind)
            for up in running.values():
                _measure(up, kind, _WARM_UP, scale.connections, cores)
        order = [*running.items()]
        for turn in range(rounds):
            shift = turn % len(order)
            for kind in kinds:
                progress.step(f"{what}: {kind.name}, round {turn + 1} of {rounds}")
                for name, up in order[shift:] + order[:shift]:
                    sample = _measure(up, kind, scale.load_seconds, scale.connections, cores)
                    samples.setdefault((kind.name, name), []).append(sample)
    return samples


@contextlib.contextmanager
def _up(contenders: Sequence[Contender], cores: Cores) -> Iterator[dict[str, Running]]:
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="torpor-bench-")))
        web = ("127.0.0.1", stack.enter_context(own_port()))
        process = stack.enter_context(module("bench.apps.quick", str(directory), str(web[1]), prefix=cores.others))
        wait_listening(web, lambda: process.poll() is None, lambda: "")
        pid, port = stack.enter_context(helper("bench.apps.echo", "0", prefix=cores.others))
        backends = Backends(web, ("127.0.0.1", port), (process.pid, pid))
        yield {one.name: stack.enter_context(one.start(backends, cores)) for one in contenders}


def _check(running: dict[str, Running], kind: Kind) -> None:
    """All give the same answer; the loads look at little of it."""
    for name, up in running.items():
        if kind is ECHO:
            echo.upgraded(up.echo, ECHO_HOST).close()
            continue
        answer = asyncio.run(visit(up.web, kind.path, host=HOST))
        if answer.status != 200 or (kind.path == "/large") != (len(answer.body) == LARGE):
            raise RuntimeError(f"{name} answers {kind.path} with {answer.status}: {answer.body[:100]!r}")


def _measure(up: Running, kind: Kind, seconds: int, connections: int, cores: Cores) -> Sample:
    before, before_around = sum(map(cpu_seconds, up.pids)), _around(up)
    if kind is ECHO:
        load = echo.load(up.echo, ECHO_HOST, connections=connections, seconds=seconds, prefix=cores.others)
    else:
        load = wrk.load(
            f"http://{up.web[0]}:{up.web[1]}{kind.path}",
            seconds=seconds,
            connections=connections,
            headers=(f"Host: {HOST}", *kind.headers),
            prefix=cores.others,
        )
    return Sample(load, sum(map(cpu_seconds, up.pids)) - before, _around(up) - before_around)


def _around(up: Running) -> float:
    """CPU seconds of the backends, and of the loads that have ended."""
    loads = resource.getrusage(resource.RUSAGE_CHILDREN)
    return loads.ru_utime + loads.ru_stime + sum(map(cpu_seconds, up.backends))
