"""Which process runs on which core, as prefixes of its command: a proxy must not share a core with its load."""

import os
import shutil
from typing import NamedTuple


class Cores(NamedTuple):
    """Command prefixes; empty where there is one core only, or no taskset."""

    proxy: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def threads(self) -> int:
        """How many a proxy gets that has to be told."""
        return 1 if self.proxy else len(os.sched_getaffinity(0))

    def __str__(self) -> str:
        if not self.proxy:
            return "no process was bound to a core"
        return f"proxies were bound to core {self.proxy[-1]}, the loads and the backends to {self.others[-1]}"


def choose_cores() -> Cores:
    """The first core for the proxy, all others for whoever loads it and whoever is behind it."""
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2 or shutil.which("taskset") is None:
        return Cores((), ())
    first, *rest = available
    return Cores(("taskset", "-c", str(first)), ("taskset", "-c", ",".join(map(str, rest))))
