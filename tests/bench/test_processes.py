"""What is read of processes."""

import resource
import subprocess
import sys
from subprocess import PIPE

import pytest

from bench.processes import cpu_seconds

WORK = "import sys, time\nwhile time.process_time() < 0.05: pass\nprint(flush=True); sys.stdin.read()"


def test_cpu_time_is_that_of_another_process_and_finer_than_a_tick() -> None:
    with subprocess.Popen([sys.executable, "-c", WORK], stdin=PIPE, stdout=PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        told = cpu_seconds(process.pid)
        process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert 0.05 <= told <= after.ru_utime + after.ru_stime
    assert told * 100 % 1 != 0


def test_a_process_that_is_gone_has_none() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with pytest.raises(OSError, match="Invalid argument"):
        cpu_seconds(process.pid)
