"""Requests and messages per second, and what each costs: Torpor with an app awake, and what else stands before apps."""

from collections.abc import Sequence
from statistics import median

from bench import rounds, websocket
from bench.contenders.bare_mitmproxy import BareMitmproxy
from bench.contenders.caddy import Caddy
from bench.contenders.contender import Contender
from bench.contenders.direct import Direct
from bench.contenders.haproxy import PlainHaproxy
from bench.contenders.nginx import PlainNginx
from bench.contenders.torpor import Torpor
from bench.figures import paired_ratio
from bench.outcome import Goal, Outcome, Table
from bench.pinning import choose_cores
from bench.progress import Progress
from bench.rounds import ECHO, KEEP_ALIVE, KINDS, Samples
from bench.scale import Scale

NAME = "throughput"
TITLE = "An awake app: requests per second"
DIRECT, HAPROXY, CADDY, BARE = Direct(), PlainHaproxy(), Caddy(), BareMitmproxy()
FAST, PYTHON = Torpor("haproxy"), Torpor("mitmproxy")
CONTENDERS: tuple[Contender, ...] = (DIRECT, HAPROXY, FAST, PlainNginx(), CADDY, BARE, PYTHON)
OF_HAPROXY, OF_CADDY, OF_BARE = 0.8, 1.0, 0.85
HEADROOM = 1.2
"""What the backend must do without a proxy, against the quickest one, not to be what is measured."""
COLUMNS = (
    *("load", "through", "req/s", "of HAProxy", "CPU µs", "by CPU", "around µs", "busy %"),
    *("p99 ms", "failed"),
)


def method(scale: Scale) -> str:
    """How it is measured."""
    return f"""\
Each load runs for {scale.load_seconds} s at a time with {scale.connections} connections: straight to a backend, and
through every contender. All are up all the time and take turns, for {scale.rounds} rounds, each round in another order;
before that each gets a second to warm up. The figures are the medians of the rounds; "of HAProxy" is the median of the
ratios within each round, so that whatever slows down the whole machine for a while does not count.

The loads: wrk with one thread, on connections that stay, with a connection for each request, and with answers of 50 KB;
and messages of {websocket.SIZE} bytes over WebSockets, each connection sending its next when its answer is there
(`bench/loads/echo.py`). The backends are nginx in one process with answers made beforehand, and a small loop on epoll
for the WebSockets. The contenders (`bench/contenders/`): plain HAProxy and nginx with the least configuration of a
reverse proxy that keeps its connections to the app and tells it the visitor's address; Caddy's reverse proxy; mitmproxy
embedded with the addons that a reverse proxy needs and no others; and Torpor, a real `torpor up` with each of its
engines, the backend an app of its torpor.yaml. Torpor also counts visits, decides who may wake, and writes and cleans
more headers.

Each contender, with all its processes, has one core and one thread, the same core for each; the loads and the backends
have the others, also without a proxy ({choose_cores()}). "CPU" is the CPU time, user and system, of all processes of
the contender for one request, the figure that a noisy machine touches least, and "by CPU" is plain HAProxy's divided by
it: what "of HAProxy" comes to where each has a core to itself. "around" is the CPU time of the load and the backend for
one request: as long as it is less than the contender's, they are not what limits it. "busy" is how much of its core the
contender took; far below 100 the load, the backend or other work on the machine held it up, and requests per second say
less than they seem to. With {scale.connections} connections that never pause, latency is mostly queueing: it says how
evenly requests are served. With a connection for each request wrk's clock starts when it stands."""


def steps(scale: Scale) -> int:
    """How many steps `run` takes."""
    return rounds.steps(scale.rounds, KINDS)


def run(scale: Scale, progress: Progress) -> Outcome:
    """Measure."""
    unwanted = {one.name for one in (FAST, PYTHON) if one.engine not in scale.engines}
    if PYTHON.name in unwanted:
        unwanted.add(BARE.name)  # nobody is compared with it
    wanted = [one for one in CONTENDERS if one.name not in unwanted]
    outcome = Outcome(NAME, TITLE, method(scale))
    outcome.skipped = {one.name: why for one in wanted if (why := one.missing())}
    there = [one for one in wanted if one.name not in outcome.skipped]
    samples = rounds.run(NAME, there, KINDS, scale.rounds, scale, progress)
    tell(outcome, samples, wanted)
    judge(outcome, samples)
    return outcome


