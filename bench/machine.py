"""The machine in general terms: enough to judge the figures by, nothing that names it."""

import os
import platform
from importlib.metadata import version
from typing import NamedTuple

from bench.contenders.contender import version_of
from bench.figures import MIB
from bench.loads import wrk
from torpor import __version__


class Machine(NamedTuple):
    """What the figures depend on."""

    cores: int
    memory_gib: float
    load: float
    """Load average over the last minute, before the benches began."""
    versions: dict[str, str]

    def __str__(self) -> str:
        programs = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return (
            f"{self.cores} cores, {self.memory_gib:.0f} GiB of memory; {programs}; load average {self.load:.1f} "
            "before the first bench"
        )


def describe() -> Machine:
    """This one, now."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    versions = {
        "Torpor": __version__,
        "Python": platform.python_version(),
        "mitmproxy": version("mitmproxy"),
        "HAProxy": version_of("haproxy", "-v"),
        "nginx": version_of("nginx", "-v"),
        "Caddy": version_of("caddy", "version"),
        "wrk": version_of(wrk.PROGRAM, "-v"),
        "Linux": version_of("uname", "-r"),
    }
    versions = {name: number for name, number in versions.items() if number}
    return Machine(len(os.sched_getaffinity(0)), pages * size / MIB / 1024, os.getloadavg()[0], versions)
