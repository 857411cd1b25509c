"""Runs wrk and reads what it prints."""

import re
import subprocess

from bench.loads.load import Load

PROGRAM = "wrk"
_TIMEOUT = 10
"""Seconds until wrk takes a request for lost; well beyond any latency that is to be measured."""
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
_RATE = re.compile(r"^Requests/sec:\s+([\d.]+)", re.MULTILINE)
_REQUESTS = re.compile(r"^\s*(\d+) requests in ", re.MULTILINE)
_ERRORS = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")
_OTHER_STATUS = re.compile(r"Non-2xx or 3xx responses: (\d+)")


def load(url: str, *, seconds: int, connections: int, headers: tuple[str, ...], prefix: tuple[str, ...]) -> Load:
    """One thread, closed loop: each connection sends its next request when it has its answer."""
    command = [*prefix, PROGRAM, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", f"{_TIMEOUT}s"]
    for header in headers:
        command += ["-H", header]
    done = subprocess.run([*command, url], capture_output=True, text=True, check=True, timeout=seconds + 3 * _TIMEOUT)
    return read(done.stdout)


def read(text: str) -> Load:
    """The figures in wrk's output. Raises ValueError when they are not there."""
    rate, requests = _RATE.search(text), _REQUESTS.search(text)
    if rate is None or requests is None:
        raise ValueError(f"wrk printed no figures:\n{text}")
    errors, status = _ERRORS.search(text), _OTHER_STATUS.search(text)
    failed = sum(map(int, errors.groups())) if errors else 0
    return Load(
        rate=float(rate[1]),
        p50=_percentile(text, 50),
        p99=_percentile(text, 99),
        requests=int(requests[1]),
        failed=failed + (int(status[1]) if status else 0),
    )


def _percentile(text: str, percent: int) -> float:
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m) *$", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"wrk printed no {percent}th percentile:\n{text}")
    return float(found[1]) * _UNITS[found[2]]
