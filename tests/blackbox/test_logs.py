"""What apps write, followed: over sleeps, wakes and restarts of Torpor, by readers who are slow, and by many."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.blackbox import processes
from tests.blackbox.asking import wait
from tests.blackbox.following import Follower
from tests.blackbox.torpor_up import APPS, MARK, ROOT, Settings, Tell, Torpor, Up

READERS = 10
RATE = 10_000
"""Lines a second."""
SECONDS = 30.0


def writer(rate: float = 0, **more: Any) -> Settings:
    """The app, with room for all that a test has it write."""
    command = [sys.executable, str(APPS / "writer.py"), "{port}"]
    return {"log_bytes": 256 * 1024**2, "apps": {"writer": {"hosts": ["writer.localhost"], "command": command, **more}}}


@contextmanager
def logs(torpor: Torpor, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], Path, Path]]:
    """`torpor logs` for the length of the block, and the files that it writes to."""
    out, err = torpor.directory / "logs.out", torpor.directory / "logs.err"
    environment = {name: value for name, value in torpor.environment().items() if name != MARK}  # not what Torpor left
    with out.open("wb") as told, err.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "torpor.cli", "logs", *arguments],
            env={**environment, "TORPOR_API": torpor.api_url, "PYTHONPATH": str(ROOT)},
            stdout=told,
            stderr=said,
        )
    try:
        yield process, out, err
    finally:
        process.kill()
        process.wait()


def lines(out: Path) -> list[str]:
    """What has been told so far."""
    return [json.loads(line)["line"] for line in out.read_text().rpartition("\n")[0].splitlines()]


def numbers(out: Path) -> dict[str, list[int]]:
    """Those of the app's lines, by process."""
    found: dict[str, list[int]] = {}
    for line in lines(out):
        words = line.split()
        if words[0].isdecimal():
            found.setdefault(words[0], []).append(int(words[1]))
    return found


def test_every_line_is_told_once_over_sleeps_wakes_and_another_torpor(up: Up) -> None:
    settings = writer()
    settings["apps"]["writer"]["env"] = {"RATE": "200"}
    torpor = up(settings)
    with logs(torpor, "-f", "--json", "--tail", "0", "writer") as (reading, out, err):
        wait(lambda: "Traceback" not in err.read_text() and torpor.visit("writer").status == 200)
        for turn in (1, 2, 3):
            wait(lambda: len(numbers(out)) == turn and min(map(len, numbers(out).values())) > 50)  # noqa: B023 - now
            if turn < 3:
                torpor.sleep("writer")
                assert torpor.visit("writer").status == 200
        torpor.stop()
        wait(lambda: "asking again" in err.read_text())
        torpor.start()
        wait(lambda: "connected again" in err.read_text())
        assert torpor.visit("writer").status == 200
        wait(lambda: len(numbers(out)) == 4 and min(map(len, numbers(out).values())) > 50)
        reading.send_signal(signal.SIGINT)
        assert reading.wait(60) == 0
    told = list(numbers(out).values())
    assert [list(range(first[0], first[0] + len(first))) for first in told] == told
    assert [first[0] for first in told[1:]] == [0, 0, 0]
    assert sum(" started: " in line for line in lines(out)) >= 3


def test_who_does_not_read_loses_his_own_lines_is_told_how_many_and_costs_the_others_nothing(up: Up) -> None:
    torpor = up(writer(env={"WIDTH": "1000"}))
    assert torpor.visit("writer").status == 200
    with socket.create_connection(torpor.api) as slow, Follower(torpor.api, "writer") as quick:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        head = f"GET /v1/apps/writer/logs?follow=1&lines=0 HTTP/1.1\r\nHost: {torpor.api[0]}\r\n\r\n"
        slow.sendall(head.encode())
        slow.settimeout(60)
        assert b"200" in slow.recv(100)
        written = 0
        for _ in range(20):
            assert torpor.visit("writer", "/?lines=1000").status == 200
            written += 1_000
            wait(lambda: quick.count == written)  # noqa: B023 - now
        assert quick.lost == 0
        heard = b""
        while b" lines are missing here" not in heard:
            heard += slow.recv(1 << 16)
        assert heard.count(b"\n") < 15_000


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_ten_readers_of_ten_thousand_lines_a_second(up: Up, tell: Tell) -> None:
    settings = writer()
    settings["apps"]["writer"]["env"] = {"RATE": str(RATE)}
    torpor = up(settings)
    assert torpor.visit("writer").status == 200
    keeper = next(pid for pid in torpor.left() if "keeper" in processes.name(pid))
    with ExitStack() as stack:
        readers = [stack.enter_context(Follower(torpor.api, "writer")) for _ in range(READERS)]
        idle = cpu(torpor.process.pid)
        before, began = [reader.count for reader in readers], time.monotonic()
        scaler, kept, mine = cpu(torpor.process.pid), cpu(keeper), time.process_time()
        time.sleep(SECONDS)
        seconds = time.monotonic() - began
        scaler, kept = cpu(torpor.process.pid) - scaler, cpu(keeper) - kept
        counts = [reader.count - count for reader, count in zip(readers, before, strict=True)]
        latencies = sorted(late for reader in readers for late in reader.latencies)
        memory = processes.memory(torpor.process.pid)
        lost = sum(reader.lost for reader in readers)
    tell(
        f"{READERS} readers, {min(counts) / seconds:,.0f} to {max(counts) / seconds:,.0f} lines/s each, {lost} lost; "
        f"scaler {100 * scaler / seconds:.0f} % of a core, keeper {100 * kept / seconds:.0f} %, the readers "
        f"{100 * (time.process_time() - mine) / seconds:.0f} %; late by {1000 * latencies[len(latencies) // 2]:.0f} ms "
        f"(p50), {1000 * latencies[len(latencies) * 99 // 100]:.0f} ms (p99); scaler {memory / 2**20:.0f} MiB"
    )
    assert idle >= 0
    assert lost == 0
    for reader in readers:
        for told in reader.numbers.values():
            assert told == list(range(told[0], told[0] + len(told)))


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
