"""How full HAProxy is: visitors' connections over all its workers, and how busy the one is that takes new ones."""

import re
from typing import NamedTuple

INFO = "show info"
STAT = "show stat visitors 1 -1"
"""Of the frontend that visitors come to."""

_IDLE = re.compile(r"^Idle_pct: (\d+)$", re.MULTILINE)


class Said(NamedTuple):
    """One worker's numbers."""

    connections: int
    busy: float
    """Part of its time, 0 to 1, over the last moments."""


def read(info: str, stat: str) -> Said:
    """The answers to INFO and STAT. Raises ValueError for others."""
    idle = _IDLE.search(info)
    rows = [line.split(",") for line in stat.strip().splitlines() if "," in line]
    if idle is None or len(rows) != 2 or "scur" not in rows[0] or len(rows[0]) != len(rows[1]):
        raise ValueError(f"not HAProxy's numbers: {info.strip()[:100]!r}, {stat.strip()[:100]!r}")
    return Said(int(rows[1][rows[0].index("scur")]), 1 - min(100, int(idle[1])) / 100)
