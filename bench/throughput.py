"""Requests per second and latency: no proxy, a bare mitmproxy and Torpor, in turns."""

import asyncio
import contextlib
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from bench import wrk
from bench.figures import paired_ratio
from bench.outcome import Goal, Outcome, Table
from bench.pinning import choose_cores
from bench.processes import cpu_seconds, helper
from bench.progress import Progress
from bench.scale import Scale
from bench.torpor_up import APP, HOST, backend_app, torpor_up
from bench.visits import Address, visit

NAME = "throughput"
TITLE = "An awake app: requests per second"
DIRECT, BARE, TORPOR = "no proxy", "bare mitmproxy", "Torpor"
RATIO = 0.85
HEADROOM = 4.0
"""How many times faster than the proxies the backend must be, not to be what is measured."""
_WARM_UP = 1


class Kind(NamedTuple):
    """A kind of load."""

    name: str
    path: str
    headers: tuple[str, ...] = ()


KINDS = (
    Kind("keep-alive", "/"),
    Kind("a connection each", "/", ("Connection: close",)),
    Kind("50 KB answers", "/large"),
)


class Contender(NamedTuple):
    """A way to the backend."""

    name: str
    address: Address
    pids: tuple[int, ...]
    """The processes whose CPU time is the price of it."""


class Sample(NamedTuple):
    """One contender in one round."""

    load: wrk.Load
    cpu: float
    """Seconds that the contender's processes took."""


def method(scale: Scale) -> str:
    """How it is measured."""
    return f"""\
wrk, with one thread and {scale.connections} connections, for {scale.load_seconds} s at a time: straight to a backend,
through a bare mitmproxy, and through Torpor with the app awake. All three are up all the time and take turns, for
{scale.rounds} rounds, each round in another order; before that each gets a second to warm up. The figures are the
medians of the rounds; "of bare" is the median of the ratios within each round, so that whatever slows down the whole
machine for a while does not count.

The bare mitmproxy (`bench/bare_mitmproxy.py`) is embedded with mitmproxy's own listener, connections and HTTP layers,
the addons that a reverse proxy needs and no others, lazy upstream connections, and one addon that sends every request
to the backend. It keeps a body until it is whole, as it does unless told otherwise; Torpor passes it on as it comes.
Torpor's engine has mitmproxy's master, flows, hooks and layer machinery, but a listener, connections and HTTP layers
of its own: a ratio above 1 comes from there, and says nothing about what the doorman costs.

Torpor is a real `torpor up`, and the backend is an app of its torpor.yaml. The backend (`bench/backend.py`, an asyncio
protocol with answers made beforehand) is the same program in all three cases.

Each proxy, Torpor's scaler included, has one core, the same one for each; wrk and the backend have the others, also
without a proxy ({choose_cores()}). "CPU each" is the proxy's CPU time, user and system, for one request; of Torpor
that is proxy and scaler together. With {scale.connections} connections that never pause, latency is mostly queueing:
it says how evenly requests are served, not how long one takes on a quiet machine. With a connection for each request
wrk's clock starts when the connection stands."""


def steps(scale: Scale) -> int:
    """How many steps `run` takes."""
    return 1 + scale.rounds * len(KINDS)


def run(scale: Scale, progress: Progress) -> Outcome:
    """Measure."""
    samples: dict[tuple[Kind, str], list[Sample]] = {}
    progress.step("throughput: starting and warming up")
    with _contenders() as contenders:
        for kind in KINDS:
            _check(contenders, kind)
            for contender in contenders:
                _measure(contender, kind, _WARM_UP, scale.connections)
        for turn in range(scale.rounds):
            shift = turn % len(contenders)
            for kind in KINDS:
                progress.step(f"throughput: {kind.name}, round {turn + 1} of {scale.rounds}")
                for contender in contenders[shift:] + contenders[:shift]:
                    sample = _measure(contender, kind, scale.load_seconds, scale.connections)
                    samples.setdefault((kind, contender.name), []).append(sample)
    return _outcome(samples, method(scale))


