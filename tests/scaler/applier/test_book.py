"""What is known of sets and of the use of their apps, without asking anybody."""

from pathlib import Path

from scaler.applier.book import Book
from scaler.applier.members import Member
from scaler.applier.sets import SetId
from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.api.kinds import Kind
from tests.scaler.runtimes.kubernetes.realm import APP, Realm, reigning, town

SET = SetId("shop", "pr-1")
COUNTING = frozenset({"deployments.apps"})


def member(kind: Kind = kinds.DEPLOYMENTS, name: str = "web", *, ours: bool = True, deleting: bool = False) -> Member:
    return Member(kind, SET, name, "uid", "7", ours, deleting, 60.0, 1_000_000_000.0)


def book_of(realm: Realm, *members: Member) -> Book:
    book = Book(realm.scaler, realm.picture, COUNTING)
    book.seen(members)
    return book


async def test_a_sleeping_app_expires_by_its_last_access_or_by_when_it_was_applied(tmp_path: Path) -> None:
    server = town(replicas=0, phase="asleep", last_access="2020-01-01T00:00:00Z")
    async with reigning(server, tmp_path) as realm:
        book = book_of(realm, member(), member(kinds.SERVICES))
        end = book.expiry(SET)
        assert end is not None
        assert not end.waits
        assert abs(end.at - (1_577_836_800.0 + 60.0)) < 5.0
        assert book.expires_at(APP) is not None
        assert (book.apps(SET), book.expires_at("shop/other")) == ([APP], None)


async def test_an_app_that_is_awake_has_to_sleep_first(tmp_path: Path) -> None:
    async with reigning(town(replicas=1, idle_timeout="1h"), tmp_path) as realm:
        end = book_of(realm, member()).expiry(SET)
        assert end is not None
        assert end.waits


async def test_one_that_never_sleeps_need_not(tmp_path: Path) -> None:
    async with reigning(town(replicas=1, idle_timeout="0"), tmp_path) as realm:
        end = book_of(realm, member()).expiry(SET)
        assert end is not None
        assert not end.waits
        realm.scaler.proxies.missed = "p"
        doubted = book_of(realm, member()).expiry(SET)
        assert doubted is not None
        assert doubted.waits, "in doubt it stays"


async def test_one_that_nobody_measures_keeps_its_set(tmp_path: Path) -> None:
    async with reigning(town(), tmp_path) as realm:
        assert book_of(realm, member(name="unknown")).expiry(SET) is None


async def test_what_is_deleted_already_is_not_asked_about_but_its_mark_counts(tmp_path: Path) -> None:
    async with reigning(town(), tmp_path) as realm:
        here = [member(name="unknown"), member(kinds.SERVICES)]
        book = book_of(realm, *here)
        assert book.expiry_of(SET, here) is None
        assert book.expiry_of(SET, here[:1], []) is not None


async def test_only_what_is_ours_and_there_to_stay_is_of_a_set(tmp_path: Path) -> None:
    async with reigning(town(), tmp_path) as realm:
        book = book_of(realm, member(kinds.SERVICES), member(ours=False), member(deleting=True))
        assert [status.objects for status in book.statuses()] == [("services/web",)]
        book.seen([], SET)
        assert (book.all(), book.expires_at(APP)) == ([], None)
