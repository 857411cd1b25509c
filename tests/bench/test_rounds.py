"""A short round with contenders that CI has: what is measured is nobody's business here, that it is measured is."""

from dataclasses import replace

import pytest

from bench import rounds
from bench.contenders.contender import Contender
from bench.contenders.direct import Direct
from bench.contenders.haproxy import PlainHaproxy
from bench.contenders.nginx import PlainNginx
from bench.loads.load import Load
from bench.progress import Progress
from bench.rounds import ECHO, KEEP_ALIVE, Sample
from bench.scale import QUICK


def test_a_sample_tells_what_a_request_costs_and_how_busy_the_contender_was() -> None:
    sample = Sample(Load(rate=1000.0, p50=0.01, p99=0.02, requests=2000, failed=0), cpu=1.0, around=0.5)
    assert sample.cpu_each == 0.0005
    assert sample.around_each == 0.00025
    assert sample.busy == 0.5


@pytest.mark.parametrize("kind", [KEEP_ALIVE, ECHO], ids=lambda kind: kind.name)
def test_all_contenders_take_every_load(kind: rounds.Kind) -> None:
    contenders: list[Contender] = [Direct(), PlainHaproxy(), PlainNginx()]
    scale = replace(QUICK, connections=4)
    samples = rounds.run("test", contenders, (kind,), 1, scale, Progress(rounds.steps(1, (kind,))))
    assert [name for _, name in samples] == ["no proxy", "plain HAProxy", "plain nginx"]
    for (_, name), [sample] in samples.items():
        assert sample.load.requests > 0
        assert sample.load.failed == 0
        assert sample.around > 0
        assert (sample.cpu > 0) == (name != "no proxy")