@contextlib.contextmanager
def _contenders() -> Iterator[list[Contender]]:
    cores = choose_cores()
    with (
        helper("bench.backend", "0", prefix=cores.others) as (_, backend_port),
        helper("bench.bare_mitmproxy", str(backend_port), prefix=cores.proxy) as (bare, bare_port),
        torpor_up({APP: backend_app(prefix=cores.others)}, prefix=cores.proxy) as torpor,
    ):
        answer = asyncio.run(visit(torpor.listen, "/", host=HOST))  # wakes the app
        if answer.status != 200:
            raise RuntimeError(f"the app does not wake: {answer.status} {answer.body!r}")
        yield [
            Contender(DIRECT, ("127.0.0.1", backend_port), ()),
            Contender(BARE, ("127.0.0.1", bare_port), (bare,)),
            Contender(TORPOR, torpor.listen, (torpor.pids["proxy"], torpor.pids["scaler"])),
        ]


def _check(contenders: list[Contender], kind: Kind) -> None:
    """All give the same answer; wrk looks at the status only."""
    answers = [asyncio.run(visit(contender.address, kind.path, host=HOST)) for contender in contenders]
    if len({(answer.status, answer.body) for answer in answers}) != 1:
        raise RuntimeError(f"not the same answer for {kind.path}: {[answer.body[:100] for answer in answers]}")


def _measure(contender: Contender, kind: Kind, seconds: int, connections: int) -> Sample:
    host, port = contender.address
    before = sum(map(cpu_seconds, contender.pids))
    load = wrk.load(
        f"http://{host}:{port}{kind.path}",
        seconds=seconds,
        connections=connections,
        headers=(f"Host: {HOST}", *kind.headers),
        prefix=choose_cores().others,
    )
    return Sample(load, sum(map(cpu_seconds, contender.pids)) - before)


def _outcome(samples: dict[tuple[Kind, str], list[Sample]], prose: str) -> Outcome:
    columns = ("load", "through", "requests/s", "of bare", "p50 ms", "p99 ms", "CPU each µs", "failed")
    outcome = Outcome(NAME, TITLE, prose, [table := Table(columns, [])])
    for kind in KINDS:
        rates = {name: [s.load.rate for s in samples[kind, name]] for name in (DIRECT, BARE, TORPOR)}
        for name, rate in rates.items():
            of_bare = paired_ratio(rate, rates[BARE])
            row = samples[kind, name]
            cpu = [s.cpu / s.load.requests * 1e6 for s in row if s.load.requests]
            failed = sum(s.load.failed for s in row)
            table.rows.append(
                (
                    kind.name,
                    name,
                    f"{median(rate):,.0f}",
                    f"{of_bare:.2f}",
                    f"{median(s.load.p50 for s in row) * 1000:.1f}",
                    f"{median(s.load.p99 for s in row) * 1000:.1f}",
                    "" if name == DIRECT else f"{median(cpu):.0f}",
                    str(failed),
                )
            )
            outcome.data.setdefault(kind.name, {})[name] = {
                "of_bare": of_bare,
                "rounds": [{**s.load._asdict(), "cpu_seconds": s.cpu} for s in row],
            }
        ratio = paired_ratio(rates[TORPOR], rates[BARE])
        outcome.goals.append(Goal(f"Torpor against bare mitmproxy, {kind.name}", ratio, RATIO, at_most=False))
    keep_alive = KINDS[0]
    faster = max(median(s.load.rate for s in samples[keep_alive, name]) for name in (BARE, TORPOR))
    headroom = median(s.load.rate for s in samples[keep_alive, DIRECT]) / faster
    what = "the backend against the faster proxy, keep-alive, so that it limits neither"
    outcome.goals.append(Goal(what, headroom, HEADROOM, at_most=False))
    return outcome