def tell(outcome: Outcome, samples: Samples, contenders: Sequence[Contender]) -> None:
    """Make the table, and the data for programs."""
    outcome.tables.append(table := Table(COLUMNS, []))
    for kind in KINDS:
        for name in (one.name for one in contenders):
            row = samples.get((kind.name, name))
            if row is None:
                table.rows.append((kind.name, name, "SKIPPED", *[""] * (len(COLUMNS) - 3)))
                continue
            ratio = rate_ratio(samples, kind.name, name, HAPROXY.name)
            cheap = cost_ratio(samples, kind.name, HAPROXY.name, name)
            proxy = name != DIRECT.name
            table.rows.append(
                (
                    kind.name,
                    name,
                    f"{median(one.load.rate for one in row):,.0f}",
                    "" if ratio is None else f"{ratio:.2f}",
                    f"{median(one.cpu_each for one in row) * 1e6:.1f}" if proxy else "",
                    "" if cheap is None else f"{cheap:.2f}",
                    f"{median(one.around_each for one in row) * 1e6:.1f}",
                    f"{median(one.busy for one in row) * 100:.0f}" if proxy else "",
                    f"{median(one.load.p99 for one in row) * 1000:.1f}",
                    str(sum(one.load.failed for one in row)),
                )
            )
            outcome.data.setdefault(kind.name, {})[name] = {
                "of_haproxy": ratio,
                "by_cpu": cheap,
                "rounds": [{**one.load._asdict(), "cpu_seconds": one.cpu, "around": one.around} for one in row],
            }


def judge(outcome: Outcome, samples: Samples) -> None:
    """Set the goals against what was measured."""

    def goal(contender: Contender, other: Contender, kind: str, least: float) -> None:
        ratio = rate_ratio(samples, kind, contender.name, other.name)
        if ratio is not None:
            what = f"{contender.name} against {other.name}, {kind}"
            outcome.goals.append(Goal(what, ratio, least, at_most=False))
        cheap = cost_ratio(samples, kind, other.name, contender.name)
        if cheap is not None and other is HAPROXY:
            what = f"{contender.name} against {other.name} by CPU, {kind}"
            outcome.goals.append(Goal(what, cheap, least, at_most=False))

    requests = [kind.name for kind in KINDS if kind is not ECHO]
    for ours, theirs, least in ((FAST, HAPROXY, OF_HAPROXY), (FAST, CADDY, OF_CADDY), (PYTHON, BARE, OF_BARE)):
        for kind in requests:
            goal(ours, theirs, kind, least)
    proxies = {name: row for (kind, name), row in samples.items() if kind == KEEP_ALIVE.name and name != DIRECT.name}
    if proxies:
        rates = {name: median(one.load.rate for one in row) for name, row in proxies.items()}
        quickest = max(rates, key=rates.__getitem__)
        direct = median(one.load.rate for one in samples[KEEP_ALIVE.name, DIRECT.name])
        spare = median(one.cpu_each / one.around_each for one in proxies[quickest])
        outcome.goals += [
            Goal(
                f"no proxy against the quickest ({quickest}), keep-alive",
                direct / rates[quickest],
                HEADROOM,
                at_most=False,
            ),
            Goal(f"CPU of the quickest ({quickest}) against that around it, keep-alive", spare, 1.0, at_most=False),
        ]


def rate_ratio(samples: Samples, kind: str, name: str, other: str) -> float | None:
    """The median ratio of two contenders' rates; None where either was not measured."""
    rows = samples.get((kind, name)), samples.get((kind, other))
    if rows[0] is None or rows[1] is None:
        return None
    return paired_ratio([one.load.rate for one in rows[0]], [one.load.rate for one in rows[1]])


def cost_ratio(samples: Samples, kind: str, name: str, other: str) -> float | None:
    """The median ratio of what a request costs two contenders; None where either was not measured or has no costs."""
    rows = samples.get((kind, name)), samples.get((kind, other))
    if rows[0] is None or rows[1] is None or not all(one.cpu for one in rows[1]):
        return None
    return paired_ratio([one.cpu_each for one in rows[0]], [one.cpu_each for one in rows[1]])
