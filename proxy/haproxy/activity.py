"""Reads HAProxy's stick table: what is open of each app, how many visits there were, when the last began or ended."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

TABLE = "activity"
EXPIRE = 300
"""Seconds that an entry outlives its last visit."""
UNCOUNTED = "~"
"""Ends the name of the entry for an app's visits that do not count as use."""

_LINE = re.compile(r" key=(\S+) use=\d+ exp=(\d+) .*?conn_cur=(\d+) http_req_cnt=(\d+)")


class Row(NamedTuple):
    """One entry of the table."""

    open: int
    """Requests and upgraded connections under way."""
    requests: int
    """Since the entry was made."""
    age: float
    """Seconds since the last one began or ended."""


NOTHING = Row(0, 0, 0.0)


def read(text: str) -> dict[str, Row]:
    """The answer to `show table activity`, by key. Raises ValueError when it is none."""
    if not text.lstrip().startswith(f"# table: {TABLE},"):
        raise ValueError(f"not the table: {text.strip()[:200]!r}")
    return {
        key: Row(int(open_now), int(requests), EXPIRE - int(left) / 1000)
        for key, left, open_now, requests in _LINE.findall(text)
    }


def merge(tables: Iterable[Mapping[str, Row]]) -> dict[str, Row]:
    """One table of what several processes have counted: all that is open, and the last of all begins and ends."""
    merged: dict[str, Row] = {}
    for table in tables:
        for key, row in table.items():
            one = merged.get(key)
            both = one and Row(one.open + row.open, one.requests + row.requests, min(one.age, row.age))
            merged[key] = both or row
    return merged
