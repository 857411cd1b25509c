"""What wrk prints, and what is read in it."""

import pytest

from bench.loads.load import Load
from bench.loads.wrk import read

QUIET = """\
Running 5s test @ http://127.0.0.1:40000/
  1 threads and 50 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     6.03ms    4.03ms  36.92ms   70.67%
    Req/Sec     8.44k     2.21k   14.14k    76.67%
  Latency Distribution
     50%  565.00us
     75%    8.14ms
     90%   11.10ms
     99%    1.25s
  25442 requests in 5.03s, 1.70MB read
Requests/sec:   8385.74
Transfer/sec:    573.24KB
"""
TROUBLED = QUIET.replace(
    "Requests/sec",
    "  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 100\nRequests/sec",
)


def test_the_figures_are_in_seconds() -> None:
    assert read(QUIET) == Load(rate=8385.74, p50=565e-6, p99=1.25, requests=25442, failed=0)


def test_a_figure_with_a_blank_behind_it_is_read_too() -> None:
    assert read(QUIET.replace("1.25s", "1.25s ")) == read(QUIET)


def test_errors_and_refusals_are_failures() -> None:
    assert read(TROUBLED).failed == 110


@pytest.mark.parametrize("lost", ["Requests/sec", "requests in", "99%"])
def test_output_without_the_figures_is_a_mistake(lost: str) -> None:
    with pytest.raises(ValueError, match="wrk printed no"):
        read(QUIET.replace(lost, "something else"))
