"""What the workers of HAProxy have counted, as the ledger hears it."""

from pathlib import Path

from proxy.haproxy.activity import Row
from proxy.haproxy.counts import Counts
from proxy.haproxy.process import HaproxyProcess
from proxy.haproxy.state import GenerationDirectory
from proxy.haproxy.worker import Worker
from proxy.ledger import Ledger
from proxy.table import AppTable
from torpor.link import AppView
from torpor.words import Phase

APPS = {"app": "app"}


class Books:
    """A ledger, and workers whose tables are made up."""

    def __init__(self, *, watched: bool = True) -> None:
        self.now = 1000.0
        self.ledger = Ledger(lambda: self.now)
        table = AppTable()
        table.change(AppView(id="app", phase=Phase.AWAKE, epoch=1))
        self.counts = Counts(table, self.ledger)
        life = HaproxyProcess(0, None, GenerationDirectory(Path("haproxy-1")))
        self.workers = [Worker(life, pid, watched=watched) for pid in (1, 2)]

    def look(self, *tables: dict[str, Row]) -> None:
        for worker, table in zip(self.workers, tables, strict=True):
            worker.rows = table
            self.counts.touch(worker, APPS)
        self.counts.settle(self.workers, APPS)
        self.counts.next_look()

    def fast(self) -> int:
        counts = self.ledger.report().counts
        return counts["app"].requests.get("fast forwarded", 0) if "app" in counts else 0


def test_what_is_open_is_the_sum_and_the_last_access_the_newest() -> None:
    books = Books()
    books.look({"app": Row(1, 3, 7.0)}, {"app": Row(2, 2, 4.0), "app~": Row(1, 1, 1.0)})
    work = books.ledger.work("app")
    assert (work.in_flight, work.busy, work.idle_for) == (3, 4, 4.0)


def test_each_request_counts_once_over_all_workers_and_looks() -> None:
    books = Books()
    books.look({"app": Row(0, 3, 0.0)}, {})
    assert books.fast() == 3
    books.look({"app": Row(0, 3, 0.0)}, {"app": Row(0, 2, 0.0)})
    assert books.fast() == 2
    books.look({}, {"app": Row(0, 4, 0.0)})
    assert books.fast() == 2


def test_what_was_counted_before_our_time_is_not_new() -> None:
    books = Books(watched=False)
    books.look({"app": Row(0, 50, 0.0)}, {})
    assert books.fast() == 0
    books.look({"app": Row(0, 51, 0.0)}, {"app": Row(0, 1, 0.0)})
    assert books.fast() == 2


def test_visits_that_asked_the_doorman_are_his_to_count() -> None:
    books = Books()
    books.counts.asked("app")
    books.look({"app": Row(0, 3, 0.0)}, {})
    assert books.fast() == 2


def test_visits_that_asked_and_that_no_table_has_do_not_hide_others_for_long() -> None:
    books = Books()
    for _ in range(5):
        books.counts.asked("app")
    books.look({}, {})
    books.look({}, {})
    books.look({"app": Row(0, 3, 0.0)}, {})
    assert books.fast() == 3


def test_the_end_of_what_a_replaced_worker_has_forgotten_is_use() -> None:
    books = Books()
    books.look({"app": Row(1, 1, 200.0)}, {})
    assert books.ledger.work("app").idle_for == 200.0
    books.workers[0].rows = {}
    books.workers[0].ended = {"app"}
    books.look({}, {})
    work = books.ledger.work("app")
    assert (work.in_flight, work.idle_for) == (0, 0.0)


def test_a_worker_that_is_gone_has_nothing_open() -> None:
    books = Books()
    books.look({"app": Row(1, 1, 200.0)}, {})
    worker = books.workers[0]
    worker.is_gone()
    assert (worker.rows, worker.ended) == ({}, {"app"})
