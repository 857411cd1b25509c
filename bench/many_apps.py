"""What it costs an awake app that many others are configured."""

from statistics import median

from bench import rounds
from bench.contenders.torpor import Torpor
from bench.figures import paired_ratio
from bench.outcome import Goal, Outcome, Table
from bench.progress import Progress
from bench.rounds import KEEP_ALIVE
from bench.scale import Scale

NAME = "many-apps"
TITLE = "An awake app among many that sleep"
LEAST = 0.9


def method(scale: Scale) -> str:
    """How it is measured."""
    return f"""\
The keep-alive load of the first table on Torpor with HAProxy, one app of which is awake and loaded, with so many apps
configured in all. Each has its own `torpor up`; they take turns for {scale.many_rounds} rounds. Ratios are medians of
the rounds' ratios."""


def steps(scale: Scale) -> int:
    """How many steps `run` takes."""
    return rounds.steps(scale.many_rounds, (KEEP_ALIVE,)) if "haproxy" in scale.engines else 0


def run(scale: Scale, progress: Progress) -> Outcome:
    """Measure."""
    columns = ("apps", "requests/s", "of 1 app", "CPU µs", "of 1 app's", "p50 ms", "p99 ms", "failed")
    outcome = Outcome(NAME, TITLE, method(scale), [table := Table(columns, [])])
    contenders = [Torpor("haproxy", apps=count) for count in scale.configured] if steps(scale) else []
    if contenders and (why := contenders[0].missing()):
        outcome.skipped = {one.name: why for one in contenders}
        contenders = []
    if not contenders:
        return outcome
    samples = rounds.run(NAME, contenders, (KEEP_ALIVE,), scale.many_rounds, scale, progress)
    rows = {one.apps: samples[KEEP_ALIVE.name, one.name] for one in contenders}
    alone = rows[scale.configured[0]]
    for count, row in rows.items():
        rate = paired_ratio([one.load.rate for one in row], [one.load.rate for one in alone])
        cpu = paired_ratio([one.cpu_each for one in row], [one.cpu_each for one in alone])
        table.rows.append(
            (
                f"{count:,}",
                f"{median(one.load.rate for one in row):,.0f}",
                f"{rate:.2f}",
                f"{median(one.cpu_each for one in row) * 1e6:.1f}",
                f"{cpu:.2f}",
                f"{median(one.load.p50 for one in row) * 1000:.1f}",
                f"{median(one.load.p99 for one in row) * 1000:.1f}",
                str(sum(one.load.failed for one in row)),
            )
        )
        outcome.data[str(count)] = {
            "rate_ratio": rate,
            "cpu_ratio": cpu,
            "rounds": [{**one.load._asdict(), "cpu_seconds": one.cpu} for one in row],
        }
        if count == max(rows):
            what = f"requests per second with {count:,} apps against 1"
            outcome.goals += [
                Goal(what, rate, LEAST, at_most=False),
                Goal(f"{what}, by CPU", 1 / cpu, LEAST, at_most=False),
            ]
    return outcome
