"""Brings what HAProxy's workers count into the ledger: what is open is their sum, and each request counts once."""

from collections import Counter
from collections.abc import Collection, Mapping

from proxy.haproxy import activity
from proxy.haproxy.activity import NOTHING, UNCOUNTED
from proxy.haproxy.maps import key_of
from proxy.haproxy.worker import Worker
from proxy.ledger import Ledger
from proxy.table import AppTable
from torpor.words import AppId


class Counts:
    """What the ledger was told of HAProxy's own counts."""

    def __init__(self, table: AppTable, ledger: Ledger) -> None:
        self._table = table
        self._ledger = ledger
        self._asked: Counter[AppId] = Counter()
        self._asked_before: Counter[AppId] = Counter()
        """Before the tables are read: who is not in them then is in none."""
        self._told: set[AppId] = set()
        """Apps that some worker had in its table."""

    def asked(self, app: AppId) -> None:
        """A visit to this app asks the doorman, who counts it."""
        self._asked[app] += 1

    def touch(self, worker: Worker, apps: Mapping[str, AppId]) -> None:
        """Take down that something of these apps has ended just now."""
        ended, worker.ended = worker.ended, set()
        for key in ended:
            if (app := apps.get(key)) is not None and self._table.get(app):
                self._ledger.touch(app)

    def next_look(self) -> None:
        """The tables are read once more, after this."""
        self._asked, self._asked_before = Counter(), self._asked

    def settle(self, workers: Collection[Worker], apps: Mapping[str, AppId]) -> None:
        """Take down what the workers said last; `apps` by their names in HAProxy."""
        rows = activity.merge(worker.rows for worker in workers)
        present = {apps.get(key.removesuffix(UNCOUNTED)) for key in rows} - {None}
        now = self._ledger.now()
        told = set()
        for app in present | self._told:
            assert app is not None  # noqa: S101 - for the type checker: taken out above
            name = key_of(app)
            counted, other = rows.get(name, NOTHING), rows.get(name + UNCOUNTED, NOTHING)
            self._ledger.observe(
                app,
                in_flight=counted.open,
                busy=counted.open + other.open,
                last_access=now - counted.age if name in rows and self._table.get(app) else None,
            )
            if name in rows or name + UNCOUNTED in rows:
                told.add(app)
        self._told = told
        for worker in workers:
            self._count(worker, apps)

    def _count(self, worker: Worker, apps: Mapping[str, AppId]) -> None:
        """Visits that passed on the fast lane: those counted by HAProxy, less those the doorman was asked about."""
        requests: Counter[AppId] = Counter()
        for key, row in worker.rows.items():
            if (app := apps.get(key.removesuffix(UNCOUNTED))) is not None:
                requests[app] += row.requests
        seen, worker.seen = worker.seen, requests
        if seen is None:
            return
        for app, number in requests.items():
            before = seen.get(app, 0)
            new = number - before if number >= before else number  # the entry was made anew
            for asked in (self._asked_before, self._asked):
                known = min(asked[app], new)
                asked[app] -= known
                new -= known
            if new:
                self._ledger.count(app, "fast forwarded", new)
